#include "convert.h"

#include <array>
#include <utility>

namespace intentgate::node {

void Throw(Napi::Env env, std::string_view code, const std::string& message, const json::Value& details) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, std::string(code)));
  if (!details.is_null()) error.Set("details", Napi::String::New(env, json::Write(details)));
  error.ThrowAsJavaScriptException();
}

void Throw(Napi::Env env, const Error& error) { Throw(env, ErrorCodeName(error.code), error.message); }

void Throw(Napi::Env env, const TokenRefusal& refusal) {
  json::Value details = json::MakeObject({{"refused", true}});
  if (refusal.caveat_index) details.Set("caveat", static_cast<std::int64_t>(*refusal.caveat_index));
  if (refusal.hop) details.Set("hop", static_cast<std::int64_t>(*refusal.hop));
  Throw(env, ReasonName(refusal.reason), refusal.message, details);
}

SmallText::SmallText(const Napi::CallbackInfo& info, std::size_t index) {
  const napi_env env = info.Env();
  const napi_value value = info[index];
  std::size_t size = 0;
  if (napi_get_value_string_utf8(env, value, small_.data(), small_.size(), &size) != napi_ok) return;
  // A cut ends before a whole character, so at most three bytes short of the room without the NUL.
  if (size < small_.size() - 4) {
    view_ = {small_.data(), size};
    return;
  }
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) return;
  large_.resize(size);
  if (napi_get_value_string_utf8(env, value, large_.data(), size + 1, &size) == napi_ok) view_ = large_;
}

std::string Text(const Napi::CallbackInfo& info, std::size_t index) { return std::string(SmallText(info, index).view()); }

bool IsText(const Napi::CallbackInfo& info, std::size_t index) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(info.Env(), info[index], &type) == napi_ok && type == napi_string;
}

std::string Member(const json::Value& request, std::string_view name, std::string fallback) {
  const json::Value* value = request.Find(name);
  return value != nullptr && value->is_string() ? value->string_value() : std::move(fallback);
}

std::optional<std::int64_t> Integer(const json::Value& request, std::string_view name) {
  const json::Value* value = request.Find(name);
  return value == nullptr ? std::nullopt : value->AsInt64();
}

Result<std::vector<Caveat>> Caveats(const json::Value& request) {
  std::vector<Caveat> out;
  const json::Value* list = request.Find("caveats");
  if (list == nullptr) return out;
  if (!list->is_array()) return Error{ErrorCode::kInvalidArgument, "caveats must be an array"};
  for (const json::Value& item : list->array()) {
    Result<Caveat> caveat = Caveat::FromJson(item);
    if (!caveat.ok()) return caveat.error();
    out.push_back(std::move(*caveat));
  }
  return out;
}

Result<Sources> ReadSources(const std::string& text) {
  const Error wrong{ErrorCode::kInvalidArgument, "policy must be texts with names"};
  // A policy may be as large as the compiler allows.
  const Result<json::Value> parsed = json::Parse(text, {.max_bytes = std::size_t{64} << 20, .max_depth = 4});
  if (!parsed.ok()) return Error{ErrorCode::kInvalidArgument, "policy: " + parsed.error().message};
  if (!parsed->is_array()) return wrong;
  Sources sources;
  for (const json::Value& row : parsed->array()) {
    if (!row.is_array() || row.array().size() != 2 || !row.array()[0].is_string() || !row.array()[1].is_string()) return wrong;
    sources.emplace_back(row.array()[0].string_value(), row.array()[1].string_value());
  }
  return sources;
}

}  // namespace intentgate::node
