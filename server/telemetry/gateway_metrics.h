// The gateway's metrics by name. The names, labels and buckets are the public product's where it has the
// metric; docs/server.md lists all of them.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/evidence.h>
#include <intentgate/gate.h>

#include "telemetry/metrics.h"

namespace intentgate::telemetry {

enum class ForwardOutcome : std::uint8_t { kSuccess, kTimeout, kTransport, kUpstreamHttp };
std::string_view ForwardOutcomeName(ForwardOutcome outcome);  // "success", "timeout", "transport", "upstream_http"

// A path pattern with its method, as the router knows it.
using RouteName = std::pair<std::string_view, std::string_view>;

inline constexpr std::size_t kMaxTenantsShown = 1'000;

// Thread-safe.
class GatewayMetrics {
 public:
  // Whatever is in no row of `routes` is counted under the route "other".
  explicit GatewayMetrics(const std::vector<RouteName>& routes);

  void HttpDone(std::string_view route, std::string_view method, int status, double seconds);
  // One decision of the gate: which check refused, which were passed before.
  void Decided(const Decision& decision);
  // A request refused before the first question.
  void Refused();
  void Forwarded(ForwardOutcome outcome, double seconds);
  void AdminRefused();
  // The chain's numbers are asked for at each Render. `read` must be thread-safe and outlive this.
  void FollowAudit(std::function<AuditStats()> read);
  // The evidence of each tenant, as the background last saw it; at most kMaxTenantsShown, those with a problem first.
  void FollowEvidence(std::function<std::vector<Freshness>()> read);
  // Of the same, the verifications of whole chains, which there are without checkpoints as well.
  void FollowVerification(std::function<std::vector<Freshness>()> read);
  struct UpstreamRow {
    std::string name;
    double in_progress = 0;
    bool resting = false;
  };
  void FollowUpstreams(std::function<std::vector<UpstreamRow>()> read);
  // The requests to one upstream that were not sent: because calls to it rest, because too many are in progress. Before the
  // first Render.
  std::pair<Counter*, Counter*> AddUpstream(std::string_view name);
  void FollowSessions(std::function<double()> read);

  std::string Render() const { return registry_.Render(); }

 private:
  void AddByTenant(std::string_view name, std::string_view help, std::function<std::vector<Freshness>()> read,
                   double (*value)(const Freshness&));

  struct Route {
    std::string path, method;
    std::array<Counter*, 6> by_class{};  // 1xx to 5xx at 1..5; 0: other
    Histogram* duration = nullptr;
  };
  Route& RouteOf(std::string_view path, std::string_view method);
  void AddRoute(std::string_view path, std::string_view method);

  Registry registry_;
  std::vector<Route> routes_;                          // the last is "other"
  std::array<std::array<Counter*, 3>, 5> checks_{};    // by Check, then allow, block, escalate
  std::array<Histogram*, 5> check_duration_{};         // by Check
  Histogram* revocation_duration_ = nullptr;
  std::array<Counter*, 3> revocation_{};               // revoked, not_revoked, error
  std::array<Counter*, 4> forwards_{};
  std::array<Histogram*, 4> forward_duration_{};
  Counter* refused_ = nullptr;
  Counter* admin_refused_ = nullptr;
};

}  // namespace intentgate::telemetry
