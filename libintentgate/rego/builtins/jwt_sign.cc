// io.jwt.encode_sign and io.jwt.encode_sign_raw.
#include <string>
#include <vector>

#include "base/encoding.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/jwt.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

Value Sign(BuiltinContext& context, std::string_view headers, std::string_view payload, std::string_view jwk) {
  context.Charge(100);
  builtins::ChargeBytes(context, (headers.size() + payload.size() + jwk.size()) * 16);
  const Result<std::vector<crypto::JwsKey>> keys = crypto::ParseJwks(jwk);
  if (!keys.ok()) return context.Error("failed to parse a JWK key (set): " + keys.error().message);
  if (keys->empty()) return context.Error("no keys found in JWK set");

  const std::string bad_alg = "missing or invalid 'alg' header: ";
  if (headers.empty()) return context.Error(bad_alg + "cannot parse JSON: cannot parse empty string");
  const Result<json::Value> parsed = json::Parse(headers);
  if (!parsed.ok() && (headers[0] == '{' || headers[0] == '[')) return context.Error(bad_alg + "cannot parse JSON: " + parsed.error().message);
  const json::Value* alg = parsed.ok() && parsed->is_object() ? parsed->Find("alg") : nullptr;
  if (alg == nullptr || !alg->is_string()) return context.Error(bad_alg + "jwsbb: header \"alg\" not found");
  if (!crypto::IsJwsAlgorithm(alg->string_value())) return context.Error("unknown JWS algorithm: " + alg->string_value());
  const json::Value* typ = parsed->Find("typ");
  const bool is_jwt = typ == nullptr || !typ->is_string() || typ->string_value() == "JWT";
  if (is_jwt && !json::Parse(payload).ok()) return context.Error("type is JWT but payload is not JSON");

  std::string text = base::Base64UrlEncode(base::AsBytes(headers));
  text += '.';
  base::Base64UrlAppend(base::AsBytes(payload), text);
  builtins::ChargeSign(context, keys->front(), text.size());
  const Result<std::vector<std::uint8_t>> signature = crypto::JwsSign(alg->string_value(), keys->front(), base::AsBytes(text));
  if (!signature.ok()) return context.Error(signature.error().message);
  text += '.';
  base::Base64UrlAppend(*signature, text);
  return builtins::MakeString(context, text);
}

Value EncodeSign(BuiltinContext& context, Args args) {
  for (const Value& arg : args) builtins::ChargeTree(context, arg);
  return Sign(context, args[0].ToJsonText(), args[1].ToJsonText(), args[2].ToJsonText());
}

Value EncodeSignRaw(BuiltinContext& context, Args args) { return Sign(context, args[0].string(), args[1].string(), args[2].string()); }

constexpr Builtin kTable[] = {
    MakeBuiltin("io.jwt.encode_sign", EncodeSign, ty::String, kBuiltinNondeterministic, ty::Object, ty::Object, ty::Object),
    MakeBuiltin("io.jwt.encode_sign_raw", EncodeSignRaw, ty::String, kBuiltinNondeterministic, ty::String, ty::String, ty::String),
};

}  // namespace

std::span<const Builtin> JwtSignBuiltins() { return kTable; }

}  // namespace intentgate::rego
