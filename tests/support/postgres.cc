#include "support/postgres.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

namespace intentgate::test {
namespace {

constexpr int kFirstPort = 5432;
constexpr auto kPatience = std::chrono::seconds(60);

using Command = std::vector<std::string>;

// The folder of initdb and postgres, the newest of Debian's.
std::string ProgramFolder() {
  if (const char* named = std::getenv("INTENTGATE_TEST_PG_BIN")) return named;
  std::vector<std::pair<int, std::string>> found;
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    const std::filesystem::path folder = version.path() / "bin";
    if (std::filesystem::exists(folder / "initdb")) {
      found.emplace_back(std::atoi(version.path().filename().c_str()), folder.string());
    }
  }
  if (found.empty()) FAIL("no PostgreSQL server programs; install the package postgresql or set INTENTGATE_TEST_PG_BIN");
  return std::max_element(found.begin(), found.end())->second;
}

// PostgreSQL does not run as root.
const passwd* Unprivileged() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  return user != nullptr ? user : ::getpwnam("nobody");
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  return pointers;
}

// Runs in the child: ends with the test that started it.
[[noreturn]] void Become(const Command& command, const passwd* user, const std::string& log,
                         const std::vector<std::string>& environment) {
  if (user != nullptr && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  std::vector<char*> arguments = Pointers(command), variables = Pointers(environment);
  for (char** variable = ::environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  if (::chdir("/") != 0) ::_exit(125);
  ::execve(arguments[0], arguments.data(), variables.data());
  ::_exit(127);
}

pid_t Spawn(const Command& command, const std::string& log, const std::vector<std::string>& environment = {}) {
  const passwd* user = Unprivileged();
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) Become(command, user, log, environment);
  return pid;
}

void RunToEnd(const Command& command, const std::string& log) {
  const pid_t pid = Spawn(command, log);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  if (status == 0) return;
  std::ifstream said(log);
  FAIL(command[0] << " failed: " << std::string(std::istreambuf_iterator<char>(said), {}));
}

void Pause() { ::poll(nullptr, 0, 10); }

}  // namespace

PostgresServer::PostgresServer(std::shared_ptr<ScratchFolder> folder, std::string data, int port)
    : folder_(std::move(folder)), socket_folder_(folder_->File("")), data_(std::move(data)), port_(port) {
  if (socket_folder_.ends_with('/')) socket_folder_.pop_back();
}

std::unique_ptr<PostgresServer> PostgresServer::Make(const std::vector<std::string>& settings,
                                                     std::shared_ptr<ScratchFolder> folder,
                                                     std::vector<std::string> environment) {
  if (!folder) folder = std::make_shared<ScratchFolder>();
  std::unique_ptr<PostgresServer> server(new PostgresServer(folder, folder->File("data"), kFirstPort));
  server->environment_ = std::move(environment);
  if (const passwd* user = Unprivileged()) {
    REQUIRE(::chown(server->socket_folder_.c_str(), user->pw_uid, user->pw_gid) == 0);
  }
  RunToEnd({ProgramFolder() + "/initdb", "-D", server->data_, "-U", "gate", "-A", "trust", "-E", "UTF8", "--locale=C",
            "--no-sync"},
           folder->File("log"));
  std::ofstream(server->data_ + "/pg_hba.conf") << "local all secured scram-sha-256\nlocal all all trust\n"
                                                   "local replication all trust\n";
  std::ofstream conf(server->data_ + "/postgresql.conf", std::ios::app);
  conf << "listen_addresses = ''\nunix_socket_directories = '" << server->socket_folder_
       << "'\nfsync = on\nfull_page_writes = on\nmax_connections = 60\nshared_buffers = 64MB\n"
          "lc_messages = 'C'\nmax_wal_senders = 4\nwal_level = replica\n";
  for (const std::string& setting : settings) conf << setting << "\n";
  conf.close();
  server->Start();
  return server;
}

std::unique_ptr<PostgresServer> PostgresServer::MakeStandby(PostgresServer& primary, const std::string& name) {
  std::unique_ptr<PostgresServer> server(
      new PostgresServer(primary.folder_, primary.folder_->File(name), primary.port_ + 1));
  RunToEnd({ProgramFolder() + "/pg_basebackup", "-D", server->data_, "-R", "-X", "stream", "-c", "fast", "-d",
            primary.Url() + " application_name=" + name},
           primary.folder_->File("log"));
  server->Start();
  return server;
}

PostgresServer& PostgresServer::Shared() {
  static const std::unique_ptr<PostgresServer> server = Make();
  return *server;
}

PostgresServer::~PostgresServer() { Stop(); }

void PostgresServer::Start() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (pid_ < 0) {
    pid_ = Spawn({ProgramFolder() + "/postgres", "-D", data_, "-p", std::to_string(port_)}, folder_->File("log"),
                 environment_);
    while (PQping(Url().c_str()) != PQPING_OK) {
      // Ends at once while processes of a killed one are still there.
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        Pause();
        break;
      }
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      Pause();
    }
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
}

void PostgresServer::Kill() {
  REQUIRE(pid_ > 0);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void PostgresServer::Stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGINT);   // PostgreSQL's "fast" stop
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void PostgresServer::Revive() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  Start();
}

std::string PostgresServer::Log() const {
  std::ifstream file(folder_->File("log"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void PostgresServer::Promote() {
  // A statement that waits for the promotion holds a snapshot, and the replay that must end first may wait for it.
  REQUIRE(Sql("SELECT pg_promote(false)") == "t");
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (Sql("SELECT pg_is_in_recovery()") != "f") {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    Pause();
  }
}

std::string PostgresServer::Url(const std::string& user) const {
  return "host=" + socket_folder_ + " port=" + std::to_string(port_) + " user=" + user + " dbname=postgres";
}

std::string PostgresServer::FreshSchema() { return "schema_" + std::to_string(++schemas_); }

std::string PostgresServer::Sql(const std::string& statements) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> session(PQconnectdb(Url().c_str()), &PQfinish);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(session.get(), statements.c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) FAIL(std::string(PQerrorMessage(session.get())));
  return PQntuples(result.get()) == 0 ? std::string() : std::string(PQgetvalue(result.get(), 0, 0));
}

}  // namespace intentgate::test
