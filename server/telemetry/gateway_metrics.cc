#include "telemetry/gateway_metrics.h"

#include <algorithm>

namespace intentgate::telemetry {
namespace {

constexpr std::array<std::string_view, 6> kClasses = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
constexpr std::array<std::string_view, 3> kVerdicts = {"allow", "block", "escalate"};
constexpr std::array<std::string_view, 4> kOutcomes = {"success", "timeout", "transport", "upstream_http"};
constexpr std::array<Check, 4> kChecks = {Check::kCapability, Check::kIntent, Check::kPolicy, Check::kBudget};
constexpr std::string_view kHttpTotal = "http_requests_total";
constexpr std::string_view kHttpTotalHelp = "Requests answered, by method, route and class of status.";
constexpr std::string_view kHttpTime = "http_request_duration_seconds";
constexpr std::string_view kHttpTimeHelp = "From the whole request to the end of its answer.";

Histogram::Snapshot FromAudit(const std::vector<std::int64_t>& cumulative, double first_bound, double sum) {
  Histogram::Snapshot shot;
  double bound = first_bound;
  for (const std::int64_t n : cumulative) {
    shot.bounds.push_back(bound);
    shot.cumulative.push_back(static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0)));
    bound *= 2;
  }
  shot.sum = sum;
  return shot;
}

}  // namespace

std::string_view ForwardOutcomeName(ForwardOutcome outcome) { return kOutcomes[static_cast<std::size_t>(outcome)]; }

GatewayMetrics::GatewayMetrics(const std::vector<RouteName>& routes) : registry_("intentgate_gateway_") {
  routes_.reserve(routes.size() + 1);
  for (const auto& [path, method] : routes) AddRoute(path, method);
  AddRoute("other", "other");
  for (const Check check : kChecks) {
    for (std::size_t v = 0; v < kVerdicts.size(); ++v) {
      checks_[static_cast<std::size_t>(check)][v] =
          &registry_.AddCounter("check_decisions_total", "What each check answered; a check that was not reached is not counted.",
                                {{"check", CheckName(check)}, {"decision", kVerdicts[v]}});
    }
    check_duration_[static_cast<std::size_t>(check)] =
        &registry_.AddHistogram("check_duration_seconds", "Time of each check that was asked, without the wait for the event's commit.",
                                {{"check", CheckName(check)}}, 0.0001, 14);
  }
  revocation_duration_ = &registry_.AddHistogram("revocation_lookup_duration_seconds", "Time of one look-up in the revocation snapshot.",
                                                 {}, 0.0001, 14);
  const std::array<std::string_view, 3> lookups = {"revoked", "not_revoked", "error"};
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    revocation_[i] = &registry_.AddCounter("revocation_lookups_total", "Tokens looked up in the revocation snapshot.",
                                           {{"result", lookups[i]}});
  }
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    forwards_[i] = &registry_.AddCounter("upstream_forward_total", "Allowed calls by what became of them at the upstream.",
                                         {{"outcome", kOutcomes[i]}});
    forward_duration_[i] = &registry_.AddHistogram("upstream_forward_duration_seconds", "From forwarding a call to the end of its answer.",
                                                   {{"outcome", kOutcomes[i]}}, 0.001, 14);
  }
  refused_ = &registry_.AddCounter("refused_requests_total", "Requests refused before the first question because parsers may differ on them.", {});
  admin_refused_ = &registry_.AddCounter("admin_auth_failures_total", "Admin requests without a valid admin token.", {});
}

void GatewayMetrics::AddRoute(std::string_view path, std::string_view method) {
  Route route;
  route.path = path;
  route.method = method;
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    route.by_class[i] =
        &registry_.AddCounter(kHttpTotal, kHttpTotalHelp, {{"method", method}, {"route", path}, {"status", kClasses[i]}});
  }
  route.duration = &registry_.AddHistogram(kHttpTime, kHttpTimeHelp, {{"method", method}, {"route", path}}, 0.001, 12);
  routes_.push_back(std::move(route));
}

GatewayMetrics::Route& GatewayMetrics::RouteOf(std::string_view path, std::string_view method) {
  for (Route& route : routes_) {
    if (route.path == path && route.method == method) return route;
  }
  return routes_.back();
}

