#include "gate/counters.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::gate {
namespace {

using budget::Counter;
using budget::Measure;

constexpr std::int64_t kRateWindowSeconds = 60;   // rate_limit is per minute
constexpr std::size_t kDigestBytes = 16;

struct Ceiling {
  std::string_view suffix;
  Measure measure = Measure::kCalls;
  std::int64_t limit = 0;
  std::int64_t window_seconds = 0;
};

std::optional<Ceiling> CeilingOf(const Caveat& caveat) {
  switch (caveat.kind) {
    case CaveatKind::kMaxCalls: return Ceiling{":calls", Measure::kCalls, caveat.max_calls, 0};
    case CaveatKind::kRateLimit: return Ceiling{":calls/60", Measure::kCalls, caveat.rate_per_min, kRateWindowSeconds};
    case CaveatKind::kMaxCost: return Ceiling{":cost", Measure::kCost, caveat.max_cents, 0};
    default: return std::nullopt;
  }
}

std::size_t HopOf(const TokenContent& token, std::size_t caveat) {
  for (std::size_t h = 0; h < token.hops.size(); ++h) {
    if (caveat >= token.hops[h].first_caveat && caveat < token.hops[h].first_caveat + token.hops[h].caveat_count) return h;
  }
  return 0;
}

std::string PrefixDigest(const TokenContent& token, std::size_t caveat) {
  crypto::Sha256Stream hash;
  for (std::size_t i = 0; i <= caveat; ++i) hash.Update(base::AsBytes(json::Write(token.caveats[i].ToJson()) + "\n"));
  const crypto::Digest digest = hash.Finish();
  return base::HexEncode(std::span(digest).first(kDigestBytes));
}

std::string KeyOf(const TokenContent& token, std::size_t caveat) {
  if (token.format == TokenFormat::kV3 || token.format == TokenFormat::kV4) return "token:" + token.root_jti + "/" + PrefixDigest(token, caveat);
  const Hop& hop = token.hops[HopOf(token, caveat)];
  return "token:" + token.root_jti + "/" + hop.id + "/" + std::to_string(caveat - hop.first_caveat);
}

std::string OwnerOf(const TokenContent& token, std::size_t caveat) {
  const std::size_t h = token.hops.empty() ? 0 : HopOf(token, caveat);
  std::string owner = "token " + (token.hops.empty() ? token.jti : token.hops[h].id);
  if (!token.hops.empty() && !token.hops[h].label.empty()) owner += " \"" + token.hops[h].label + "\"";
  return owner + " (caveat " + std::to_string(caveat) + ", " + token.caveats[caveat].type_name + ")";
}

void AddToken(const TokenContent& token, std::vector<Counter>& out) {
  for (std::size_t i = 0; i < token.caveats.size(); ++i) {
    const std::optional<Ceiling> ceiling = CeilingOf(token.caveats[i]);
    if (!ceiling) continue;
    out.push_back({KeyOf(token, i).append(ceiling->suffix), OwnerOf(token, i), ceiling->measure, ceiling->limit,
                   ceiling->window_seconds});
  }
}

void AddLimits(const BudgetLimits& limits, const std::string& kind, std::string_view id, std::vector<Counter>& out) {
  const std::string key = (kind + ":").append(id);
  const std::string owner = (kind + " ").append(id.empty() ? "without a name" : id);
  const std::string window = "/" + std::to_string(limits.window_seconds);
  if (limits.lifetime_calls) out.push_back({key + ":calls", owner, Measure::kCalls, *limits.lifetime_calls, 0});
  if (limits.window_calls) {
    out.push_back({key + ":calls" + window, owner, Measure::kCalls, *limits.window_calls, limits.window_seconds});
  }
  if (limits.window_cost) {
    out.push_back({key + ":cost" + window, owner, Measure::kCost, *limits.window_cost, limits.window_seconds});
  }
}

const BudgetLimits& LimitsOf(const std::map<std::string, BudgetLimits>& by_id, std::string_view id,
                             const BudgetLimits& otherwise) {
  if (by_id.empty()) return otherwise;
  const auto it = by_id.find(std::string(id));
  return it == by_id.end() ? otherwise : it->second;
}

}  // namespace

std::int64_t LongestWindow(const GateSettings& settings) {
  std::int64_t longest = std::max({kRateWindowSeconds, settings.agent_budget.window_seconds, settings.tenant_budget.window_seconds});
  for (const auto* by_id : {&settings.agent_budgets, &settings.tenant_budgets}) {
    for (const auto& [id, limits] : *by_id) longest = std::max(longest, limits.window_seconds);
  }
  return longest;
}

std::vector<Counter> CountersFor(const TokenContent* token, std::string_view tenant, std::string_view agent,
                                 const GateSettings& settings) {
  std::vector<Counter> out;
  if (token != nullptr) AddToken(*token, out);
  AddLimits(LimitsOf(settings.agent_budgets, agent, settings.agent_budget), "agent", agent, out);
  AddLimits(LimitsOf(settings.tenant_budgets, tenant, settings.tenant_budget), "tenant", tenant, out);
  return out;
}

}  // namespace intentgate::gate
