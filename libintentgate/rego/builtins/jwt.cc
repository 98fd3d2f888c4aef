// io.jwt.decode, io.jwt.verify_*, io.jwt.decode_verify. Compact serialization only (RFC 7519); encrypted tokens are an
// error. A token whose JSON names a member twice is refused, where OPA takes the last one.
#include "rego/builtins/jwt.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "crypto/pem.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/go_base64.h"
#include "rego/builtins/go_json_error.h"

namespace intentgate::rego {
namespace builtins {

void ChargeVerify(BuiltinContext& context, const crypto::JwsKey& key, std::size_t bytes) {
  const auto size = static_cast<std::uint64_t>(crypto::KeyBits(key) / 1024) + 1;
  context.Charge((key.kind == crypto::KeyKind::kOctets ? 20 : 300 * size * size) + bytes / 32);
}

void ChargeSign(BuiltinContext& context, const crypto::JwsKey& key, std::size_t bytes) {
  const auto size = static_cast<std::uint64_t>(crypto::KeyBits(key) / 1024) + 1;
  context.Charge((key.kind == crypto::KeyKind::kOctets ? 20 : 500 * size * size * size) + bytes / 32);
}

Result<std::vector<crypto::JwsKey>> ReadKeys(BuiltinContext& context, std::string_view text) {
  context.Charge(100);
  ChargeBytes(context, text.size() * 16);
  const auto bad = [](const std::string& why) { return Error{ErrorCode::kMalformed, why}; };
  std::string_view rest = text;
  if (const std::optional<crypto::PemBlock> block = crypto::NextPemBlock(rest)) {
    if (!rest.empty()) return bad("extra data after a PEM certificate block");
    if (block->type == "CERTIFICATE") {
      Result<crypto::JwsKey> key = crypto::KeyOfCertificate(block->bytes);
      if (!key.ok()) return bad("failed to parse a PEM certificate: " + key.error().message);
      return std::vector<crypto::JwsKey>{*std::move(key)};
    }
    if (block->type == "PUBLIC KEY") {
      Result<crypto::JwsKey> key = crypto::KeyOfPublicInfo(block->bytes);
      if (!key.ok()) return bad("failed to parse a PEM public key: " + key.error().message);
      return std::vector<crypto::JwsKey>{*std::move(key)};
    }
    return bad("failed to extract a Key from the PEM certificate");
  }
  Result<std::vector<crypto::JwsKey>> keys = crypto::ParseJwks(text);
  if (!keys.ok()) {
    const std::string sole = "jwk.ParseString: failed to parse string: jwk.Parse: failed to parse sole key: jwk.ParseKey: jwk.Parse: failed to probe data: probe: ";
    const std::optional<std::string> error = GoJsonError(text);
    return bad("failed to parse a JWK key (set): " + (error ? sole + "failed to unmarshal data: " + *error : keys.error().message));
  }
  // A key for an algorithm that we do not know verifies nothing.
  std::erase_if(*keys, [](const crypto::JwsKey& key) { return !key.alg.empty() && !crypto::IsJwsAlgorithm(key.alg); });
  return keys;
}

}  // namespace builtins

namespace {

using Args = std::span<const Value>;

// How often a token may hold a token.
constexpr int kMaxNestedTokens = 16;

struct Token {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_part;
  Value decoded_header;
};

bool EqualsJwt(std::string_view text) {
  return text.size() == 3 && (text[0] | 0x20) == 'j' && (text[1] | 0x20) == 'w' && (text[2] | 0x20) == 't';
}

// Reads one call's token. Every function that fails has recorded the error.
class TokenReader {
 public:
  explicit TokenReader(BuiltinContext& context) : context_(context) {}

  std::optional<Token> Split(std::string_view text) {
    builtins::ChargeBytes(context_, text.size() * 8);
    const auto dots = static_cast<std::size_t>(std::count(text.begin(), text.end(), '.'));
    if (dots == 0) return Fail("encoded JWT had no period separators");
    if (dots != 2) return Fail("encoded JWT must have 3 sections, found " + std::to_string(dots + 1));
    const std::size_t first = text.find('.');
    const std::size_t second = text.find('.', first + 1);
    return Token{text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1), text.substr(0, second), {}};
  }

  bool DecodeHeader(Token& token) {
    const Result<std::string> text = builtins::DecodeBase64Url(token.header);
    if (!text.ok()) return Fail("JWT header had invalid encoding: " + text.error().message), false;
    const std::optional<Value> object = ReadObject(*text, "bad JWT header: ");
    if (!object) return false;
    if (object->GetMember("enc").defined()) return Fail("JWT is a JWE object, which is not supported"), false;
    token.decoded_header = *object;
    return true;
  }

