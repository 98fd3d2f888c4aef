// What the caveats say about one call. Every caveat must hold; the first that does not is named.

#include <intentgate/token.h>

#include <algorithm>

#include "token/caveat_members.h"
#include "token/compiled.h"
#include "token/constraints/constraint_eval.h"
#include "token/quote.h"
#include "token/refusals.h"

namespace intentgate {
namespace {

using token::Quote;
using token::Refuse;
using Verdict = std::optional<TokenRefusal>;

enum class NameMatch : std::uint8_t { kNo, kYes, kMalformed, kTooLong };

bool HasPattern(std::string_view name) { return name.find_first_of("*?[\\") != std::string_view::npos; }

// v3 names are exact; later ones may be patterns. One malformed pattern spoils its list, allow or deny:
// nobody can tell what it was to cover.
NameMatch MatchTool(const Caveat& caveat, TokenFormat format, std::string_view tool) {
  const bool patterns = format != TokenFormat::kV3;
  bool found = false;
  for (const std::string& name : caveat.tools) {
    if (patterns && HasPattern(name)) {
      if (name.size() > token::kMaxGlobBytes || !token::ValidateGlob(name, true).ok()) return NameMatch::kMalformed;
      if (tool.size() > kMaxToolNameBytes) return NameMatch::kTooLong;
      found = found || name == tool || token::GlobMatch(name, tool, true);
    } else {
      found = found || name == tool;
    }
  }
  return found ? NameMatch::kYes : NameMatch::kNo;
}

bool Lists(const std::vector<std::string>& list, std::string_view name) {
  return !name.empty() && std::find(list.begin(), list.end(), name) != list.end();
}

// Judges the caveats of one token against one call.
class Checker {
 public:
  Checker(const VerifiedToken& token, const CaveatContext& context) : token_(token), context_(context) {}

  Verdict Times() const {
    const TokenContent& c = token_.content();
    if (c.not_before && context_.now < *c.not_before) {
      return Refuse(Reason::kTokenNotYetValid, "the token is not valid before unix second " + std::to_string(*c.not_before));
    }
    const std::optional<std::int64_t> expires = token_.compiled().root_expires;
    if (expires && context_.now >= *expires) return Expired(*expires);
    return std::nullopt;
  }

  Verdict Check(std::size_t index) const {
    const Caveat& caveat = token_.content().caveats[index];
    switch (caveat.kind) {
      case CaveatKind::kExpires:
        return context_.now >= caveat.expires ? Verdict(Expired(caveat.expires)) : std::nullopt;
      case CaveatKind::kAgentLock: return Agent(caveat);
      case CaveatKind::kToolAllow: return Tool(caveat, NameMatch::kYes);
      case CaveatKind::kToolDeny: return Tool(caveat, NameMatch::kNo);
      case CaveatKind::kMaxCalls: return NoCalls(caveat.max_calls, "the number of calls");
      case CaveatKind::kRateLimit: return NoCalls(caveat.rate_per_min, "the number of calls a minute");
      case CaveatKind::kStepUp: return Negative(caveat.step_up_at, "the time of the second factor");
      case CaveatKind::kMaxCost: return Negative(caveat.max_cents, "the cost");
      case CaveatKind::kCalleeAllow: return Callee(caveat);
      case CaveatKind::kServerAllow: return Server(caveat);
      case CaveatKind::kRiskMax: return Risk(caveat);
      case CaveatKind::kArgument: return Argument(index, caveat);
      case CaveatKind::kHolder: return Holder(caveat);
      case CaveatKind::kUnknown: break;
    }
    return Refuse(Reason::kCaveatUnknown, "its type " + Quote(caveat.type_name) + " is unknown here");
  }

  // Adds the place: `caveat 2 (tool_allow) of hop 1 "researcher": ...`.
  TokenRefusal At(std::size_t index, TokenRefusal refusal) const {
    const TokenContent& c = token_.content();
    refusal.caveat_index = index;
    std::string place = "caveat " + std::to_string(index) + " (" + std::string(token::WireName(c.caveats[index])) + ")";
    refusal.hop = HopOf(index);
    if (refusal.hop) {
      if (*refusal.hop > 0) place += " of hop " + std::to_string(*refusal.hop);
      if (const std::string& label = c.hops[*refusal.hop].label; !label.empty()) place += " " + Quote(label);
    }
    refusal.message = place + ": " + refusal.message;
    return refusal;
  }

