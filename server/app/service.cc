#include "app/service.h"

#include <algorithm>
#include <array>
#include <future>
#include <set>
#include <thread>
#include <utility>

#include <intentgate/evidence.h>

#include "admin/admin_api.h"
#include "admin/workers.h"
#include "app/pin_book.h"
#include "fetch/curl_fetcher.h"
#include "http/server.h"
#include "mcp/endpoint.h"
#include "mcp/pin_files.h"
#include "mcp/stdio_upstream.h"
#include "net/loop.h"
#include "net/tls.h"
#include "oauth/exchanged_tokens.h"
#include "oauth/door.h"
#include "oauth/token_endpoint.h"

namespace intentgate::app {
namespace {

constexpr std::size_t kAdminThreads = 2;  // of each kind

http::ServerOptions HttpOptions(const ServiceParts& parts, const config::ServerLimits& limits) {
  http::ServerOptions options;
  options.limits.body = static_cast<std::size_t>(limits.max_body_bytes);
  options.limits.head = static_cast<std::size_t>(limits.max_header_bytes);
  options.limits.header_count = static_cast<std::size_t>(limits.max_header_fields);
  options.max_connections = static_cast<std::size_t>(limits.max_connections);
  options.max_connections_per_address = static_cast<std::size_t>(limits.max_connections_per_address);
  options.write_timeout = net::Millis(limits.write_timeout_ms);
  options.head_timeout = net::Millis(limits.header_timeout_ms);
  options.body_timeout = net::Millis(limits.header_timeout_ms);
  options.idle_timeout = net::Millis(limits.idle_timeout_ms);
  options.clock = parts.clock;
  return options;
}

Result<std::shared_ptr<const net::TlsContext>> ServerTls(const config::ServerSettings& settings) {
  if (settings.tls_certificate.empty()) return std::shared_ptr<const net::TlsContext>();
  return net::TlsContext::ForServer(settings.tls_certificate, settings.tls_key);
}

using TlsOfEach = std::vector<std::shared_ptr<const net::TlsContext>>;

Result<TlsOfEach> UpstreamTls(const config::ServerSettings& settings) {
  TlsOfEach all;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) {
    if (!upstream->url.tls) {
      all.push_back(nullptr);
      continue;
    }
    auto made = net::TlsContext::ForClient(upstream->ca_file);
    if (!made.ok()) return Error{made.error().code, "ca_file of the upstream " + upstream->name + ": " + made.error().message};
    all.push_back(std::move(*made));
  }
  return all;
}

// Null without a key: ids of sessions and tasks are good at the gateway that gave them out. `Sealed` is SealedSessions or SealedTasks.
template <typename Sealed>
auto MakeSealed(const config::ServerSettings& settings, const ServiceParts& parts) -> decltype(Sealed::Create({}, {}, 0, nullptr, nullptr)) {
  if (settings.session_keys.empty()) return {nullptr};
  std::vector<std::string> names;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) names.push_back(upstream->name);
  return Sealed::Create(settings.session_keys, std::move(names), settings.session_lifetime_seconds, parts.clock, SystemRandom());
}

// libcurl takes a file without any certificate, and would then trust nobody.
Status CheckAuthorities(const config::ServerSettings& settings) {
  if (settings.oauth.ca_file.empty()) return {};
  const auto made = net::TlsContext::ForClient(settings.oauth.ca_file);
  return made.ok() ? Status() : Status(made.error());
}

Result<std::shared_ptr<base::HttpFetcher>> MakeFetcher(const ServiceParts& parts, const config::ServerSettings& settings) {
  if (parts.fetcher != nullptr) return parts.fetcher;
  if (const Status good = CheckAuthorities(settings); !good.ok()) return Error{good.error().code, "oauth.ca_file: " + good.error().message};
  fetch::CurlOptions options;
  options.ca_file = settings.oauth.ca_file;
  Result<std::shared_ptr<fetch::CurlFetcher>> made = fetch::CurlFetcher::Create(options);
  if (!made.ok()) return Error{made.error().code, "oauth.ca_file: " + made.error().message};
  return std::shared_ptr<base::HttpFetcher>(*std::move(made));
}

using TokensOfEach = std::vector<std::shared_ptr<oauth::UpstreamTokens>>;

Result<std::shared_ptr<oauth::UpstreamTokens>> MakeTokens(const config::UpstreamSettings& upstream, const std::shared_ptr<base::HttpFetcher>& fetcher,
                                                          const std::shared_ptr<const Clock>& clock) {
  const auto failed = [&upstream](const Error& error) { return Error{error.code, "the upstream " + upstream.name + ": " + error.message}; };
  if (upstream.oauth.exchange) {
    auto made = oauth::ExchangedTokens::Create(upstream, fetcher, clock, SystemRandom());
    if (!made.ok()) return failed(made.error());
    return std::shared_ptr<oauth::UpstreamTokens>(*std::move(made));
  }
  auto made = oauth::ClientTokens::Create(upstream, fetcher, clock, SystemRandom());
  if (!made.ok()) return failed(made.error());
  return std::shared_ptr<oauth::UpstreamTokens>(*std::move(made));
}