  std::optional<std::string> DecodePayload(const Token& token) {
    Result<std::string> text = builtins::DecodeBase64Url(token.payload);
    if (text.ok()) return *std::move(text);
    Fail("JWT payload had invalid encoding: " + text.error().message);
    return std::nullopt;
  }

  std::optional<Value> ReadObject(std::string_view text, std::string_view prefix) {
    const Result<Value> value = builtins::ReadJson(context_, text);
    if (!value.ok()) return Fail(std::string(prefix) + "invalid JSON: " + builtins::JsonProblem(text, value.error().message)), std::nullopt;
    if (!value->is_object()) return Fail(std::string(prefix) + "decoded JSON type was not an Object"), std::nullopt;
    return *value;
  }

  std::nullopt_t Fail(std::string message) {
    static_cast<void>(context_.Error(std::move(message)));
    return std::nullopt;
  }

 private:
  BuiltinContext& context_;
};

std::string_view TrimQuotes(std::string_view text) {
  const std::size_t start = text.find_first_not_of("\"'");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of("\"'") + 1 - start);
}

Value Decode(BuiltinContext& context, Args args) {
  TokenReader reader(context);
  std::string held(args[0].string());
  for (int nested = 0; nested < kMaxNestedTokens; ++nested) {
    std::optional<Token> token = reader.Split(held);
    if (!token || !reader.DecodeHeader(*token)) return {};
    const std::optional<std::string> payload = reader.DecodePayload(*token);
    if (!payload) return {};
    const Value cty = token->decoded_header.GetMember("cty");
    if (cty.is_string() && cty.string() == "JWT") {
      held = TrimQuotes(*payload);
      continue;
    }
    const std::optional<Value> object = reader.ReadObject(*payload, "");
    if (!object) return {};
    const Result<std::string> signature = builtins::DecodeBase64Url(token->signature);
    if (!signature.ok()) return context.Error("JWT signature had invalid encoding: " + signature.error().message);
    const Value parts[] = {token->decoded_header, *object, builtins::MakeString(context, base::HexEncode(base::AsBytes(*signature)))};
    return Value::Array(context.arena, parts);
  }
  return context.Error("the JWT holds more tokens inside one another than " + std::to_string(kMaxNestedTokens));
}

// What the header says to a verifier.
struct Header {
  std::string_view alg;
  std::string_view kid;
  std::string_view cty;
  bool critical_unknown = false;
};

std::optional<Header> ReadHeader(TokenReader& reader, const Value& object) {
  Header out;
  static constexpr std::array<std::string_view, 5> kKnown = {"alg", "kid", "typ", "cty", "crit"};
  for (const std::string_view name : {"alg", "kid", "typ", "cty"}) {
    const Value value = object.GetMember(name);
    if (!value.defined()) continue;
    if (!value.is_string()) return reader.Fail(std::string(name) + ": must be a string");
    if (name == "alg") out.alg = value.string();
    if (name == "kid") out.kid = value.string();
    if (name == "cty") out.cty = value.string();
  }
  const Value crit = object.GetMember("crit");
  if (!crit.defined()) return out;
  if (!crit.is_array()) return reader.Fail("crit: must be a list");
  if (crit.size() == 0) return reader.Fail("crit: must be a nonempty list");
  for (const Value& name : crit.elements()) {
    if (!name.is_string()) return reader.Fail("crit: must be a list of strings");
    const bool known = std::find(kKnown.begin(), kKnown.end(), name.string()) != kKnown.end();
    if (!known && object.GetMember(name.string()).defined()) out.critical_unknown = true;
  }
  return out;
}

// The key that the header names decides alone; without one, every key that may be for the algorithm is tried.
bool AnyKeyVerifies(BuiltinContext& context, const std::vector<crypto::JwsKey>& keys, const Header& header, std::string_view alg, const Token& token,
                    std::string_view signature) {
  const auto verifies = [&](const crypto::JwsKey& key) {
    builtins::ChargeVerify(context, key, token.signed_part.size());
    return crypto::JwsVerify(alg, key, base::AsBytes(token.signed_part), base::AsBytes(signature));
  };
  if (!header.kid.empty()) {
    const auto named = std::find_if(keys.begin(), keys.end(), [&](const crypto::JwsKey& key) { return key.kid == header.kid; });
    if (named != keys.end()) return verifies(*named);
  }
  return std::any_of(keys.begin(), keys.end(), [&](const crypto::JwsKey& key) { return (key.alg.empty() || key.alg == header.alg) && verifies(key); });
}

constexpr std::string_view kAlgorithms[] = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"};