  std::optional<std::size_t> HopOf(std::size_t index) const {
    const std::vector<Hop>& hops = token_.content().hops;
    for (std::size_t h = 0; h < hops.size(); ++h) {
      if (index >= hops[h].first_caveat && index < hops[h].first_caveat + hops[h].caveat_count) return h;
    }
    return std::nullopt;
  }

 private:
  static TokenRefusal Expired(std::int64_t expires) {
    return Refuse(Reason::kTokenExpired, "the token expired at unix second " + std::to_string(expires));
  }

  Verdict Agent(const Caveat& caveat) const {
    if (caveat.agent.empty()) return Refuse(Reason::kCaveatInvalid, "it names no agent");
    const std::string_view agent = context_.agent.empty() ? token_.content().subject : context_.agent;
    if (agent == caveat.agent) return std::nullopt;
    return Refuse(Reason::kAgentMismatch, "the token is only for " + Quote(caveat.agent) + ", not for " + Quote(agent));
  }

  Verdict Tool(const Caveat& caveat, NameMatch wanted) const {
    const bool allow = wanted == NameMatch::kYes;
    const Reason reason = allow ? Reason::kToolNotAllowed : Reason::kToolDenied;
    switch (MatchTool(caveat, token_.content().format, context_.tool)) {
      case NameMatch::kMalformed: return Refuse(Reason::kCaveatInvalid, "a pattern in its list is malformed");
      case NameMatch::kTooLong:
        return Refuse(reason, "the tool's name is over " + std::to_string(kMaxToolNameBytes) + " bytes");
      case NameMatch::kYes:
        if (allow) return std::nullopt;
        return Refuse(reason, "the tool " + Quote(context_.tool) + " is forbidden");
      case NameMatch::kNo: break;
    }
    if (!allow) return std::nullopt;
    return Refuse(reason, "the tool " + Quote(context_.tool) + " is not among the allowed ones");
  }

  // Counting is the budget's; a limit below one call needs no counting.
  static Verdict NoCalls(std::int64_t limit, const char* what) {
    if (limit > 0) return std::nullopt;
    return Refuse(Reason::kCaveatInvalid, std::string(what) + " is limited to " + std::to_string(limit) + ", so none is allowed");
  }

  static Verdict Negative(std::int64_t number, const char* what) {
    if (number >= 0) return std::nullopt;
    return Refuse(Reason::kCaveatInvalid, std::string(what) + " is negative");
  }

  Verdict Callee(const Caveat& caveat) const {
    if (context_.callee.empty()) return std::nullopt;
    if (Lists(caveat.callees, context_.callee) || Lists(caveat.callee_zones, context_.callee_zone)) return std::nullopt;
    return Refuse(Reason::kCalleeNotAllowed, "the agent " + Quote(context_.callee) + " may not be called");
  }

  Verdict Server(const Caveat& caveat) const {
    if (!context_.server.empty()) {
      if (Lists(caveat.servers, context_.server)) return std::nullopt;
      return Refuse(Reason::kServerNotAllowed, "the server " + Quote(context_.server) + " is not among the allowed ones");
    }
    // Without a known upstream the tool's name says its server: "sap.invoice", "sap:invoice", "sap/invoice".
    const std::string_view tool = context_.tool;
    for (const std::string& server : caveat.servers) {
      if (server.find_first_not_of(" \t\r\n") == std::string::npos || !tool.starts_with(server)) continue;
      const std::string_view rest = tool.substr(server.size());
      if (rest.empty() || rest[0] == '.' || rest[0] == ':' || rest[0] == '/') return std::nullopt;
    }
    return Refuse(Reason::kServerNotAllowed, "the tool " + Quote(tool) + " is not on an allowed server");
  }

  Verdict Risk(const Caveat& caveat) const {
    if (Verdict v = Negative(caveat.risk_max, "the risk ceiling")) return v;
    if (!context_.risk) return Refuse(Reason::kRiskTooHigh, "the call has no risk score");
    if (*context_.risk <= caveat.risk_max) return std::nullopt;
    return Refuse(Reason::kRiskTooHigh, "the risk " + std::to_string(*context_.risk) + " is over the ceiling of " +
                                            std::to_string(caveat.risk_max));
  }

