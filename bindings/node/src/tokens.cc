#include "tokens.h"

#include <intentgate/caveat_list.h>
#include <intentgate/clock.h>
#include <intentgate/token.h>

#include "convert.h"
#include "key_ring.h"

namespace intentgate::node {
namespace {

std::string ExplanationJson(const TokenRefusal* refusal, const std::vector<CaveatAnswer>& answers) {
  json::Array caveats;
  for (const CaveatAnswer& answer : answers) {
    json::Value row = json::MakeObject(
        {{"hop", static_cast<std::int64_t>(answer.hop)}, {"holds", answer.holds}, {"text", answer.text}});
    if (answer.caveat_index) row.Set("caveat", static_cast<std::int64_t>(*answer.caveat_index));
    if (answer.reason) row.Set("code", ReasonName(*answer.reason));
    caveats.push_back(std::move(row));
  }
  return json::Write(json::MakeObject({{"allowed", refusal == nullptr},
                                       {"code", ReasonName(refusal == nullptr ? Reason::kAllowed : refusal->reason)},
                                       {"reason", refusal == nullptr ? std::string("every caveat holds") : refusal->message},
                                       {"caveats", json::Value(std::move(caveats))}}));
}

Napi::Value GenerateKey(const Napi::CallbackInfo& info) {
  const auto random = SystemRandom();
  const Result<std::string> line = GenerateKeyLine(Text(info, 0), *random);
  if (!line.ok()) return Throw(info.Env(), line.error()), info.Env().Undefined();
  return Napi::String::New(info.Env(), *line);
}

// mint(ring, requestJson) -> JSON
Napi::Value MintToken(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const KeyRing* ring = RingAt(info, 0);
  if (ring == nullptr) return env.Undefined();
  const Result<json::Value> parsed = json::Parse(Text(info, 1));
  if (!parsed.ok()) return Throw(env, parsed.error()), env.Undefined();
  Result<std::vector<Caveat>> caveats = Caveats(*parsed);
  if (!caveats.ok()) return Throw(env, caveats.error()), env.Undefined();
  const std::int64_t format = Integer(*parsed, "format").value_or(5);
  if (format < 3 || format > 5) return Throw(env, "invalid_argument", "format must be 3, 4 or 5"), env.Undefined();
  MintRequest request;
  request.format = static_cast<TokenFormat>(format);
  request.subject = Member(*parsed, "subject");
  request.tenant = Member(*parsed, "tenant", "default");
  request.issuer = Member(*parsed, "issuer", "intentgate");
  request.zone = Member(*parsed, "zone", "default");
  request.audience = Member(*parsed, "audience");
  request.ttl_seconds = Integer(*parsed, "ttl");
  request.not_before = Integer(*parsed, "notBefore");
  request.max_depth = Integer(*parsed, "maxDepth");
  request.caveats = std::move(*caveats);
  const auto random = SystemRandom();
  const Result<MintedToken> minted = Mint(*ring, request, *SystemClock(), *random);
  if (!minted.ok()) return Throw(env, minted.error()), env.Undefined();
  json::Value out = json::MakeObject({{"token", minted->token}, {"jti", minted->jti}});
  if (minted->expires_at) out.Set("expiresAt", *minted->expires_at);
  return Napi::String::New(env, json::Write(out));
}

Napi::Value Child(const Napi::CallbackInfo& info, const std::vector<Caveat>& caveats, const AttenuateOptions& options) {
  const Napi::Env env = info.Env();
  const auto* data = env.GetInstanceData<AddonData>();
  const Result<std::string> child = Attenuate(SmallText(info, 0).view(), caveats, options, *data->clock, *data->random);
  if (!child.ok()) return Throw(env, child.error()), env.Undefined();
  // A token is ASCII, which needs no decoding.
  napi_value text = nullptr;
  if (napi_create_string_latin1(env, child->data(), child->size(), &text) != napi_ok) return env.Undefined();
  return Napi::Value(env, text);
}

// attenuate(token, caveatsJson[, expiresIn or undefined, seal, label]) -> token
Napi::Value AttenuateToken(const Napi::CallbackInfo& info) {
  const Result<std::vector<Caveat>> caveats = CaveatsFromJson(SmallText(info, 1).view());
  if (!caveats.ok()) return Throw(info.Env(), caveats.error()), info.Env().Undefined();
  AttenuateOptions options;
  if (info.Length() > 2) {
    if (info[2].IsNumber()) options.expires_in_seconds = info[2].As<Napi::Number>().Int64Value();
    options.seal = info[3].IsBoolean() && info[3].As<Napi::Boolean>().Value();
    options.label = Text(info, 4);
  }
  return Child(info, *caveats, options);
}

Napi::Value DecodeToken(const Napi::CallbackInfo& info) {
  const Result<TokenContent> content = Decode(Text(info, 0));
  if (!content.ok()) return Throw(info.Env(), content.error()), info.Env().Undefined();
  return Napi::String::New(info.Env(), json::Write(content->ToJson()));
}

// verify(token, ring, audience): throws the refusal. What the token says is for decode: most callers do not ask.
Napi::Value VerifyToken(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const KeyRing* ring = RingAt(info, 1);
  if (ring == nullptr) return env.Undefined();
  VerifyOptions options;
  options.audience = Text(info, 2);
  const VerifyResult result = Verify(Text(info, 0), *ring, options, *SystemClock());
  if (!result.ok()) Throw(env, result.refusal());
  return env.Undefined();
}

// check(token, ring, tool, argsJson, now, agent): throws the refusal
Napi::Value CheckCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const KeyRing* ring = RingAt(info, 1);
  if (ring == nullptr) return env.Undefined();
  const auto clock = SystemClock();
  const VerifyResult result = Verify(Text(info, 0), *ring, {}, *clock);
  if (!result.ok()) return Throw(env, result.refusal()), env.Undefined();
  const Result<json::Value> arguments = json::Parse(info[3].IsString() ? Text(info, 3) : "null");
  if (!arguments.ok()) return Throw(env, arguments.error()), env.Undefined();
  const std::string tool = Text(info, 2), agent = Text(info, 5);
  CaveatContext context;
  context.tool = tool;
  context.arguments = arguments->is_null() ? nullptr : &*arguments;
  context.agent = agent;
  context.now = info[4].IsNumber() ? info[4].As<Napi::Number>().Int64Value() : clock->UnixSeconds();
  if (const auto refusal = CheckCaveats(result.token(), context)) Throw(env, *refusal);
  return env.Undefined();
}

// explain(token, ring, tool, argsJson, now, agent) -> JSON
Napi::Value ExplainCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const KeyRing* ring = RingAt(info, 1);
  if (ring == nullptr) return env.Undefined();
  const auto clock = SystemClock();
  const Result<json::Value> arguments = json::Parse(IsText(info, 3) ? Text(info, 3) : "null");
  if (!arguments.ok()) return Throw(env, arguments.error()), env.Undefined();
  const VerifyResult result = Verify(Text(info, 0), *ring, {}, *clock);
  if (!result.ok()) return Napi::String::New(env, ExplanationJson(&result.refusal(), {}));
  const std::string tool = Text(info, 2), agent = Text(info, 5);
  CaveatContext context;
  context.tool = tool;
  context.arguments = arguments->is_null() ? nullptr : &*arguments;
  context.agent = agent;
  context.now = info[4].IsNumber() ? info[4].As<Napi::Number>().Int64Value() : clock->UnixSeconds();
  const auto refusal = CheckCaveats(result.token(), context);
  return Napi::String::New(env, ExplanationJson(refusal ? &*refusal : nullptr, ExplainCaveats(result.token(), context)));
}

}  // namespace

void ExportTokenFunctions(Napi::Env env, Napi::Object exports) {
  exports.Set("generateKeyLine", Napi::Function::New<&GenerateKey>(env));
  exports.Set("mint", Napi::Function::New<&MintToken>(env));
  exports.Set("attenuate", Napi::Function::New<&AttenuateToken>(env));
  exports.Set("decode", Napi::Function::New<&DecodeToken>(env));
  exports.Set("verify", Napi::Function::New<&VerifyToken>(env));
  exports.Set("check", Napi::Function::New<&CheckCall>(env));
  exports.Set("explain", Napi::Function::New<&ExplainCall>(env));
}

}  // namespace intentgate::node