template <std::size_t kAlgorithm>
Value VerifyWithKeys(BuiltinContext& context, Args args) {
  if (!args[0].is_string()) return context.OperandError(1, "string", args[0]);
  TokenReader reader(context);
  std::optional<Token> token = reader.Split(args[0].string());
  if (!token) return {};
  if (!args[1].is_string()) return context.OperandError(2, "string", args[1]);
  const Result<std::vector<crypto::JwsKey>> keys = builtins::ReadKeys(context, args[1].string());
  if (!keys.ok()) return context.Error(keys.error().message);
  const Result<std::string> signature = builtins::DecodeBase64Url(token->signature);
  if (!signature.ok()) return context.Error(signature.error().message);
  if (!reader.DecodeHeader(*token)) return {};
  const std::optional<Header> header = ReadHeader(reader, token->decoded_header);
  if (!header) return {};
  return Value::Bool(AnyKeyVerifies(context, *keys, *header, kAlgorithms[kAlgorithm], *token, *signature));
}

template <std::size_t kAlgorithm>
Value VerifyWithSecret(BuiltinContext& context, Args args) {
  TokenReader reader(context);
  const std::optional<Token> token = reader.Split(args[0].string());
  if (!token) return {};
  const crypto::JwsKey key = crypto::OctetsKey(base::AsBytes(args[1].string()));
  const Result<std::string> signature = builtins::DecodeBase64Url(token->signature);
  if (!signature.ok()) return context.Error(signature.error().message);
  builtins::ChargeVerify(context, key, token->signed_part.size() + args[1].string().size());
  return Value::Bool(crypto::JwsVerify(kAlgorithms[kAlgorithm], key, base::AsBytes(token->signed_part), base::AsBytes(*signature)));
}

// The second argument of decode_verify.
struct Constraints {
  std::vector<crypto::JwsKey> keys;
  std::string_view alg;
  std::string_view iss;
  std::string_view aud;
  double seconds = 0;
};

class ConstraintReader {
 public:
  explicit ConstraintReader(BuiltinContext& context) : context_(context) {}

  std::optional<Constraints> Read(const Value& object) {
    Constraints out;
    out.seconds = static_cast<double>(context_.NowNs()) / 1e9;
    bool has_cert = false;
    bool has_secret = false;
    for (const Entry& entry : object.entries()) {
      const std::string_view name = entry.key.is_string() ? entry.key.string() : std::string_view();
      if (name == "time") {
        if (!ReadTime(entry.value, out)) return std::nullopt;
        continue;
      }
      const bool known = name == "cert" || name == "secret" || name == "alg" || name == "iss" || name == "aud";
      if (!known) return Fail("unknown token validation constraint: " + std::string(name.empty() ? builtins::ShortText(entry.key) : name));
      if (!entry.value.is_string()) return Fail(std::string(name) + " constraint: must be a string");
      const std::string_view text = entry.value.string();
      if (name == "cert") {
        Result<std::vector<crypto::JwsKey>> keys = builtins::ReadKeys(context_, text);
        if (!keys.ok()) return Fail(keys.error().message);
        out.keys = *std::move(keys);
        has_cert = true;
      }
      if (name == "secret" && !text.empty()) {
        secret_ = text;
        has_secret = true;
      }
      if (name == "alg") out.alg = text;
      if (name == "iss") out.iss = text;
      if (name == "aud") out.aud = text;
    }
    if (has_cert && has_secret) return Fail("duplicate key constraints");
    if (!has_cert && !has_secret) return Fail("no key constraint");
    if (has_secret) out.keys = {crypto::OctetsKey(base::AsBytes(secret_))};
    return out;
  }

 private:
  std::nullopt_t Fail(std::string message) {
    static_cast<void>(context_.Error(std::move(message)));
    return std::nullopt;
  }

  bool ReadTime(const Value& value, Constraints& out) {
    if (!value.is_number()) return Fail("token time constraint: must be a number"), false;
    out.seconds = value.ToDouble() / 1e9;
    if (out.seconds < 0) return Fail("token time constraint: must not be negative"), false;
    return true;
  }

  BuiltinContext& context_;
  std::string_view secret_;
};

Value Unverified(BuiltinContext& context) {
  const Value parts[] = {Value::Bool(false), Value::EmptyObject(), Value::EmptyObject()};
  return Value::Array(context.arena, parts);
}

bool AudienceFits(const Value& aud, std::string_view wanted) {
  if (aud.is_string()) return aud.string() == wanted;
  if (!aud.is_array()) return false;
  return std::any_of(aud.elements().begin(), aud.elements().end(), [&](const Value& v) { return v.is_string() && v.string() == wanted; });
}

