// A PostgreSQL cluster of a test's own: made with initdb in a scratch folder, reached over a Unix socket, with fsync,
// gone with the value or with the process. As root it runs as the user postgres. A machine without PostgreSQL's server
// programs fails the test that asks; INTENTGATE_TEST_PG_BIN names their folder where it is not Debian's.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "support/scratch_folder.h"

namespace intentgate::test {

// Thread-compatible. Start, Stop and Kill belong on the main thread: the server ends with the thread that started it.
class PostgresServer {
 public:
  // A new cluster, running, in `folder` or in one of its own. `settings` are lines of postgresql.conf as "name=value",
  // `environment` what its processes get besides this process's variables.
  static std::unique_ptr<PostgresServer> Make(const std::vector<std::string>& settings = {},
                                              std::shared_ptr<ScratchFolder> folder = nullptr,
                                              std::vector<std::string> environment = {});
  // One that streams from `primary` under this name, which synchronous_standby_names may hold.
  static std::unique_ptr<PostgresServer> MakeStandby(PostgresServer& primary, const std::string& name);
  // The one that the tests of a process share.
  static PostgresServer& Shared();

  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;   // owns the process
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Waits until the server answers.
  void Start();
  // kill -9 of the postmaster; returns when it is gone.
  void Kill();
  // A clean stop that disconnects everybody.
  void Stop();
  // Starts it again if it has ended by itself.
  void Revive();
  // Makes a standby a primary; returns when it takes writes.
  void Promote();

  // As the role `user`; "gate" is superuser.
  std::string Url(const std::string& user = "gate") const;
  const std::string& socket_folder() const { return socket_folder_; }
  int port() const { return port_; }
  std::string FreshSchema();
  // Runs statements; gives back the first column of the first row, "" without rows. Fails the test on an error.
  std::string Sql(const std::string& statements);
  // What the server wrote to its log so far.
  std::string Log() const;

 private:
  PostgresServer(std::shared_ptr<ScratchFolder> folder, std::string data, int port);
  std::shared_ptr<ScratchFolder> folder_;   // of the cluster and its standbys
  std::string socket_folder_, data_;
  std::vector<std::string> environment_;
  int port_;
  pid_t pid_ = -1;
  int schemas_ = 0;
};

}  // namespace intentgate::test
