// Keys and tokens of the C API.

#include <cstddef>
#include <cstring>

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

// The caller's options, whose structure may be an older and shorter one; NULL: the defaults.
constexpr std::size_t kFirstCheckSize = offsetof(ig_check_options, now) + sizeof(std::int64_t);

Result<ig_check_options> ReadOptions(const ig_check_options* caller) {
  ig_check_options out = IG_CHECK_OPTIONS_INIT;
  if (caller == nullptr) return out;
  if (caller->struct_size < kFirstCheckSize || caller->struct_size > sizeof out) {
    return Error{ErrorCode::kInvalidArgument, "options.struct_size is none of this library's; start from IG_CHECK_OPTIONS_INIT"};
  }
  std::memcpy(&out, caller, caller->struct_size);
  return out;
}

// A verified token and the call that its caveats are held against, which borrows from it.
struct Asked {
  std::optional<VerifiedToken> token;
  std::optional<json::Value> arguments;
  CaveatContext context;
};

ig_code Ask(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, const ig_check_options& options, Asked& asked,
            ig_error** error) {
  const std::shared_ptr<const Clock> clock = SystemClock();
  VerifyOptions verify;
  verify.audience = std::string(View(options.audience));
  const VerifyResult verified = Verify(View(token), keys->ring, verify, *clock);
  if (!verified.ok()) return Fail(error, verified.refusal());
  Result<std::optional<json::Value>> arguments = ReadArguments(View(arguments_json));
  if (!arguments.ok()) return Fail(error, arguments.error());
  asked.token = verified.token();
  asked.arguments = *std::move(arguments);
  asked.context.tool = View(tool);
  asked.context.arguments = asked.arguments ? &*asked.arguments : nullptr;
  asked.context.agent = View(options.agent);
  asked.context.server = View(options.server);
  asked.context.now = options.now != 0 ? options.now : clock->UnixSeconds();
  return IG_OK;
}

ig_code CheckCall(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, const ig_check_options& options,
                  ig_error** error) {
  Asked asked;
  if (const ig_code code = Ask(token, keys, tool, arguments_json, options, asked, error); code != IG_OK) return code;
  const std::optional<TokenRefusal> refusal = CheckCaveats(*asked.token, asked.context);
  return refusal ? Fail(error, *refusal) : IG_OK;
}

ig_code ExplainCall(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, const ig_check_options& options,
                    ig_text** explanation_json, ig_error** error) {
  Asked asked;
  if (const ig_code code = Ask(token, keys, tool, arguments_json, options, asked, error); code != IG_OK) return code;
  bool allowed = true;
  json::Array answers;
  for (const CaveatAnswer& answer : ExplainCaveats(*asked.token, asked.context)) {
    allowed = allowed && answer.holds;
    json::Value row = json::MakeObject({{"hop", static_cast<std::int64_t>(answer.hop)}, {"holds", answer.holds}, {"text", answer.text}});
    if (answer.caveat_index) row.Set("caveat", static_cast<std::int64_t>(*answer.caveat_index));
    if (answer.reason) row.Set("reason", ReasonName(*answer.reason));
    answers.push_back(std::move(row));
  }
  json::Value out = json::MakeObject({{"allowed", allowed}});
  out.Set("answers", std::move(answers));
  return GiveText(explanation_json, json::Write(out));
}

ig_check_options OptionsOf(ig_str agent, int64_t now) {
  ig_check_options options = IG_CHECK_OPTIONS_INIT;
  options.agent = agent;
  options.now = now;
  return options;
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

const char* ig_keys_active_id(const ig_keys* keys) { return keys == nullptr ? "" : keys->ring.active_id().c_str(); }

ig_code ig_keys_ids(const ig_keys* keys, ig_text** ids_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    IG_NEED(ids_json);
    json::Array ids;
    for (const KeyInfo& key : keys->ring.keys()) ids.emplace_back(key.id);
    return GiveText(ids_json, json::Write(json::Value(std::move(ids))));
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

ig_code ig_is_genuine(ig_str token, const ig_keys* keys, ig_str audience, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    VerifyOptions options;
    options.audience = std::string(View(audience));
    const VerifyResult verified = Verify(View(token), keys->ring, options, *SystemClock());
    return verified.ok() ? IG_OK : Fail(error, verified.refusal());
  });
}

ig_code ig_check(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, ig_str agent, int64_t now,
                 ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    return CheckCall(token, keys, tool, arguments_json, OptionsOf(agent, now), error);
  });
}

ig_code ig_check_with(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, const ig_check_options* options,
                      ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    const Result<ig_check_options> read = ReadOptions(options);
    return read.ok() ? CheckCall(token, keys, tool, arguments_json, *read, error) : Fail(error, read.error());
  });
}

ig_code ig_explain(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, ig_str agent, int64_t now,
                   ig_text** explanation_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    IG_NEED(explanation_json);
    return ExplainCall(token, keys, tool, arguments_json, OptionsOf(agent, now), explanation_json, error);
  });
}

ig_code ig_explain_with(ig_str token, const ig_keys* keys, ig_str tool, ig_str arguments_json, const ig_check_options* options,
                        ig_text** explanation_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(keys);
    IG_NEED(explanation_json);
    const Result<ig_check_options> read = ReadOptions(options);
    if (!read.ok()) return Fail(error, read.error());
    return ExplainCall(token, keys, tool, arguments_json, *read, explanation_json, error);
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
