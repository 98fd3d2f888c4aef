#include <intentgate/caveat.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/time_format.h"
#include "base/utf8.h"
#include "token/caveat_members.h"
#include "token/constraints/constraint_eval.h"
#include "token/quote.h"

namespace intentgate {
namespace {

// In the order of CaveatKind, up to kUnknown.
constexpr std::array<std::string_view, static_cast<std::size_t>(CaveatKind::kUnknown)> kKindNames = {
    "exp",       "agent_lock", "tool_allow", "tool_deny", "max_calls", "step_up", "callee_allow",
    "mcp_allow", "rate_limit", "max_cost",   "risk_max",  "arg",       "holder"};

Caveat Make(CaveatKind kind) {
  Caveat c;
  c.kind = kind;
  c.type_name = CaveatKindName(kind);
  return c;
}

Caveat MakeNumber(CaveatKind kind, std::int64_t Caveat::*member, std::int64_t value) {
  Caveat c = Make(kind);
  c.*member = value;
  return c;
}

Caveat MakeList(CaveatKind kind, std::vector<std::string> Caveat::*member, std::vector<std::string> list) {
  Caveat c = Make(kind);
  c.*member = std::move(list);
  return c;
}

std::string Names(const std::vector<std::string>& list) { return list.empty() ? "none" : token::QuoteList(list); }

Error Invalid(const Caveat& caveat, std::string_view what) {
  return Error{ErrorCode::kInvalidArgument, "caveat " + std::string(token::WireName(caveat)) + ": " + std::string(what)};
}

Status ValidateNames(const Caveat& caveat, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name.empty()) return Invalid(caveat, "an empty name in the list; leave it out");
    if (!base::IsValidUtf8(name)) return Invalid(caveat, "a name that is not valid UTF-8");
  }
  return {};
}

Status ValidateTools(const Caveat& caveat) {
  if (caveat.tools.empty()) return Invalid(caveat, "the list of tools is empty; name at least one");
  for (const std::string& tool : caveat.tools) {
    if (Status s = token::ValidateGlob(tool, true); !s.ok()) {
      return Invalid(caveat, "the pattern " + token::Quote(tool) + " is malformed: " + s.error().message);
    }
    if (tool.size() > token::kMaxGlobBytes) {
      return Error{ErrorCode::kLimitExceeded, "caveat " + std::string(token::WireName(caveat)) + ": a pattern over " +
                                                  std::to_string(token::kMaxGlobBytes) + " bytes; shorten it"};
    }
  }
  return ValidateNames(caveat, caveat.tools);
}

// RFC 6901: empty, or tokens that start with a slash, with ~ only in ~0 and ~1.
bool IsJsonPointer(std::string_view pointer) {
  if (!pointer.empty() && pointer[0] != '/') return false;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] != '~') continue;
    if (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')) return false;
  }
  return base::IsValidUtf8(pointer);
}

Status ValidateArgument(const Caveat& caveat) {
  if (!IsJsonPointer(caveat.pointer)) {
    return Invalid(caveat, "the argument is not a JSON pointer such as \"/path\"");
  }
  if (!base::IsValidUtf8(caveat.only_for_tool)) return Invalid(caveat, "the tool is not valid UTF-8");
  if (caveat.constraint.size() != 1) return Invalid(caveat, "exactly one constraint is needed; join several with `all`");
  return token::ValidateConstraint(caveat.constraint.front());
}

// A SHA-256 in base64url.
Status ValidateHolder(const Caveat& caveat) {
  const Result<base::Bytes> digest = base::Base64UrlDecode(caveat.holder);
  if (digest.ok() && digest->size() == 32) return {};
  return Invalid(caveat, "the thumbprint is no SHA-256 in base64url (43 characters)");
}

}  // namespace

std::string_view CaveatKindName(CaveatKind kind) {
  const auto place = static_cast<std::size_t>(kind);
  return place < kKindNames.size() ? kKindNames[place] : "unknown";
}

CaveatKind token::CaveatKindFromName(std::string_view name) {
  const auto place = std::find(kKindNames.begin(), kKindNames.end(), name) - kKindNames.begin();
  return static_cast<CaveatKind>(place);
}

bool token::PublicFormatHas(CaveatKind kind, int version) {
  return version == 3 ? kind <= CaveatKind::kStepUp : kind <= CaveatKind::kRiskMax;
}

std::string_view token::WireName(const Caveat& caveat) {
  return caveat.kind == CaveatKind::kUnknown ? std::string_view(caveat.type_name) : CaveatKindName(caveat.kind);
}