// Whether the claims hold; nullopt with an error recorded if one has a type that it must not have.
std::optional<bool> ClaimsHold(BuiltinContext& context, const Constraints& constraints, const Value& payload) {
  if (!constraints.iss.empty()) {
    const Value iss = payload.GetMember("iss");
    if (!iss.is_string() || iss.string() != constraints.iss) return false;
  }
  const Value aud = payload.GetMember("aud");
  if (aud.defined() ? !AudienceFits(aud, constraints.aud) : !constraints.aud.empty()) return false;
  const Value now = Value::Double(context.arena, constraints.seconds);
  for (const std::string_view name : {"exp", "nbf"}) {
    const Value limit = payload.GetMember(name);
    if (!limit.defined()) continue;
    if (!limit.is_number()) {
      static_cast<void>(context.Error(std::string(name) + " value must be a number"));
      return std::nullopt;
    }
    const int order = Value::Compare(now, limit);
    if (name == "exp" ? order >= 0 : order < 0) return false;
  }
  return true;
}

Value DecodeVerify(BuiltinContext& context, Args args) {
  if (!args[1].is_object()) return context.OperandError(2, "object", args[1]);
  const std::optional<Constraints> constraints = ConstraintReader(context).Read(args[1]);
  if (!constraints) return {};
  if (!args[0].is_string()) return context.OperandError(1, "string", args[0]);
  TokenReader reader(context);
  std::string held(args[0].string());
  for (int nested = 0; nested < kMaxNestedTokens; ++nested) {
    std::optional<Token> token = reader.Split(held);
    if (!token || !reader.DecodeHeader(*token)) return {};
    const std::optional<Header> header = ReadHeader(reader, token->decoded_header);
    if (!header) return {};
    const bool alg_fits = !header->alg.empty() && (constraints->alg.empty() || constraints->alg == header->alg);
    if (!alg_fits || header->critical_unknown) return Unverified(context);
    const Result<std::string> signature = builtins::DecodeBase64Url(token->signature);
    if (!signature.ok()) return context.Error(signature.error().message);
    if (!AnyKeyVerifies(context, constraints->keys, *header, header->alg, *token, *signature)) return Unverified(context);
    std::optional<std::string> payload = reader.DecodePayload(*token);
    if (!payload) return {};
    if (EqualsJwt(header->cty)) {
      held = *std::move(payload);
      continue;
    }
    const std::optional<Value> claims = reader.ReadObject(*payload, "");
    if (!claims) return {};
    const std::optional<bool> hold = ClaimsHold(context, *constraints, *claims);
    if (!hold) return {};
    if (!*hold) return Unverified(context);
    const Value parts[] = {Value::Bool(true), token->decoded_header, *claims};
    return Value::Array(context.arena, parts);
  }
  return context.Error("the JWT holds more tokens inside one another than " + std::to_string(kMaxNestedTokens));
}

template <std::size_t kAlgorithm>
constexpr Builtin Verifier(std::string_view name) {
  constexpr bool kSecret = kAlgorithms[kAlgorithm][0] == 'H';
  return MakeBuiltin(name, kSecret ? VerifyWithSecret<kAlgorithm> : VerifyWithKeys<kAlgorithm>, ty::Boolean, kSecret ? kBuiltinPlain : kBuiltinUncheckedArgs,
                     ty::String, ty::String);
}

constexpr Builtin kTable[] = {
    MakeBuiltin("io.jwt.decode", Decode, ty::Array, kBuiltinPlain, ty::String),
    MakeBuiltin("io.jwt.decode_verify", DecodeVerify, ty::Array, kBuiltinNondeterministic | kBuiltinUncheckedArgs, ty::String, ty::Object),
    Verifier<0>("io.jwt.verify_rs256"),
    Verifier<1>("io.jwt.verify_rs384"),
    Verifier<2>("io.jwt.verify_rs512"),
    Verifier<3>("io.jwt.verify_ps256"),
    Verifier<4>("io.jwt.verify_ps384"),
    Verifier<5>("io.jwt.verify_ps512"),
    Verifier<6>("io.jwt.verify_es256"),
    Verifier<7>("io.jwt.verify_es384"),
    Verifier<8>("io.jwt.verify_es512"),
    Verifier<9>("io.jwt.verify_eddsa"),
    Verifier<10>("io.jwt.verify_hs256"),
    Verifier<11>("io.jwt.verify_hs384"),
    Verifier<12>("io.jwt.verify_hs512"),
};

}  // namespace

std::span<const Builtin> JwtBuiltins() { return kTable; }

}  // namespace intentgate::rego
