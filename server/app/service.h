// The running gateway: joins the gate, the MCP endpoint, the admin API and the HTTP server. The composition
// root; nothing includes it but main and tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/gate.h>
#include <intentgate/result.h>
#include <intentgate/settings.h>

#include "base/http_fetch.h"
#include "config/server_settings.h"
#include "telemetry/log.h"

namespace intentgate::app {

struct ServiceParts {
  config::ServerSettings settings;
  std::shared_ptr<Gate> gate;
  std::shared_ptr<const telemetry::Logger> log;
  std::shared_ptr<const Clock> clock = SystemClock();
  std::string version;
  std::shared_ptr<base::HttpFetcher> fetcher = nullptr;  // for what OAuth asks of others; null: libcurl's
};

// What shows only when the named files are read: pins, keys and authorities that Start would refuse. Reads them and keeps nothing.
std::vector<SettingsProblem> CheckFiles(const config::ServerSettings& settings);

// Thread-compatible.
class Service {
 public:
  // Listens when it returns. Errors name the setting that stands in the way.
  static Result<std::unique_ptr<Service>> Start(ServiceParts parts);
  // Stops.
  ~Service();
  Service(const Service&) = delete;  // owns threads and sockets
  Service& operator=(const Service&) = delete;

  // "127.0.0.1:8080", with the port that was taken.
  const std::string& address() const;
  // Accepts no more, lets calls in flight finish within limits.drain_ms, then flushes the chain. Idempotent.
  // The error, if any, is the flush's.
  Status Stop();

 private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace intentgate::app