  Verdict Holder(const Caveat& caveat) const {
    if (context_.holder.empty()) {
      return Refuse(Reason::kProofRequired, "the token is bound to a key; send it as \"Authorization: DPoP TOKEN\" with a proof of the key (RFC 9449)");
    }
    if (!caveat.holder.empty() && caveat.holder == context_.holder) return std::nullopt;
    return Refuse(Reason::kProofRefused, "the token is bound to another key than the proof's");
  }

  Verdict Argument(std::size_t index, const Caveat& caveat) const {
    if (!caveat.only_for_tool.empty() && caveat.only_for_tool != context_.tool) return std::nullopt;
    const json::Value* value = context_.arguments;
    if (value != nullptr) value = value->AtPointer(caveat.pointer);
    const auto name = [&caveat] { return caveat.pointer.empty() ? "the arguments" : "the argument " + Quote(caveat.pointer); };
    if (value == nullptr) return Refuse(Reason::kArgumentMissing, name() + " must be given");
    const auto& slot = token_.compiled().Get(token_.content().caveats, index);
    if (!slot.compiled) return Refuse(Reason::kCaveatInvalid, "its constraint can never hold: " + slot.error);
    const token::ConstraintVerdict verdict = token::Evaluate(*slot.compiled, *value);
    if (verdict.holds) return std::nullopt;
    return Refuse(Reason::kArgumentRefused, name() + " " + verdict.why);
  }

  const VerifiedToken& token_;
  const CaveatContext& context_;
};

}  // namespace

std::optional<TokenRefusal> CheckCaveats(const VerifiedToken& token, const CaveatContext& context) {
  const Checker checker(token, context);
  if (Verdict v = checker.Times()) return v;
  for (std::size_t i = 0; i < token.content().caveats.size(); ++i) {
    if (Verdict v = checker.Check(i)) return checker.At(i, *std::move(v));
  }
  return std::nullopt;
}

std::optional<TokenRefusal> CheckHolder(const VerifiedToken& token, std::string_view holder) {
  const CaveatContext context{.tool = {}, .holder = holder};
  const Checker checker(token, context);
  const std::vector<Caveat>& caveats = token.content().caveats;
  bool bound = false;
  for (std::size_t i = 0; i < caveats.size(); ++i) {
    if (caveats[i].kind != CaveatKind::kHolder) continue;
    bound = true;
    if (Verdict v = checker.Check(i)) return checker.At(i, *std::move(v));
  }
  if (bound || holder.empty()) return std::nullopt;
  return Refuse(Reason::kProofRefused, "the token is bound to no key; send it as \"Authorization: Bearer TOKEN\"");
}

std::vector<CaveatAnswer> ExplainCaveats(const VerifiedToken& token, const CaveatContext& context) {
  const Checker checker(token, context);
  std::vector<CaveatAnswer> out;
  const auto add = [&out](std::optional<std::size_t> index, std::size_t hop, std::string text, Verdict verdict) {
    CaveatAnswer answer{index, hop, !verdict.has_value(), std::nullopt, std::move(text)};
    if (verdict) {
      answer.reason = verdict->reason;
      answer.text += ": " + verdict->message;
    }
    out.push_back(std::move(answer));
  };
  add(std::nullopt, 0, "the token's times", checker.Times());
  for (std::size_t i = 0; i < token.content().caveats.size(); ++i) {
    add(i, checker.HopOf(i).value_or(0), token.content().caveats[i].Describe(), checker.Check(i));
  }
  return out;
}

bool CouldCall(const VerifiedToken& token, std::string_view tool, const CaveatContext& context) {
  CaveatContext with_tool = context;
  with_tool.tool = tool;
  const Checker checker(token, with_tool);
  if (checker.Times()) return false;
  const std::vector<Caveat>& caveats = token.content().caveats;
  for (std::size_t i = 0; i < caveats.size(); ++i) {
    if (caveats[i].kind != CaveatKind::kArgument && checker.Check(i)) return false;
  }
  return true;
}

}  // namespace intentgate
