#include "mcp/param_headers.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/utf8.h"
#include "http/syntax.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kBase64Begin = "=?base64?";
constexpr std::string_view kBase64End = "?=";
constexpr std::size_t kMaxDepth = 16;

void Collect(const json::Value& schema, std::vector<std::string>& path, std::vector<ParamHeader>& out) {
  const json::Value* properties = schema.Find("properties");
  if (properties == nullptr || !properties->is_object() || path.size() >= kMaxDepth) return;
  for (const json::Member& member : properties->object()) {
    path.push_back(member.name);
    const json::Value* name = member.value.Find("x-mcp-header");
    if (name != nullptr && name->is_string() && http::IsToken(name->string_value()) && out.size() < kMaxParamHeaders) {
      out.push_back({name->string_value(), path});
    }
    Collect(member.value, path, out);
    path.pop_back();
  }
}

const json::Value* AtPath(const json::Value* value, const std::vector<std::string>& path) {
  for (const std::string& step : path) {
    if (value == nullptr) return nullptr;
    value = value->Find(step);
  }
  return value;
}

bool IsVisible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
}

bool IsNumber(const std::string& text) { return json::Value::NumberFromText(text).ok(); }

// Texts and truth values as they are written, numbers by value.
bool Equals(const json::Value& value, const std::string& text) {
  if (value.is_string()) return value.string_value() == text;
  if (value.is_bool()) return text == (value.bool_value() ? "true" : "false");
  return IsNumber(text) && json::CompareNumbers(value.number_text(), text) == 0;
}

// The one field of that name, decoded; or what is wrong with it.
std::optional<std::string> CheckField(const http::HeaderList& headers, const std::string& name, const json::Value& value) {
  if (headers.Count(name) != 1) return "the header " + name + " must be there once, because the body has its value";
  // Readers of header fields disagree about other bytes.
  if (!IsVisible(*headers.Get(name))) return "the header " + name + " holds more than visible ASCII: write its value as =?base64?...?=";
  const std::optional<std::string> text = DecodeHeaderValue(*headers.Get(name));
  if (!text) return "the header " + name + " has a malformed base64 value";
  if (!Equals(value, *text)) return "the header " + name + " differs from the body";
  return std::nullopt;
}

}  // namespace

std::vector<ParamHeader> ReadParamHeaders(const json::Value& tool) {
  std::vector<ParamHeader> out;
  std::vector<std::string> path;
  if (const json::Value* schema = tool.Find("inputSchema")) Collect(*schema, path, out);
  return out;
}

std::optional<std::string> DecodeHeaderValue(std::string_view value) {
  if (!value.starts_with(kBase64Begin) || !value.ends_with(kBase64End) ||
      value.size() < kBase64Begin.size() + kBase64End.size()) {
    return std::string(value);
  }
  value.remove_prefix(kBase64Begin.size());
  value.remove_suffix(kBase64End.size());
  const Result<base::Bytes> bytes = base::Base64Decode(value);
  if (!bytes.ok() || !base::IsValidUtf8(base::AsText(*bytes))) return std::nullopt;
  return std::string(base::AsText(*bytes));
}

std::string EncodeHeaderValue(std::string_view text) {
  const bool plain = !text.empty() && text.front() != ' ' && text.back() != ' ' && !text.starts_with(kBase64Begin) &&
                     std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (plain) return std::string(text);
  return std::string(kBase64Begin) + base::Base64Encode(base::AsBytes(text)) + std::string(kBase64End);
}

std::optional<std::string> CheckStandardHeaders(const http::HeaderList& headers, const Method& method, const json::Value* params) {
  if (headers.Count("Mcp-Method") != 1) return "the header Mcp-Method must be there once";
  if (*headers.Get("Mcp-Method") != method.name) return "the header Mcp-Method differs from the body";
  if (method.name_member.empty()) return std::nullopt;
  const json::Value* name = params == nullptr ? nullptr : params->Find(method.name_member);
  if (name == nullptr || !name->is_string()) return std::nullopt;  // refused for that by its own rule
  return CheckField(headers, "Mcp-Name", *name);
}

std::optional<std::string> CheckParamHeaders(const http::HeaderList& headers, const std::vector<ParamHeader>& wanted,
                                             const json::Value* arguments) {
  for (const ParamHeader& header : wanted) {
    const json::Value* value = AtPath(arguments, header.path);
    const std::string name = "Mcp-Param-" + header.name;
    if (value == nullptr || value->is_null() || value->is_array() || value->is_object()) {
      if (headers.Count(name) != 0) return "the header " + name + " has a value that the body has not: leave it out";
      continue;
    }
    if (auto problem = CheckField(headers, name, *value)) return problem;
  }
  return std::nullopt;
}

}  // namespace intentgate::mcp
