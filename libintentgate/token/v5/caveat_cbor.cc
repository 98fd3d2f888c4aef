// A caveat is an array: its type (the number of its CaveatKind), then its parts.

#include "token/v5/caveat_cbor.h"

#include "token/caveat_members.h"
#include "token/v5/constraint_cbor.h"

namespace intentgate::token {
namespace {

Status WriteNumber(const Caveat& caveat, std::int64_t number, CborWriter& out) {
  if (number < 0) {
    return Error{ErrorCode::kInvalidArgument, "caveat " + std::string(WireName(caveat)) + ": a negative number"};
  }
  out.Array(2);
  out.Unsigned(static_cast<std::uint64_t>(caveat.kind));
  out.Integer(number);
  return {};
}

void WriteTexts(const Caveat& caveat, const std::vector<std::string>& texts, CborWriter& out) {
  out.Array(1 + texts.size());
  out.Unsigned(static_cast<std::uint64_t>(caveat.kind));
  for (const std::string& text : texts) out.Text(text);
}

void WriteCallees(const Caveat& caveat, CborWriter& out) {
  out.Array(3);
  out.Unsigned(static_cast<std::uint64_t>(caveat.kind));
  for (const auto* list : {&caveat.callees, &caveat.callee_zones}) {
    out.Array(list->size());
    for (const std::string& text : *list) out.Text(text);
  }
}

Status WriteArgument(const Caveat& caveat, CborWriter& out) {
  if (caveat.constraint.size() != 1) {
    return Error{ErrorCode::kInvalidArgument, "caveat arg: exactly one constraint is needed"};
  }
  out.Array(caveat.only_for_tool.empty() ? 3 : 4);
  out.Unsigned(static_cast<std::uint64_t>(caveat.kind));
  out.Text(caveat.pointer);
  if (Status s = WriteConstraint(caveat.constraint.front(), out, kMaxCaveatNesting - 1); !s.ok()) return s;
  if (!caveat.only_for_tool.empty()) out.Text(caveat.only_for_tool);
  return {};
}

bool ReadTexts(CborReader& in, std::size_t count, std::vector<std::string>& out) {
  out.reserve(count);
  for (; count > 0; --count) {
    if (!in.Text(out.emplace_back())) return false;
  }
  return true;
}

bool ReadTextList(CborReader& in, std::vector<std::string>& out) {
  std::size_t count = 0;
  return in.Array(count) && ReadTexts(in, count, out);
}

bool ReadArgument(CborReader& in, std::size_t parts, Caveat& out) {
  if (parts != 2 && parts != 3) return in.Fail("an argument caveat without a pointer and a constraint");
  if (!in.Text(out.pointer)) return false;
  const ConstraintRead read = ReadConstraint(in, out.constraint.emplace_back(), kMaxCaveatNesting - 1);
  if (read == ConstraintRead::kFailed) return false;
  if (parts == 3) {
    if (!in.Text(out.only_for_tool)) return false;
    if (out.only_for_tool.empty()) return in.Fail("an empty tool written out");
  }
  if (read == ConstraintRead::kUnknownKind) {
    out = Caveat();
    out.type_name = "arg with an unknown constraint";
  }
  return true;
}

bool ReadUnknown(CborReader& in, std::uint64_t type, std::size_t parts, Caveat& out) {
  out.kind = CaveatKind::kUnknown;
  out.type_name = "type-" + std::to_string(type);
  for (; parts > 0; --parts) {
    if (!in.Skip(kMaxCaveatNesting - 1)) return false;
  }
  return true;
}

// Where the parts of a kind go; null for those with a shape of their own.
std::int64_t Caveat::*NumberOf(CaveatKind kind) {
  switch (kind) {
    case CaveatKind::kExpires: return &Caveat::expires;
    case CaveatKind::kMaxCalls: return &Caveat::max_calls;
    case CaveatKind::kStepUp: return &Caveat::step_up_at;
    case CaveatKind::kRateLimit: return &Caveat::rate_per_min;
    case CaveatKind::kMaxCost: return &Caveat::max_cents;
    case CaveatKind::kRiskMax: return &Caveat::risk_max;
    default: return nullptr;
  }
}

}  // namespace

Status WriteCaveat(const Caveat& caveat, CborWriter& out) {
  if (auto number = NumberOf(caveat.kind)) return WriteNumber(caveat, caveat.*number, out);
  switch (caveat.kind) {
    case CaveatKind::kAgentLock: WriteTexts(caveat, {caveat.agent}, out); return {};
    case CaveatKind::kToolAllow:
    case CaveatKind::kToolDeny: WriteTexts(caveat, caveat.tools, out); return {};
    case CaveatKind::kServerAllow: WriteTexts(caveat, caveat.servers, out); return {};
    case CaveatKind::kCalleeAllow: WriteCallees(caveat, out); return {};
    case CaveatKind::kArgument: return WriteArgument(caveat, out);
    case CaveatKind::kHolder: WriteTexts(caveat, {caveat.holder}, out); return {};
    default: break;
  }
  return Error{ErrorCode::kInvalidArgument, "a caveat of unknown type has no v5 form"};
}

bool ReadCaveat(CborReader& in, Caveat& out) {
  std::size_t count = 0;
  std::uint64_t type = 0;
  if (!in.Array(count)) return false;
  if (count == 0) return in.Fail("a caveat without a type");
  if (!in.Unsigned(type)) return false;
  const std::size_t parts = count - 1;
  if (type > static_cast<std::uint64_t>(CaveatKind::kHolder)) return ReadUnknown(in, type, parts, out);
  out.kind = static_cast<CaveatKind>(type);
  out.type_name = CaveatKindName(out.kind);
  if (auto number = NumberOf(out.kind)) {
    return parts == 1 ? in.NonNegative(out.*number) : in.Fail("a caveat that needs exactly one number");
  }
  switch (out.kind) {
    case CaveatKind::kAgentLock: return parts == 1 ? in.Text(out.agent) : in.Fail("an agent lock without one agent");
    case CaveatKind::kToolAllow:
    case CaveatKind::kToolDeny: return ReadTexts(in, parts, out.tools);
    case CaveatKind::kServerAllow: return ReadTexts(in, parts, out.servers);
    case CaveatKind::kCalleeAllow:
      if (parts != 2) return in.Fail("a callee caveat without two lists");
      return ReadTextList(in, out.callees) && ReadTextList(in, out.callee_zones);
    case CaveatKind::kHolder: return parts == 1 ? in.Text(out.holder) : in.Fail("a holder caveat without one thumbprint");
    default: return ReadArgument(in, parts, out);
  }
}

}  // namespace intentgate::token
