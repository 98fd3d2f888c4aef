#include "mcp/target.h"

#include <algorithm>

#include "base/encoding.h"
#include "mcp/param_headers.h"

namespace intentgate::mcp {
namespace {

using Kind = Directory::Kind;

struct Named {
  Kind kind = Kind::kTool;
  std::string_view name;
};

std::string_view TextAt(const json::Value* value, std::string_view pointer) {
  const json::Value* at = value == nullptr ? nullptr : value->AtPointer(pointer);
  return at != nullptr && at->is_string() ? std::string_view(at->string_value()) : std::string_view();
}

Named WhatIsNamed(const ToolCall& call) {
  if (call.method == "tools/call") return {Kind::kTool, call.name};
  if (call.method == "prompts/get") return {Kind::kPrompt, TextAt(call.arguments, "/name")};
  if (call.method != "completion/complete") return {Kind::kResource, TextAt(call.arguments, "/uri")};
  if (TextAt(call.arguments, "/ref/type") == "ref/prompt") return {Kind::kPrompt, TextAt(call.arguments, "/ref/name")};
  return {Kind::kTemplate, TextAt(call.arguments, "/ref/uri")};
}

}  // namespace

std::optional<Target> FindTarget(const Directory& directory, const ToolCall& call) {
  if (!directory.merged()) return Target{};
  const Named named = WhatIsNamed(call);
  const auto upstream = directory.Find(named.kind, named.name);
  if (!upstream) return std::nullopt;
  Target target{*upstream, std::nullopt};
  std::string own = directory.Own(named.kind, *upstream, named.name);
  if (own != named.name) target.own_name = std::move(own);
  return target;
}

json::Value WithOwnName(json::Value body, std::string_view method, const std::string& own_name) {
  json::Value* params = body.Find("params");
  json::Value* named = method == "completion/complete" ? params->Find("ref") : params;
  named->Set("name", own_name);
  return body;
}

void SetOwnName(http::HeaderList& headers, const std::string& own_name) {
  if (headers.Get("Mcp-Name")) headers.Set("Mcp-Name", EncodeHeaderValue(own_name));
}

}  // namespace intentgate::mcp