void GatewayMetrics::HttpDone(std::string_view route, std::string_view method, int status, double seconds) {
  Route& row = RouteOf(route, method);
  const int status_class = status / 100;
  row.by_class[status_class >= 1 && status_class <= 5 ? static_cast<std::size_t>(status_class) : 0]->Add();
  row.duration->Observe(seconds);
}

void GatewayMetrics::Decided(const Decision& decision) {
  const std::int64_t times[] = {0, decision.times.capability, decision.times.intent, decision.times.policy, decision.times.budget};
  for (const Check check : kChecks) {
    const auto i = static_cast<std::size_t>(check);
    if (times[i] > 0) check_duration_[i]->Observe(static_cast<double>(times[i]) / 1e9);
  }
  if (decision.times.revocation > 0) revocation_duration_->Observe(static_cast<double>(decision.times.revocation) / 1e9);
  if (decision.code == Reason::kTokenRevoked) revocation_[0]->Add();
  else if (decision.code == Reason::kRevocationUnavailable) revocation_[2]->Add();
  else if (decision.allowed() || decision.check > Check::kCapability) revocation_[1]->Add();
  for (const Check check : kChecks) {
    if (decision.check == check) {
      checks_[static_cast<std::size_t>(check)][static_cast<std::size_t>(decision.verdict)]->Add();
      return;
    }
    if (!decision.allowed() && decision.check == Check::kNone) return;
    checks_[static_cast<std::size_t>(check)][0]->Add();
  }
}

void GatewayMetrics::Refused() { refused_->Add(); }
void GatewayMetrics::AdminRefused() { admin_refused_->Add(); }

void GatewayMetrics::Forwarded(ForwardOutcome outcome, double seconds) {
  forwards_[static_cast<std::size_t>(outcome)]->Add();
  forward_duration_[static_cast<std::size_t>(outcome)]->Observe(seconds);
}

void GatewayMetrics::FollowAudit(std::function<AuditStats()> read) {
  registry_.AddGauge("audit_queue_depth", "Events that wait for their commit.",
                     [read] { return static_cast<double>(read().queue_depth); });
  registry_.AddCounterReader("audit_events_appended_total", "Events handed to the chain.",
                             [read] { return static_cast<double>(read().appended); });
  registry_.AddCounterReader("audit_events_committed_total", "Events that the store has committed.",
                             [read] { return static_cast<double>(read().committed); });
  registry_.AddCounterReader("audit_events_failed_total", "Events that the store or the queue refused. Decisions that waited for them were denied.",
                             [read] { return static_cast<double>(read().failed); });
  registry_.AddGauge("audit_last_batch_events", "Events in the newest commit.",
                     [read] { return static_cast<double>(read().last_batch_events); });
  registry_.AddHistogramReader("audit_batch_events", "Events that shared one commit.", [read] {
    const AuditStats stats = read();
    Histogram::Snapshot shot = FromAudit(stats.batch_size_buckets, 1, static_cast<double>(stats.committed));
    shot.count = static_cast<std::uint64_t>(std::max<std::int64_t>(stats.batches, 0));
    return shot;
  });
  registry_.AddHistogramReader("audit_commit_duration_seconds", "Time of one commit.", [read] {
    const AuditStats stats = read();
    Histogram::Snapshot shot =
        FromAudit(stats.commit_micros_buckets, 0.0001, static_cast<double>(stats.commit_micros_total) / 1e6);
    shot.count = static_cast<std::uint64_t>(std::max<std::int64_t>(stats.batches, 0));
    return shot;
  });
}

void GatewayMetrics::AddByTenant(std::string_view name, std::string_view help, std::function<std::vector<Freshness>()> read,
                                 double (*value)(const Freshness&)) {
  registry_.AddGauges(name, help, "tenant", [read = std::move(read), value] {
    const std::vector<Freshness> all = read();
    Registry::LabelledValues out;
    for (const bool ok : {false, true}) {
      for (const Freshness& one : all) {
        if (one.ok == ok && out.size() < kMaxTenantsShown) out.emplace_back(one.tenant, value(one));
      }
    }
    return out;
  });
}

