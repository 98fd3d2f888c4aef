// `intentgate serve`: settings, start, signals, stop.
#pragma once

#include <map>
#include <string>

namespace intentgate::app {

struct ServeOptions {
  std::string config;                            // path of the YAML file; empty: none
  std::map<std::string, std::string> overrides;  // setting path -> text, from flags
  std::map<std::string, std::string> environment;
  bool check = false;                            // report every mistake, start nothing
  std::string version;
};

// Serves until SIGTERM or SIGINT; a second one ends the process at once. Messages for people go to standard
// error, log lines to standard output. Returns the exit code: 0 done, 1 the configuration has mistakes,
// 74 the gateway could not start or could not flush the chain.
int RunServe(const ServeOptions& options);

// The process's environment.
std::map<std::string, std::string> ReadEnvironment();

}  // namespace intentgate::app