Result<TokensOfEach> MakeUpstreamTokens(const config::ServerSettings& settings, const std::shared_ptr<base::HttpFetcher>& fetcher,
                                        const std::shared_ptr<const Clock>& clock) {
  TokensOfEach all;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) {
    if (upstream->oauth.token_url.empty()) {
      all.push_back(nullptr);
      continue;
    }
    auto made = MakeTokens(*upstream, fetcher, clock);
    if (!made.ok()) return made.error();
    all.push_back(*std::move(made));
  }
  return all;
}

using PinsOfEach = std::vector<std::shared_ptr<const mcp::ToolPins>>;

Result<PinsOfEach> ReadPins(const config::ServerSettings& settings) {
  PinsOfEach all;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) {
    const std::string& file = mcp::PinFileOf(settings, *upstream);
    if (file.empty()) {
      all.push_back(nullptr);
      continue;
    }
    Result<mcp::ToolPins> pins = mcp::ToolPins::Read(file);
    const std::string where = upstream->tool_pins.empty() ? "mcp.tool_pins: " : "tool_pins of the upstream " + upstream->name + ": ";
    if (!pins.ok()) return Error{pins.error().code, where + pins.error().message};
    all.push_back(std::make_shared<const mcp::ToolPins>(std::move(*pins)));
  }
  return all;
}

std::shared_ptr<mcp::Directory> MakeDirectory(const config::ServerSettings& settings, std::shared_ptr<const telemetry::Logger> log) {
  std::vector<mcp::Directory::Place> places;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) places.push_back({upstream->name, upstream->prefix});
  return std::make_shared<mcp::Directory>(std::move(places), [log](const mcp::Directory::Collision& one) {
    log->Error("two upstreams offer the same name; where its upstream is not certain it is hidden and refused. Give one of them another upstreams[].prefix",
               {{"name", one.name}, {"first", one.first}, {"second", one.second}});
  });
}

// An event in the chain, and a line that an operator who accepts the definition can put into the file.
mcp::Catalogue::Unaccepted Quarantine(std::shared_ptr<Gate> gate, std::shared_ptr<const telemetry::Logger> log) {
  return [gate, log](const std::string& tool, const std::string& digest, bool several) {
    if (several) {
      log->Warn("a list has several definitions of a tool; the tool is in quarantine until it has one", {{"tool", tool}, {"one", digest}});
      return gate->RecordRefusedRequest({.token = {}, .tool = tool, .method = "tools/list"},
                                        "the list has several definitions of the tool, the tool is in quarantine: " + digest);
    }
    log->Warn("a tool's definition is not accepted; the tool is in quarantine", {{"tool", tool}, {"pin", digest + " " + tool}});
    gate->RecordRefusedRequest({.token = {}, .tool = tool, .method = "tools/list"},
                               "the tool's definition is not accepted, the tool is in quarantine: " + digest);
  };
}

using HealthOfEach = std::vector<std::shared_ptr<mcp::UpstreamHealth>>;

HealthOfEach MakeHealth(const config::ServerSettings& settings, const std::shared_ptr<const Clock>& clock,
                        const std::shared_ptr<telemetry::GatewayMetrics>& metrics) {
  HealthOfEach all;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) {
    // The counters live as long as the metrics, which outlive the endpoint.
    const auto turned = [counters = metrics->AddUpstream(upstream->name)](mcp::UpstreamHealth::Turned why) {
      const auto& [resting, full] = counters;
      (why == mcp::UpstreamHealth::Turned::kResting ? resting : full)->Add();
    };
    all.push_back(std::make_shared<mcp::UpstreamHealth>(*upstream, clock, turned));
  }
  metrics->FollowUpstreams([all] {
    std::vector<telemetry::GatewayMetrics::UpstreamRow> rows;
    for (const auto& one : all) rows.push_back({one->name, static_cast<double>(one->in_progress()), one->resting()});
    return rows;
  });
  return all;
}

// All of them on the first loop: what they say is passed on to the others.
std::vector<std::shared_ptr<mcp::StdioServer>> MakePrograms(const config::ServerSettings& settings, net::Loop& loop, const ServiceParts& parts) {
  std::vector<std::shared_ptr<mcp::StdioServer>> all;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) {
    all.push_back(upstream->command.empty()
                      ? nullptr
                      : std::make_shared<mcp::StdioServer>(loop, *upstream, mcp::StdioEnvironment(*upstream),
                                                           static_cast<std::size_t>(settings.limits.max_answer_bytes), parts.version, parts.log));
  }
  return all;
}

