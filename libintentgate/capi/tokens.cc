// Keys and tokens of the C API.

#include <intentgate/clock.h>

#include "capi/objects.h"
#include "capi/request.h"

namespace intentgate::capi {
namespace {

Result<MintRequest> ReadMintRequest(std::string_view text) {
  Request json(text, {"subject", "caveats", "ttl", "format", "tenant", "issuer", "zone", "audience", "not_before", "max_depth"});
  MintRequest request;
  const std::int64_t format = json.Integer("format").value_or(5);
  request.subject = json.Text("subject");
  request.tenant = json.Text("tenant", request.tenant);
  request.issuer = json.Text("issuer", request.issuer);
  request.zone = json.Text("zone", request.zone);
  request.audience = json.Text("audience");
  request.ttl_seconds = json.Integer("ttl");
  request.not_before = json.Integer("not_before");
  request.max_depth = json.Integer("max_depth");
  request.caveats = json.Caveats("caveats");
  if (!json.status().ok()) return json.status().error();
  if (format < 3 || format > 5) return Error{ErrorCode::kInvalidArgument, "format must be 3, 4 or 5"};
  request.format = static_cast<TokenFormat>(format);
  return request;
}

ig_code GiveRing(Result<KeyRing> ring, ig_keys** keys, ig_error** error) {
  return ring.ok() ? Give(keys, ig_keys{*std::move(ring)}) : Fail(error, ring.error());
}

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_generate_key_line(ig_str id, ig_text** line, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(line);
    Result<std::string> made = GenerateKeyLine(View(id), *SystemRandom());
    return made.ok() ? GiveText(line, *std::move(made)) : Fail(error, made.error());
  });
}

ig_code ig_keys_parse(ig_str key_file_text, ig_keys** keys, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    return GiveRing(KeyRing::Parse(View(key_file_text)), keys, error);
  });
}

ig_code ig_keys_from_master_key(ig_str text, ig_keys** keys, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    return GiveRing(KeyRing::FromMasterKey(View(text)), keys, error);
  });
}

void ig_keys_free(ig_keys* keys) { delete keys; }

ig_code ig_mint(const ig_keys* keys, ig_str request_json, ig_text** minted_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    IG_NEED(minted_json);
    const Result<MintRequest> request = ReadMintRequest(View(request_json));
    if (!request.ok()) return Fail(error, request.error());
    const Result<MintedToken> minted = Mint(keys->ring, *request, *SystemClock(), *SystemRandom());
    if (!minted.ok()) return Fail(error, minted.error());
    json::Value out = json::MakeObject({{"token", minted->token}, {"jti", minted->jti}});
    if (minted->expires_at) out.Set("expires_at", *minted->expires_at);
    return GiveText(minted_json, json::Write(out));
  });
}

ig_code ig_attenuate(ig_str token, ig_str request_json, ig_text** child, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(child);
    Request json(View(request_json), {"caveats", "expires_in", "seal", "label"});
    AttenuateOptions options;
    options.expires_in_seconds = json.Integer("expires_in");
    options.seal = json.Flag("seal");
    options.label = json.Text("label");
    const std::vector<Caveat> caveats = json.Caveats("caveats");
    if (!json.status().ok()) return Fail(error, json.status().error());
    Result<std::string> made = Attenuate(View(token), caveats, options, *SystemClock(), *SystemRandom());
    return made.ok() ? GiveText(child, *std::move(made)) : Fail(error, made.error());
  });
}

ig_code ig_decode(ig_str token, ig_text** content_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(content_json);
    const Result<TokenContent> content = Decode(View(token));
    return content.ok() ? GiveText(content_json, json::Write(content->ToJson())) : Fail(error, content.error());
  });
}

ig_code ig_verify(ig_str token, const ig_keys* keys, ig_str audience, ig_text** content_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    IG_NEED(content_json);
    VerifyOptions options;
    options.audience = std::string(View(audience));
    const VerifyResult verified = Verify(View(token), keys->ring, options, *SystemClock());
    if (!verified.ok()) return Fail(error, verified.refusal());
    return GiveText(content_json, json::Write(verified.token().content().ToJson()));
  });
}

ig_code ig_check(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, ig_str agent, int64_t now,
                 ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    const std::shared_ptr<const Clock> clock = SystemClock();
    const VerifyResult verified = Verify(View(token), keys->ring, {}, *clock);
    if (!verified.ok()) return Fail(error, verified.refusal());
    const Result<std::optional<json::Value>> arguments = ReadArguments(View(arguments_json));
    if (!arguments.ok()) return Fail(error, arguments.error());
    CaveatContext context;
    context.tool = View(tool);
    context.arguments = arguments->has_value() ? &**arguments : nullptr;
    context.agent = View(agent);
    context.now = now != 0 ? now : clock->UnixSeconds();
    const std::optional<TokenRefusal> refusal = CheckCaveats(verified.token(), context);
    return refusal ? Fail(error, *refusal) : IG_OK;
  });
}

ig_code ig_explain(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, ig_str agent, int64_t now,
                   ig_text** explanation_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    IG_NEED(explanation_json);
    const std::shared_ptr<const Clock> clock = SystemClock();
    const VerifyResult verified = Verify(View(token), keys->ring, {}, *clock);
    if (!verified.ok()) return Fail(error, verified.refusal());
    const Result<std::optional<json::Value>> arguments = ReadArguments(View(arguments_json));
    if (!arguments.ok()) return Fail(error, arguments.error());
    CaveatContext context;
    context.tool = View(tool);
    context.arguments = arguments->has_value() ? &**arguments : nullptr;
    context.agent = View(agent);
    context.now = now != 0 ? now : clock->UnixSeconds();
    bool allowed = true;
    json::Array answers;
    for (const CaveatAnswer& answer : ExplainCaveats(verified.token(), context)) {
      allowed = allowed && answer.holds;
      json::Value row = json::MakeObject({{"hop", static_cast<std::int64_t>(answer.hop)}, {"holds", answer.holds}, {"text", answer.text}});
      if (answer.caveat_index) row.Set("caveat", static_cast<std::int64_t>(*answer.caveat_index));
      if (answer.reason) row.Set("reason", ReasonName(*answer.reason));
      answers.push_back(std::move(row));
    }
    json::Value out = json::MakeObject({{"allowed", allowed}});
    out.Set("answers", std::move(answers));
    return GiveText(explanation_json, json::Write(out));
  });
}

ig_code ig_describe_caveat(ig_str caveat_json, ig_text** sentence, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(sentence);
    const Result<json::Value> parsed = json::Parse(View(caveat_json));
    if (!parsed.ok()) return Fail(error, parsed.error());
    const Result<Caveat> caveat = Caveat::FromJson(*parsed);
    return caveat.ok() ? GiveText(sentence, caveat->Describe()) : Fail(error, caveat.error());
  });
}

}  // extern "C"
