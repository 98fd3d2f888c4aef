#include "token/caveat_json.h"

#include <algorithm>
#include <array>

#include "token/caveat_members.h"
#include "token/quote.h"

namespace intentgate {
namespace token {
namespace {

constexpr std::array<std::string_view, 12> kPublicNames = {
    "t", "tools", "agent", "exp", "max_calls", "step_up_at", "callees", "callee_zones", "servers", "rate_per_min",
    "max_cents", "risk_max"};
constexpr std::array<std::string_view, 4> kArgumentNames = {"t", "at", "is", "tool"};
constexpr std::array<std::string_view, 2> kHolderNames = {"t", "jkt"};

Error Malformed(std::string what) { return Error{ErrorCode::kMalformed, "caveat: " + std::move(what)}; }

Error WrongType(std::string_view member, std::string_view wanted) {
  return Malformed("the member \"" + std::string(member) + "\" is no " + std::string(wanted));
}

Status ReadMember(const json::Value& value, const CaveatMember& member, Caveat& out) {
  if (member.number != nullptr) {
    const std::optional<std::int64_t> number = ReadInteger(value);
    if (!number) return WrongType(member.name, "64-bit integer");
    out.*member.number = *number;
  } else if (member.text != nullptr) {
    if (!value.is_string()) return WrongType(member.name, "string");
    out.*member.text = value.string_value();
  } else {
    if (!value.is_array()) return WrongType(member.name, "list of strings");
    for (const json::Value& element : value.array()) {
      if (!element.is_string()) return WrongType(member.name, "list of strings");
      (out.*member.list).push_back(element.string_value());
    }
  }
  return {};
}

Result<Caveat> ReadArgumentCaveat(const json::Value& value) {
  if (Status s = json::RefuseCaseVariants(value, kArgumentNames); !s.ok()) return s.error();
  std::string pointer, tool;
  std::optional<Constraint> rule;
  for (const json::Member& member : value.object()) {
    if (member.name == "t") continue;
    if (member.name == "is") {
      Result<Constraint> read = Constraint::FromJson(member.value);
      if (!read.ok()) return read.error();
      rule = std::move(*read);
    } else if (member.name == "at" || member.name == "tool") {
      if (!member.value.is_string()) return WrongType(member.name, "string");
      (member.name == "at" ? pointer : tool) = member.value.string_value();
    } else {
      return Malformed("unknown member " + Quote(member.name));
    }
  }
  if (value.Find("at") == nullptr) return Malformed("the member \"at\" is missing");
  if (!rule) return Malformed("the member \"is\" is missing");
  return Caveat::Argument(std::move(pointer), std::move(*rule), std::move(tool));
}

Result<Caveat> ReadHolderCaveat(const json::Value& value) {
  if (Status s = json::RefuseCaseVariants(value, kHolderNames); !s.ok()) return s.error();
  for (const json::Member& member : value.object()) {
    if (member.name != "t" && member.name != "jkt") return Malformed("unknown member " + Quote(member.name));
  }
  const json::Value* thumbprint = value.Find("jkt");
  if (thumbprint == nullptr) return Malformed("the member \"jkt\" is missing");
  if (!thumbprint->is_string()) return WrongType("jkt", "string");
  return Caveat::Holder(thumbprint->string_value());
}

}  // namespace

bool MemberBelongs(CaveatKind kind, std::string_view name) {
  switch (kind) {
    case CaveatKind::kExpires: return name == "exp";
    case CaveatKind::kAgentLock: return name == "agent";
    case CaveatKind::kToolAllow:
    case CaveatKind::kToolDeny: return name == "tools";
    case CaveatKind::kMaxCalls: return name == "max_calls";
    case CaveatKind::kStepUp: return name == "step_up_at";
    case CaveatKind::kCalleeAllow: return name == "callees" || name == "callee_zones";
    case CaveatKind::kServerAllow: return name == "servers";
    case CaveatKind::kRateLimit: return name == "rate_per_min";
    case CaveatKind::kMaxCost: return name == "max_cents";
    case CaveatKind::kRiskMax: return name == "risk_max";
    case CaveatKind::kArgument:
    case CaveatKind::kHolder:
    case CaveatKind::kUnknown: break;
  }
  return true;
}

std::optional<std::int64_t> ReadInteger(const json::Value& value) {
  if (!value.is_number() || value.number_text() == "-0") return std::nullopt;
  return value.AsInt64();
}

Result<Caveat> ReadPublicCaveat(const json::Value& value, int version) {
  if (!value.is_object()) return Malformed("not an object");
  const std::size_t known = version == 3 ? kV3CaveatMembers : kCaveatMembers.size();
  if (Status s = json::RefuseCaseVariants(value, std::span(kPublicNames).first(known + 1)); !s.ok()) return s.error();
  const json::Value* type = value.Find("t");
  if (type == nullptr) return Malformed("the member \"t\" is missing");
  if (!type->is_string()) return WrongType("t", "string");
  Caveat out;
  out.type_name = type->string_value();
  out.kind = CaveatKindFromName(out.type_name);
  if (!PublicFormatHas(out.kind, version)) out.kind = CaveatKind::kUnknown;
  for (const json::Member& member : value.object()) {
    if (member.name == "t") continue;
    const auto* end = kCaveatMembers.data() + known;
    const auto* found =
        std::find_if(kCaveatMembers.data(), end, [&](const CaveatMember& m) { return m.name == member.name; });
    if (found == end) return Malformed("unknown member " + Quote(member.name));
    if (Status s = ReadMember(member.value, *found, out); !s.ok()) return s.error();
  }
  return out;
}

}  // namespace token

json::Value Caveat::ToJson() const {
  json::Object out;
  out.push_back({"t", token::WireName(*this)});
  for (const token::CaveatMember& member : token::kCaveatMembers) {
    const std::string name(member.name);
    if (member.number != nullptr) {
      if (this->*member.number != 0) out.push_back({name, this->*member.number});
    } else if (member.text != nullptr) {
      if (!(this->*member.text).empty()) out.push_back({name, this->*member.text});
    } else if (!(this->*member.list).empty()) {
      json::Array list;
      for (const std::string& text : this->*member.list) list.emplace_back(text);
      out.push_back({name, std::move(list)});
    }
  }
  if (kind == CaveatKind::kArgument) {
    out.push_back({"at", pointer});
    if (!constraint.empty()) out.push_back({"is", constraint.front().ToJson()});
    if (!only_for_tool.empty()) out.push_back({"tool", only_for_tool});
  }
  if (kind == CaveatKind::kHolder) out.push_back({"jkt", holder});
  return out;
}

Result<Caveat> Caveat::FromJson(const json::Value& value) {
  if (!value.is_object()) return token::Malformed("not an object");
  const json::Value* type = value.Find("t");
  if (type != nullptr && type->is_string() && type->string_value() == "arg") return token::ReadArgumentCaveat(value);
  if (type != nullptr && type->is_string() && type->string_value() == "holder") return token::ReadHolderCaveat(value);
  Result<Caveat> caveat = token::ReadPublicCaveat(value, 4);
  if (!caveat.ok()) return caveat;
  for (const json::Member& member : value.object()) {
    if (member.name != "t" && !token::MemberBelongs(caveat->kind, member.name)) {
      return token::Malformed("the member " + token::Quote(member.name) + " does not belong to a caveat of type \"" +
                              caveat->type_name + "\"");
    }
  }
  return caveat;
}

}  // namespace intentgate
