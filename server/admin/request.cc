#include "admin/request.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace intentgate::admin {
namespace {

Error Invalid(std::string what) { return Error{ErrorCode::kInvalidArgument, std::move(what)}; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> DecodeQueryText(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return Error{ErrorCode::kMalformed, "the query holds a broken percent escape"};
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  if (!base::IsValidUtf8(out)) return Error{ErrorCode::kMalformed, "the query is not UTF-8"};
  return out;
}

const json::Value* Present(const json::Value& body, std::string_view name) {
  const json::Value* value = body.Find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

}  // namespace

Reply Reply::Error(int status, std::string_view message) {
  return {status, json::MakeObject({{"error", message}})};
}

Reply Reply::FromError(const intentgate::Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsupportedVersion:
    case ErrorCode::kLimitExceeded: return Error(400, error.message);
    case ErrorCode::kPermissionDenied: return Error(403, error.message);
    case ErrorCode::kNotFound: return Error(404, error.message);
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict: return Error(409, error.message);
    case ErrorCode::kInternal: return Error(500, "internal error");
    default: return Error(503, "the store is not available");
  }
}

Result<std::map<std::string, std::string>> ParseQuery(std::string_view query) {
  std::map<std::string, std::string> out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    Result<std::string> name = DecodeQueryText(pair.substr(0, equals));
    Result<std::string> value = DecodeQueryText(pair.substr(std::min(equals + 1, pair.size())));
    if (!name.ok()) return name.error();
    if (!value.ok()) return value.error();
    if (!out.emplace(*name, std::move(*value)).second) {
      return intentgate::Error{ErrorCode::kMalformed, "the parameter " + *name + " appears twice"};
    }
  }
  return out;
}

Result<json::Value> ReadBody(const Request& request, std::initializer_list<std::string_view> members) {
  Result<json::Value> body = json::Parse(request.body, {.max_bytes = kMaxAdminBodyBytes, .max_depth = 32});
  if (!body.ok()) return body;
  if (!body->is_object()) return Invalid("the body must be a JSON object");
  for (const json::Member& member : body->object()) {
    if (std::find(members.begin(), members.end(), member.name) == members.end()) {
      return Invalid("unknown member \"" + member.name + "\"");
    }
  }
  return body;
}

Status KnownParameters(const Request& request, std::initializer_list<std::string_view> names) {
  for (const auto& [name, value] : request.query) {
    if (std::find(names.begin(), names.end(), name) == names.end()) return Invalid("unknown parameter \"" + name + "\"");
  }
  return {};
}

Result<std::optional<std::string>> TextMember(const json::Value& body, std::string_view name) {
  const json::Value* value = Present(body, name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return Invalid(std::string(name) + " must be a string");
  return std::optional<std::string>(value->string_value());
}

Result<std::optional<std::int64_t>> IntegerMember(const json::Value& body, std::string_view name) {
  const json::Value* value = Present(body, name);
  if (value == nullptr) return std::optional<std::int64_t>();
  if (!value->AsInt64()) return Invalid(std::string(name) + " must be a whole number");
  return value->AsInt64();
}

Result<std::optional<bool>> BoolMember(const json::Value& body, std::string_view name) {
  const json::Value* value = Present(body, name);
  if (value == nullptr) return std::optional<bool>();
  if (!value->is_bool()) return Invalid(std::string(name) + " must be true or false");
  return std::optional<bool>(value->bool_value());
}

Result<std::vector<std::string>> TextsMember(const json::Value& body, std::string_view name) {
  std::vector<std::string> out;
  const json::Value* value = Present(body, name);
  if (value == nullptr) return out;
  if (!value->is_array()) return Invalid(std::string(name) + " must be a list of strings");
  for (const json::Value& element : value->array()) {
    if (!element.is_string()) return Invalid(std::string(name) + " must be a list of strings");
    out.push_back(element.string_value());
  }
  return out;
}

Result<std::int64_t> IntegerParameter(const Request& request, const std::string& name, std::int64_t fallback,
                                      std::int64_t min, std::int64_t max) {
  const auto found = request.query.find(name);
  if (found == request.query.end() || found->second.empty()) return fallback;
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return Invalid(name + " must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return value;
}

std::string TextParameter(const Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

Result<std::string> TenantFor(const Request& request, std::string_view asked) {
  if (request.who.is_superadmin()) return std::string(asked);
  if (!asked.empty() && asked != request.who.tenant) {
    return intentgate::Error{ErrorCode::kPermissionDenied, "this admin token is for another tenant"};
  }
  return request.who.tenant;
}

}  // namespace intentgate::admin