std::vector<telemetry::RouteName> AllRoutes() {
  std::vector<telemetry::RouteName> routes = mcp::RouteNames();
  const auto& admin = admin::RouteNames();
  routes.insert(routes.end(), admin.begin(), admin.end());
  return routes;
}

std::size_t ThreadCount(const config::ServerSettings& settings) {
  if (settings.threads > 0) return static_cast<std::size_t>(settings.threads);
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

// The mistakes of one upstream's own files. `pins`: the files of pins that were read already.
void CheckUpstreamFiles(const config::ServerSettings& settings, const config::UpstreamSettings& upstream, std::set<std::string>& pins,
                        std::vector<SettingsProblem>& problems) {
  const auto report = [&](std::string_view setting, const Error& error) { problems.push_back({"upstream." + std::string(setting) + " (" + upstream.name + ")", error.message}); };
  if (upstream.url.tls) {
    if (const auto made = net::TlsContext::ForClient(upstream.ca_file); !made.ok()) report("ca_file", made.error());
  }
  for (const auto& [setting, key] : {std::pair{"oauth_client_key_file", &upstream.oauth.client_key}, std::pair{"oauth_assertion_key_file", &upstream.oauth.assertion_key}}) {
    if (key->empty()) continue;
    if (const auto read = oauth::ReadSigningKey(*key); !read.ok()) report(setting, read.error());
  }
  const std::string& file = mcp::PinFileOf(settings, upstream);
  if (file.empty() || !pins.insert(file).second) return;
  const Result<mcp::ToolPins> read = mcp::ToolPins::Read(file);
  if (read.ok()) return;
  if (upstream.tool_pins.empty()) problems.push_back({"mcp.tool_pins", read.error().message});
  else report("tool_pins", read.error());
}

}  // namespace

std::vector<SettingsProblem> CheckFiles(const config::ServerSettings& settings) {
  std::vector<SettingsProblem> problems;
  std::set<std::string> pins;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(settings)) CheckUpstreamFiles(settings, *upstream, pins, problems);
  if (const Status good = CheckAuthorities(settings); !good.ok()) problems.push_back({"oauth.ca_file", good.error().message});
  return problems;
}

// Members in the order of their making; what is below may use what is above.
struct Service::Impl {
  std::shared_ptr<Gate> gate;
  std::shared_ptr<const config::ServerSettings> settings;
  std::unique_ptr<net::LoopPool> pool;
  std::shared_ptr<telemetry::GatewayMetrics> metrics;
  std::vector<std::shared_ptr<admin::Workers>> workers;
  std::shared_ptr<http::Router> router;
  std::shared_ptr<mcp::Endpoint> endpoint;
  std::unique_ptr<http::Server> server;
  bool stopped = false;

  Status Begin(ServiceParts parts);
  void AddAdmin(const ServiceParts& parts, std::shared_ptr<mcp::Catalogue> catalogue);
  Status Stop();
};

void Service::Impl::AddAdmin(const ServiceParts& parts, std::shared_ptr<mcp::Catalogue> catalogue) {
  std::vector<PinBook::Place> places;
  for (const config::UpstreamSettings* upstream : config::UpstreamsOf(*settings)) places.push_back({upstream->name, mcp::PinFileOf(*settings, *upstream)});
  const auto pins = std::make_shared<PinBook>(gate, std::move(catalogue), std::move(places));
  for (int kind = 0; kind < 3; ++kind) workers.push_back(std::make_shared<admin::Workers>(kAdminThreads));
  admin::AddRoutes(*router, {.resources = {parts.gate, std::make_shared<admin::Access>(settings->admin_keys), parts.clock, pins},
                             .actors = workers[0],
                             .readers = workers[1],
                             .exporters = workers[2],
                             .metrics = metrics,
                             .log = parts.log,
                             .version = parts.version,
                             .serve_metrics = settings->metrics});
}