Caveat Caveat::Expires(std::int64_t unix_seconds) {
  return MakeNumber(CaveatKind::kExpires, &Caveat::expires, unix_seconds);
}
Caveat Caveat::AgentLock(std::string agent_id) {
  Caveat c = Make(CaveatKind::kAgentLock);
  c.agent = std::move(agent_id);
  return c;
}
Caveat Caveat::ToolAllow(std::vector<std::string> names) {
  return MakeList(CaveatKind::kToolAllow, &Caveat::tools, std::move(names));
}
Caveat Caveat::ToolDeny(std::vector<std::string> names) {
  return MakeList(CaveatKind::kToolDeny, &Caveat::tools, std::move(names));
}
Caveat Caveat::MaxCalls(std::int64_t calls) { return MakeNumber(CaveatKind::kMaxCalls, &Caveat::max_calls, calls); }
Caveat Caveat::StepUp(std::int64_t unix_seconds) {
  return MakeNumber(CaveatKind::kStepUp, &Caveat::step_up_at, unix_seconds);
}
Caveat Caveat::CalleeAllow(std::vector<std::string> ids, std::vector<std::string> zones) {
  Caveat c = MakeList(CaveatKind::kCalleeAllow, &Caveat::callees, std::move(ids));
  c.callee_zones = std::move(zones);
  return c;
}
Caveat Caveat::ServerAllow(std::vector<std::string> names) {
  return MakeList(CaveatKind::kServerAllow, &Caveat::servers, std::move(names));
}
Caveat Caveat::RateLimit(std::int64_t calls_per_minute) {
  return MakeNumber(CaveatKind::kRateLimit, &Caveat::rate_per_min, calls_per_minute);
}
Caveat Caveat::MaxCost(std::int64_t cents) { return MakeNumber(CaveatKind::kMaxCost, &Caveat::max_cents, cents); }
Caveat Caveat::RiskMax(std::int64_t ceiling) { return MakeNumber(CaveatKind::kRiskMax, &Caveat::risk_max, ceiling); }
Caveat Caveat::Argument(std::string json_pointer, Constraint rule, std::string tool) {
  Caveat c = Make(CaveatKind::kArgument);
  c.pointer = std::move(json_pointer);
  c.constraint.push_back(std::move(rule));
  c.only_for_tool = std::move(tool);
  return c;
}

Caveat Caveat::Holder(std::string thumbprint) {
  Caveat c = Make(CaveatKind::kHolder);
  c.holder = std::move(thumbprint);
  return c;
}

std::string Caveat::Describe() const {
  switch (kind) {
    case CaveatKind::kExpires:
      // Beyond this the text form would overflow; such an expiry never comes.
      if (expires > 253'402'300'799 || expires < 0) return "expires at unix second " + std::to_string(expires);
      return "expires " + base::FormatRfc3339Micros(expires * 1'000'000);
    case CaveatKind::kAgentLock: return "only for the agent " + token::Quote(agent);
    case CaveatKind::kToolAllow: return "only the tools " + Names(tools);
    case CaveatKind::kToolDeny: return "not the tools " + Names(tools);
    case CaveatKind::kMaxCalls: return "at most " + std::to_string(max_calls) + " calls";
    case CaveatKind::kStepUp: return "second factor shown at unix second " + std::to_string(step_up_at);
    case CaveatKind::kCalleeAllow: return "only the agents " + Names(callees) + " and the zones " + Names(callee_zones);
    case CaveatKind::kServerAllow: return "only the servers " + Names(servers);
    case CaveatKind::kRateLimit: return "at most " + std::to_string(rate_per_min) + " calls a minute";
    case CaveatKind::kMaxCost: return "costs at most " + std::to_string(max_cents) + " cents";
    case CaveatKind::kRiskMax: return "risk at most " + std::to_string(risk_max);
    case CaveatKind::kArgument: {
      std::string out = "the argument " + token::Quote(pointer);
      if (!only_for_tool.empty()) out += " of " + token::Quote(only_for_tool);
      return out + (constraint.empty() ? std::string(" has no constraint") : " " + constraint.front().Describe());
    }
    case CaveatKind::kHolder: return "only with a proof of the key " + token::Quote(holder);
    case CaveatKind::kUnknown: break;
  }
  return "of an unknown type, always refuses: " + token::Quote(type_name);
}

Status Caveat::Validate() const {
  switch (kind) {
    case CaveatKind::kExpires:
      return expires > 0 ? Status() : Invalid(*this, "the expiry is no time after 1970");
    case CaveatKind::kAgentLock:
      if (agent.empty()) return Invalid(*this, "the agent is empty");
      return ValidateNames(*this, {agent});
    case CaveatKind::kToolAllow:
    case CaveatKind::kToolDeny: return ValidateTools(*this);
    case CaveatKind::kMaxCalls:
      return max_calls > 0 ? Status() : Invalid(*this, "needs at least 1; to allow no call at all, revoke the token");
    case CaveatKind::kStepUp:
      return step_up_at > 0 ? Status() : Invalid(*this, "the time is no time after 1970");
    case CaveatKind::kCalleeAllow:
      if (callees.empty() && callee_zones.empty()) return Invalid(*this, "both lists are empty; name an agent or a zone");
      if (Status s = ValidateNames(*this, callees); !s.ok()) return s;
      return ValidateNames(*this, callee_zones);
    case CaveatKind::kServerAllow:
      if (servers.empty()) return Invalid(*this, "the list of servers is empty; name at least one");
      return ValidateNames(*this, servers);
    case CaveatKind::kRateLimit:
      return rate_per_min > 0 ? Status() : Invalid(*this, "needs at least 1; to allow no call at all, revoke the token");
    case CaveatKind::kMaxCost: return max_cents >= 0 ? Status() : Invalid(*this, "a negative amount");
    case CaveatKind::kRiskMax: return risk_max >= 0 ? Status() : Invalid(*this, "a negative ceiling");
    case CaveatKind::kArgument: return ValidateArgument(*this);
    case CaveatKind::kHolder: return ValidateHolder(*this);
    case CaveatKind::kUnknown: break;
  }
  return Invalid(*this, "this type is unknown");
}

}  // namespace intentgate
