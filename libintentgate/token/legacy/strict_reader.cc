#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "token/caveat_json.h"
#include "token/legacy/legacy_token.h"
#include "token/quote.h"
#include "token/refusals.h"

namespace intentgate::token {
namespace {

using Refusal = std::optional<TokenRefusal>;

// "zone" last: v3 knows all but that.
constexpr std::array<std::string_view, 11> kNames = {"v",   "jti", "root_jti", "iss", "tenant", "sub",
                                                     "iat", "nbf", "cav",      "sig", "zone"};

Refusal ReadVersion(const json::Value& object, TokenContent& out) {
  const json::Value* v = object.Find("v");
  if (v == nullptr) return Refuse(Reason::kTokenVersion, "the token has no version member \"v\"");
  const std::optional<std::int64_t> version = ReadInteger(*v);
  if (!version || (*version != 3 && *version != 4)) {
    return Refuse(Reason::kTokenVersion, "the token's version is neither 3 nor 4");
  }
  out.format = *version == 3 ? TokenFormat::kV3 : TokenFormat::kV4;
  return std::nullopt;
}

Refusal CheckNames(const json::Value& object, std::size_t known) {
  const auto names = std::span(kNames).first(known);
  if (const Status s = json::RefuseCaseVariants(object, names); !s.ok()) return RefuseMalformed(s.error().message);
  for (const json::Member& member : object.object()) {
    if (std::find(names.begin(), names.end(), member.name) == names.end()) {
      return RefuseMalformed("unknown member " + Quote(member.name));
    }
  }
  return std::nullopt;
}

Refusal ReadText(const json::Value& object, const char* name, bool may_be_empty, std::string& out) {
  const json::Value* value = object.Find(name);
  if (value == nullptr) return RefuseMalformed("the member \"" + std::string(name) + "\" is missing");
  if (!value->is_string()) return RefuseMalformed("the member \"" + std::string(name) + "\" is no string");
  out = value->string_value();
  if (out.empty() && !may_be_empty) return RefuseMalformed("the member \"" + std::string(name) + "\" is empty");
  return std::nullopt;
}

Refusal ReadTimes(const json::Value& object, TokenContent& out) {
  const json::Value* iat = object.Find("iat");
  if (iat == nullptr) return RefuseMalformed("the member \"iat\" is missing");
  const std::optional<std::int64_t> issued_at = ReadInteger(*iat);
  if (!issued_at) return RefuseMalformed("the member \"iat\" is no 64-bit integer");
  if (*issued_at == 0) return RefuseMalformed("the member \"iat\" is zero");
  out.issued_at = *issued_at;
  if (const json::Value* nbf = object.Find("nbf")) {
    const std::optional<std::int64_t> not_before = ReadInteger(*nbf);
    if (!not_before) return RefuseMalformed("the member \"nbf\" is no 64-bit integer");
    if (*not_before != 0) out.not_before = *not_before;
  }
  return std::nullopt;
}

Refusal ReadCaveats(const json::Value& object, TokenContent& out) {
  const json::Value* list = object.Find("cav");
  if (list == nullptr) return std::nullopt;
  if (!list->is_array()) return RefuseMalformed("the member \"cav\" is no list");
  if (list->array().size() > kMaxCaveats) return RefuseTooManyCaveats();
  const int version = static_cast<int>(out.format);
  for (const json::Value& element : list->array()) {
    Result<Caveat> caveat = ReadPublicCaveat(element, version);
    if (!caveat.ok()) {
      TokenRefusal refusal = RefuseMalformed("caveat " + std::to_string(out.caveats.size()) + ": " + caveat.error().message);
      refusal.caveat_index = out.caveats.size();
      return refusal;
    }
    out.caveats.push_back(std::move(*caveat));
  }
  return std::nullopt;
}

Refusal ReadSig(const json::Value& object, crypto::Digest& out) {
  std::string text;
  if (Refusal r = ReadText(object, "sig", false, text)) return r;
  const Result<base::Bytes> bytes = base::Base64UrlDecode(text);
  if (!bytes.ok()) return RefuseMalformed("the member \"sig\" is not base64url: " + bytes.error().message);
  if (bytes->size() != out.size()) return RefuseMalformed("the member \"sig\" is not 32 bytes");
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return std::nullopt;
}

}  // namespace

Refusal ReadLegacyStrictly(LegacyToken& out) {
  out.content = TokenContent();
  out.caveats.clear();
  out.canonical = false;
  const Result<json::Value> object = json::Parse(out.json, {.max_bytes = kMaxTokenBytes, .max_depth = 8});
  if (!object.ok()) return RefuseMalformed(object.error().message);
  if (!object->is_object()) return RefuseMalformed("not a JSON object");
  TokenContent& c = out.content;
  // Case-variants of "v" would hide the version, so names of v3 and v4 together are looked at first.
  if (const Status s = json::RefuseCaseVariants(*object, kNames); !s.ok()) return RefuseMalformed(s.error().message);
  if (Refusal r = ReadVersion(*object, c)) return r;
  if (Refusal r = CheckNames(*object, c.format == TokenFormat::kV3 ? kNames.size() - 1 : kNames.size())) return r;
  if (Refusal r = ReadText(*object, "jti", false, c.jti)) return r;
  if (Refusal r = ReadText(*object, "sub", false, c.subject)) return r;
  if (Refusal r = ReadTimes(*object, c)) return r;
  if (Refusal r = ReadText(*object, "root_jti", false, c.root_jti)) return r;
  if (Refusal r = ReadText(*object, "tenant", false, c.tenant)) return r;
  if (Refusal r = ReadText(*object, "iss", true, c.issuer)) return r;
  if (c.format == TokenFormat::kV4) {
    if (Refusal r = ReadText(*object, "zone", false, c.zone)) return r;
  }
  if (Refusal r = ReadCaveats(*object, c)) return r;
  if (Refusal r = ReadSig(*object, out.sig)) return r;
  CompleteLegacyContent(c);
  return std::nullopt;
}

std::optional<TokenRefusal> ReadLegacy(std::string_view text, LegacyToken& out) {
  Result<std::string> json = base::Base64UrlDecodeText(text);
  if (!json.ok()) return RefuseMalformed(json.error().message);
  out.json = std::move(*json);
  if (ReadLegacyFast(out)) return std::nullopt;
  return ReadLegacyStrictly(out);
}

}  // namespace intentgate::token
