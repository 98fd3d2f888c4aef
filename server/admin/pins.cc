#include "admin/pins.h"

#include <algorithm>

#include "admin/resources.h"

namespace intentgate::admin {
namespace {

constexpr std::size_t kMaxDigestBytes = 64;

Reply Off() { return Reply::Error(404, "no tool definitions are pinned; set mcp.tool_pins"); }
Reply NotYours() { return Reply::Error(403, "tool definitions are every tenant's; only the superadmin may see and accept them"); }

void AddDefinition(std::string_view name, const std::string& text, json::Value& out) {
  const Result<json::Value> parsed = json::Parse(text, {.max_bytes = text.size(), .max_depth = 256});
  if (parsed.ok()) out.Set(name, *parsed);
}

json::Value Shown(const PinRow& row, bool definitions) {
  json::Value out = json::MakeObject({{"tool", row.tool}, {"upstream", row.upstream}, {"state", PinStateName(row.state)}});
  if (!row.sha256.empty()) out.Set("sha256", row.sha256);
  json::Array accepted;
  for (const std::string& digest : row.accepted) accepted.emplace_back(digest);
  out.Set("accepted", std::move(accepted));
  if (!definitions) return out;
  AddDefinition("definition", row.definition, out);
  AddDefinition("accepted_definition", row.accepted_definition, out);
  return out;
}

Result<std::vector<PinWish>> ReadWishes(const json::Value& body) {
  const Error wrong{ErrorCode::kInvalidArgument, "tools must be a list of {tool, sha256}, with the digest that was read"};
  const json::Value* tools = body.Find("tools");
  if (tools == nullptr || !tools->is_array() || tools->array().empty()) return wrong;
  std::vector<PinWish> wishes;
  for (const json::Value& one : tools->array()) {
    const json::Value* tool = one.Find("tool");
    const json::Value* sha256 = one.Find("sha256");
    if (!one.is_object() || one.object().size() != 2 || tool == nullptr || sha256 == nullptr || !tool->is_string() || !sha256->is_string()) return wrong;
    if (sha256->string_value().size() != kMaxDigestBytes) return wrong;
    wishes.push_back({tool->string_value(), sha256->string_value()});
  }
  return wishes;
}

}  // namespace

std::string_view PinStateName(PinState state) {
  switch (state) {
    case PinState::kAccepted: return "accepted";
    case PinState::kQuarantined: return "quarantined";
    case PinState::kAbsent: return "absent";
  }
  return "quarantined";
}

Reply ListPins(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"state", "tool", "upstream", "definitions"}); !known.ok()) return Reply::FromError(known.error());
  if (!request.who.is_superadmin()) return NotYours();
  if (on.pins == nullptr || !on.pins->enabled()) return Off();
  const std::string state = TextParameter(request, "state"), tool = TextParameter(request, "tool"), upstream = TextParameter(request, "upstream");
  const std::string definitions = TextParameter(request, "definitions");
  if (!state.empty() && state != "accepted" && state != "quarantined" && state != "absent") {
    return Reply::Error(400, "state must be one of accepted, quarantined, absent");
  }
  if (!definitions.empty() && definitions != "true" && definitions != "false") return Reply::Error(400, "definitions must be true or false");
  json::Array rows;
  for (const PinRow& row : on.pins->List()) {
    if ((!state.empty() && state != PinStateName(row.state)) || (!tool.empty() && tool != row.tool) || (!upstream.empty() && upstream != row.upstream)) continue;
    rows.push_back(Shown(row, definitions == "true"));
  }
  return {200, json::MakeObject({{"pins", std::move(rows)}})};
}

Reply AcceptPins(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {}); !known.ok()) return Reply::FromError(known.error());
  if (!request.who.is_superadmin()) return NotYours();
  if (on.pins == nullptr || !on.pins->enabled()) return Off();
  const Result<json::Value> body = ReadBody(request, {"tools", "keep"});
  if (!body.ok()) return Reply::FromError(body.error());
  const Result<std::vector<PinWish>> wishes = ReadWishes(*body);
  const auto keep = BoolMember(*body, "keep");
  if (!wishes.ok()) return Reply::FromError(wishes.error());
  if (!keep.ok()) return Reply::FromError(keep.error());
  const Status accepted = on.pins->Accept(*wishes, keep->value_or(false), request.Context());
  // Its message names no path, and the operator needs it.
  if (!accepted.ok() && accepted.error().code == ErrorCode::kIo) return Reply::Error(503, accepted.error().message);
  if (!accepted.ok()) return Reply::FromError(accepted.error());
  return {200, json::MakeObject({{"accepted", static_cast<std::int64_t>(wishes->size())}})};
}

}  // namespace intentgate::admin
