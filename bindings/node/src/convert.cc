#include "convert.h"

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

std::string Text(const Napi::CallbackInfo& info, std::size_t index) {
  const Napi::Value value = info[index];
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
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

}  // namespace intentgate::node