void GatewayMetrics::FollowVerification(std::function<std::vector<Freshness>()> read) {
  AddByTenant("audit_full_verification_ok", "0 when the last verification of the whole chain failed, else 1.", read,
              [](const Freshness& one) { return one.full.problem.empty() ? 1.0 : 0.0; });
  AddByTenant("audit_full_verification_timestamp_seconds", "When the last verification of the whole chain ended; 0: none did.", read,
              [](const Freshness& one) { return static_cast<double>(one.full.at_micros) / 1e6; });
  AddByTenant("audit_full_verification_running_events", "Events that the one that runs here found good so far; 0: none runs.",
              std::move(read), [](const Freshness& one) { return static_cast<double>(one.full.position); });
}

void GatewayMetrics::FollowEvidence(std::function<std::vector<Freshness>()> read) {
  const auto add = [&](std::string_view name, std::string_view help, double (*value)(const Freshness&)) {
    AddByTenant(name, help, read, value);
  };
  registry_.AddGauge("audit_tenants", "Tenants whose evidence is looked at.",
                     [read] { return static_cast<double>(read().size()); });
  add("audit_evidence_ok", "1 when head, last event, tree, checkpoint and signer agree, else 0.",
      [](const Freshness& one) { return one.ok ? 1.0 : 0.0; });
  add("audit_chain_events", "Events in the chain.", [](const Freshness& one) { return static_cast<double>(one.head.next_seq); });
  add("audit_checkpoint_events", "Events under the newest checkpoint.",
      [](const Freshness& one) { return one.checkpoint ? static_cast<double>(one.checkpoint->size) : 0.0; });
  add("audit_checkpoint_timestamp_seconds", "When the newest checkpoint was signed.",
      [](const Freshness& one) { return one.checkpoint ? static_cast<double>(one.checkpoint->signed_at_micros) / 1e6 : 0.0; });
  add("audit_uncommitted_seconds", "Age of the oldest event under no checkpoint.",
      [](const Freshness& one) { return static_cast<double>(one.uncommitted_age_micros) / 1e6; });
  add("audit_unwitnessed_seconds", "Age of the oldest event under no checkpoint with a quorum of witnesses.",
      [](const Freshness& one) { return static_cast<double>(one.unwitnessed_age_micros) / 1e6; });
  add("audit_declared_losses", "Events that the chain itself declares as lost.",
      [](const Freshness& one) { return static_cast<double>(one.declared_losses); });
  add("audit_verified_events", "Events that the last verification in this process found good.",
      [](const Freshness& one) { return static_cast<double>(one.verified_to); });
}

void GatewayMetrics::FollowUpstreams(std::function<std::vector<UpstreamRow>()> read) {
  const auto add = [&](std::string_view name, std::string_view help, double (*value)(const UpstreamRow&)) {
    registry_.AddGauges(name, help, "upstream", [read, value] {
      Registry::LabelledValues out;
      for (const UpstreamRow& one : read()) out.emplace_back(one.name, value(one));
      return out;
    });
  };
  add("upstream_requests_in_progress", "Requests to the upstream in progress.", [](const UpstreamRow& one) { return one.in_progress; });
  add("upstream_resting", "1 while calls to the upstream rest because it kept failing, else 0.",
      [](const UpstreamRow& one) { return one.resting ? 1.0 : 0.0; });
}

std::pair<Counter*, Counter*> GatewayMetrics::AddUpstream(std::string_view name) {
  constexpr std::string_view kFamily = "upstream_refused_total";
  constexpr std::string_view kHelp = "Requests that were not sent to the upstream.";
  return {&registry_.AddCounter(kFamily, kHelp, {{"upstream", name}, {"reason", "resting"}}),
          &registry_.AddCounter(kFamily, kHelp, {{"upstream", name}, {"reason", "full"}})};
}

void GatewayMetrics::FollowSessions(std::function<double()> read) {
  registry_.AddGauge("mcp_sessions", "Upstream sessions bound to a caller.", std::move(read));
}

}  // namespace intentgate::telemetry
