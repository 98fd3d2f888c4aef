#include "app/serve.h"

#include <csignal>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <intentgate/evidence.h>
#include <intentgate/gate.h>
#include <intentgate/policy.h>
#include <intentgate/settings.h>

#include "app/service.h"
#include "cli/cli.h"
#include "config/server_settings.h"
#include "net/tls.h"

namespace intentgate::app {
namespace {

constexpr std::streamsize kMaxConfigBytes = 1 << 20;

struct Loaded {
  config::ServerSettings server;
  GateSettings gate;
  std::vector<SettingsProblem> problems;
};

Result<std::string> ReadConfig(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, "cannot read " + path + "; give another file with --config"};
  std::string text(static_cast<std::size_t>(kMaxConfigBytes) + 1, '\0');
  file.read(text.data(), kMaxConfigBytes + 1);
  if (file.gcount() > kMaxConfigBytes) return Error{ErrorCode::kLimitExceeded, path + " is larger than 1 MiB"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// A flag for one of the gate's settings stands in for its environment variable; the server's are left in `flags`.
// Returns what each such variable is called in messages.
std::map<std::string, std::string> MoveGateFlags(std::map<std::string, std::string>& flags,
                                                 std::map<std::string, std::string>& environment,
                                                 std::vector<SettingsProblem>& problems) {
  std::map<std::string, std::string> named;
  for (const SettingReference& row : SettingsReference()) {
    const auto flag = flags.extract(row.path);
    if (flag.empty()) continue;
    if (row.environment.empty()) {
      problems.push_back({"--set " + row.path, "cannot be given as a flag; write it into the configuration file"});
    } else {
      environment[row.environment] = flag.mapped();
      named[row.environment] = "--set " + row.path;
    }
  }
  return named;
}

Loaded LoadAll(const ServeOptions& options, const std::string& yaml) {
  Loaded loaded;
  std::map<std::string, std::string> flags = options.overrides;
  std::map<std::string, std::string> environment = config::WithoutServerNames(options.environment);
  std::vector<SettingsProblem> misplaced;
  const std::map<std::string, std::string> named = MoveGateFlags(flags, environment, misplaced);
  config::ServerSettingsLoad server =
      config::LoadServerSettings({yaml, options.config, options.environment, flags}, config::ReadSecretFile);
  loaded.server = std::move(server.settings);
  loaded.problems = std::move(server.problems);
  loaded.problems.insert(loaded.problems.end(), misplaced.begin(), misplaced.end());
  if (server.yaml_unreadable) return loaded;
  SettingsLoad gate = LoadGateSettings(yaml, options.config, environment);
  for (SettingsProblem& problem : gate.problems) {
    if (const auto flag = named.find(problem.where); flag != named.end()) problem.where = flag->second;
  }
  loaded.gate = std::move(gate.settings);
  loaded.problems.insert(loaded.problems.end(), gate.problems.begin(), gate.problems.end());
  return loaded;
}

// What shows only when the named files are used: a policy that does not compile, a certificate without its key.
void CheckNamedFiles(Loaded& loaded) {
  if (!loaded.gate.policy_sources.empty()) {
    const policy::CompileOutcome compiled = CompileSettingsPolicy(loaded.gate);
    for (const rego::Diagnostic& finding : compiled.diagnostics) {
      if (!compiled.ok()) loaded.problems.push_back({"policy.files", finding.ToString()});
    }
  }
  for (const auto& [setting, path] : {std::pair{"audit.signing.key_file", &loaded.gate.signing_key_file},
                                      std::pair{"audit.signing.previous_key_file", &loaded.gate.signing_previous_key_file},
                                      std::pair{"audit.signing.time_key_file", &loaded.gate.signing_time_key_file}}) {
    if (path->empty()) continue;
    if (const Result<std::string> key = ReadVerifierKey(*path); !key.ok()) loaded.problems.push_back({setting, key.error().message});
  }
  if (!loaded.server.tls_certificate.empty() && !loaded.server.tls_key.empty()) {
    const auto tls = net::TlsContext::ForServer(loaded.server.tls_certificate, loaded.server.tls_key);
    if (!tls.ok()) loaded.problems.push_back({"tls", tls.error().message});
  }
  const std::vector<SettingsProblem> unusable = app::CheckFiles(loaded.server);
  loaded.problems.insert(loaded.problems.end(), unusable.begin(), unusable.end());
}

int ReportProblems(const std::vector<SettingsProblem>& problems) {
  for (const SettingsProblem& problem : problems) std::cerr << problem.where << ": " << problem.message << "\n";
  std::cerr << problems.size() << (problems.size() == 1 ? " mistake" : " mistakes")
            << " in the configuration; nothing was started\n";
  return cli::kExitNo;
}

int CannotStart(const Error& error) {
  std::cerr << "intentgate cannot start: " << error.message << "\n";
  return cli::kExitIo;
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// From here on a stop signal has its usual effect: the process ends.
void RestoreSignals(const sigset_t& signals) {
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

std::string Places(const config::ServerSettings& settings) {
  std::string places;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) {
    places += (places.empty() ? "" : ", ") + (upstream->command.empty() ? upstream->url_text : "the program " + upstream->command.front());
  }
  return places;
}

void Greet(const Service& service, const config::ServerSettings& settings, const Gate& gate, const std::string& scheme) {
  std::cerr << "intentgate listens at " << scheme << "://" << service.address() << "/v1/mcp\n"
            << "in front of " << Places(settings) << "\n"
            << gate.Describe() << "\n";
  if (settings.admin_keys.empty()) {
    std::cerr << "The admin API is off; set admin.token_file or INTENTGATE_ADMIN_TOKEN to switch it on.\n";
  }
}

int Serve(const ServeOptions& options, Loaded loaded) {
  const sigset_t signals = StopSignals();
  // Before any thread starts, so that all of them inherit it and the signals wait for sigwait below.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const auto log = std::make_shared<const telemetry::Logger>(telemetry::Logger::ToStdout(loaded.server.log_level));
  Result<std::shared_ptr<Gate>> gate = Gate::Open(loaded.gate);
  if (!gate.ok()) return CannotStart(gate.error());
  const std::string scheme = loaded.server.tls_certificate.empty() ? "http" : "https";
  config::ServerSettings shown;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(loaded.server)) {
    config::UpstreamSettings& one = shown.upstreams.emplace_back();
    one.url_text = upstream->url_text;
    one.command = upstream->command;
  }
  shown.admin_keys = loaded.server.admin_keys;
  Result<std::unique_ptr<Service>> service =
      Service::Start({.settings = std::move(loaded.server), .gate = *gate, .log = log, .version = options.version});
  if (!service.ok()) return CannotStart(service.error());
  Greet(**service, shown, **gate, scheme);
  log->Info("listening", {{"address", (*service)->address()}, {"version", options.version}, {"gate", (*gate)->Describe()}});

  int signal = 0;
  sigwait(&signals, &signal);
  RestoreSignals(signals);
  std::cerr << "Stopping: calls in flight are finished; a second signal ends at once.\n";
  const Status flushed = (*service)->Stop();
  if (!flushed.ok()) {
    log->Error("the chain could not be flushed", {{"detail", flushed.error().ToString()}});
    return cli::kExitIo;
  }
  log->Info("stopped");
  return cli::kExitOk;
}

}  // namespace

std::map<std::string, std::string> ReadEnvironment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

int RunServe(const ServeOptions& options) {
  const Result<std::string> yaml = ReadConfig(options.config);
  if (!yaml.ok()) return CannotStart(yaml.error());
  Loaded loaded = LoadAll(options, *yaml);
  CheckNamedFiles(loaded);
  if (!loaded.problems.empty()) return ReportProblems(loaded.problems);
  if (options.check) {
    std::cerr << "configuration is good\n";
    return cli::kExitOk;
  }
  return Serve(options, std::move(loaded));
}

}  // namespace intentgate::app