Status Service::Impl::Begin(ServiceParts parts) {
  settings = std::make_shared<const config::ServerSettings>(std::move(parts.settings));
  gate = parts.gate;
  auto server_tls = ServerTls(*settings);
  if (!server_tls.ok()) return Error{server_tls.error().code, "tls: " + server_tls.error().message};
  auto upstream_tls = UpstreamTls(*settings);
  if (!upstream_tls.ok()) return upstream_tls.error();
  auto started = net::LoopPool::Start(ThreadCount(*settings));
  if (!started.ok()) return started.error();
  pool = std::move(*started);

  auto pins = ReadPins(*settings);
  if (!pins.ok()) return pins.error();
  auto fetcher = MakeFetcher(parts, *settings);
  if (!fetcher.ok()) return fetcher.error();
  auto door = oauth::Door::Create({settings, gate, *fetcher, parts.clock, SystemRandom(), parts.log});
  if (!door.ok()) return door.error();
  auto tokens = MakeUpstreamTokens(*settings, *fetcher, parts.clock);
  if (!tokens.ok()) return tokens.error();
  auto states = mcp::CallStates::Create(settings->session_keys, parts.clock, SystemRandom());
  auto sealed = MakeSealed<mcp::SealedSessions>(*settings, parts);
  if (!sealed.ok()) return sealed.error();
  auto sealed_tasks = MakeSealed<mcp::SealedTasks>(*settings, parts);
  if (!sealed_tasks.ok()) return sealed_tasks.error();
  if (!states.ok()) return states.error();
  Evidence* const evidence = gate->evidence();
  if (evidence != nullptr) {
    evidence->OnNotice([log = parts.log](const EvidenceNotice& notice) {
      const telemetry::LogLevel level = notice.problem ? telemetry::LogLevel::kError : telemetry::LogLevel::kInfo;
      log->Log(level, "audit evidence", {{"tenant", notice.tenant}, {"source", notice.source}, {"detail", notice.message}});
    });
  }
  metrics = std::make_shared<telemetry::GatewayMetrics>(AllRoutes());
  const auto sessions = std::make_shared<mcp::SessionTable>(
      parts.clock, mcp::SessionLimits{static_cast<std::size_t>(settings->limits.max_sessions),
                                      settings->limits.session_idle_seconds});
  metrics->FollowAudit([gate = gate] { return gate->Stats(); });
  if (evidence != nullptr) metrics->FollowVerification([gate = gate] { return gate->evidence()->LastFreshness(); });
  if (evidence != nullptr && !evidence->VerifierKey().empty()) {
    metrics->FollowEvidence([gate = gate] { return gate->evidence()->LastFreshness(); });
  }
  metrics->FollowSessions([sessions] { return static_cast<double>(sessions->size()); });
  router = std::make_shared<http::Router>();
  const auto catalogue = std::make_shared<mcp::Catalogue>(gate, *pins, Quarantine(gate, parts.log));
  AddAdmin(parts, catalogue);
  endpoint = mcp::Endpoint::Create({.gate = gate,
                                    .settings = settings,
                                    .metrics = metrics,
                                    .log = parts.log,
                                    .clock = parts.clock,
                                    .sessions = sessions,
                                    .sealed = *sealed,
                                    .sealed_tasks = *sealed_tasks,
                                    .catalogue = catalogue,
                                    .pending = std::make_shared<mcp::PendingOutcomes>(),
                                    .states = *states,
                                    .tasks = std::make_shared<mcp::KnownTasks>(),
                                    .own_tasks = std::make_shared<mcp::OwnTasks>(parts.clock, SystemRandom()),
                                    .urls = std::make_shared<mcp::UrlElicitations>(gate),
                                    .directory = MakeDirectory(*settings, parts.log),
                                    .upstream_tls = *upstream_tls,
                                    .stdio = MakePrograms(*settings, pool->at(0), parts),
                                    .health = MakeHealth(*settings, parts.clock, metrics),
                                    .tokens = *std::move(tokens),
                                    .door = *door,
                                    .version = parts.version},
                                   pool->loops());
  endpoint->AddRoutes(*router);
  auto listening = http::Server::Start(pool->loops(), settings->listen, *server_tls, router,
                                       HttpOptions(parts, settings->limits));
  if (!listening.ok()) return listening.error();
  server = std::move(*listening);
  endpoint->StartPrograms();
  endpoint->FollowCatalogue();
  return {};
}

Status Service::Impl::Stop() {
  if (stopped) return {};
  stopped = true;
  if (server != nullptr) {
    // Shared, because set_value may still be at work when wait has returned.
    const auto drained = std::make_shared<std::promise<void>>();
    server->Stop(net::Millis(settings->limits.drain_ms), [drained] { drained->set_value(); });
    drained->get_future().wait();
  }
  for (const auto& each : workers) each->Stop();
  server.reset();
  if (endpoint != nullptr) endpoint->Close();
  if (pool != nullptr) pool->Stop();
  router.reset();
  endpoint.reset();
  return gate->Flush();
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Service::~Service() { (void)impl_->Stop(); }

Result<std::unique_ptr<Service>> Service::Start(ServiceParts parts) {
  std::unique_ptr<Service> service(new Service(std::make_unique<Impl>()));
  service->impl_->gate = parts.gate;
  if (Status begun = service->impl_->Begin(std::move(parts)); !begun.ok()) return begun.error();
  return service;
}

const std::string& Service::address() const { return impl_->server->address(); }

Status Service::Stop() { return impl_->Stop(); }

}  // namespace intentgate::app
