// The key's configuration decides which algorithm a signature is checked by; the token's own header is believed only for
// the name of the key, which is looked up among the given ones.
// Tested by tests/unit/rego/bundle_test.cc with bundles that opa signed.

#include "rego/bundle/signature.h"

#include <fnmatch.h>

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "crypto/digests.h"
#include "crypto/jws.h"
#include "crypto/pem.h"
#include "rego/bundle/archive.h"

namespace intentgate::rego::bundle {
namespace {

using crypto::DigestKind;

Error Bad(std::string what) { return {ErrorCode::kMalformed, std::string(kSignaturesFile) + ": " + std::move(what)}; }

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value != nullptr && value->is_string() ? value->string_value() : std::string();
}

struct Token {
  std::string_view signed_part;
  json::Value header, payload;
  std::string signature;
};

Result<json::Value> DecodePart(std::string_view part) {
  const Result<std::string> text = base::Base64UrlDecodeText(part);
  if (!text.ok()) return Bad("a part of the token is no base64url");
  Result<json::Value> value = ParseData("token.json", *text);
  if (!value.ok() || !value->is_object()) return Bad("a part of the token is no JSON object");
  return value;
}

Result<Token> SplitToken(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return Bad("the token must have three parts");
  Result<json::Value> header = DecodePart(token.substr(0, first));
  if (!header.ok()) return header.error();
  Result<json::Value> payload = DecodePart(token.substr(first + 1, second - first - 1));
  if (!payload.ok()) return payload.error();
  Result<std::string> signature = base::Base64UrlDecodeText(token.substr(second + 1));
  if (!signature.ok()) return Bad("the token's signature is no base64url");
  return Token{token.substr(0, second), *std::move(header), *std::move(payload), *std::move(signature)};
}

// The one token of the file.
Result<std::string> OnlyToken(std::string_view signatures_json) {
  const Result<json::Value> read = ParseData("signatures.json", signatures_json);
  if (!read.ok() || !read->is_object()) return Bad("must be a JSON object");
  const std::string plugin = TextOf(*read, "plugin");
  if (!plugin.empty() && plugin != "_default") return Bad("signatures of a plugin cannot be checked");
  const json::Value* list = read->Find("signatures");
  if (list == nullptr || !list->is_array() || list->array().size() != 1 || !list->array()[0].is_string()) {
    return Bad("must have exactly one signature");
  }
  return list->array()[0].string_value();
}

Result<crypto::JwsKey> ReadKey(const BundleKey& key) {
  const bool known = crypto::IsJwsAlgorithm(key.algorithm) && key.algorithm != "EdDSA";
  const std::string name = "the key '" + key.id + "'";
  if (!known) return Error{ErrorCode::kInvalidArgument, name + ": '" + key.algorithm + "' is none of RS, PS, ES, HS with 256, 384, 512"};
  if (key.key.empty()) return Error{ErrorCode::kInvalidArgument, name + " is empty"};
  if (key.algorithm.starts_with("HS")) return crypto::OctetsKey(base::AsBytes(key.key));
  std::string_view rest = key.key;
  const std::optional<crypto::PemBlock> block = crypto::NextPemBlock(rest);
  if (block && block->type == "CERTIFICATE") return crypto::KeyOfCertificate(block->bytes);
  if (block && block->type == "PUBLIC KEY") return crypto::KeyOfPublicInfo(block->bytes);
  return Error{ErrorCode::kInvalidArgument, name + " is no public key (PUBLIC KEY) and no certificate (CERTIFICATE) in PEM"};
}

Result<std::map<std::string, SignedFile>> ReadFiles(const json::Value& payload) {
  const json::Value* list = payload.Find("files");
  if (list == nullptr || !list->is_array()) return Bad("the token lists no files");
  std::map<std::string, SignedFile> out;
  for (const json::Value& file : list->array()) {
    const Result<std::string> path = CleanPath(TextOf(file, "name"));
    if (!path.ok()) return Bad("the token lists a file without a usable name");
    std::string digest = TextOf(file, "hash");
    std::transform(digest.begin(), digest.end(), digest.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c; });
    if (!out.emplace(*path, SignedFile{std::move(digest), TextOf(file, "algorithm")}).second) return Bad("the token lists '" + *path + "' twice");
  }
  return out;
}

// A string as Go's encoder writes it without HTML escapes.
void AppendString(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool line_end = text.substr(i, 3) == "\xE2\x80\xA8" || text.substr(i, 3) == "\xE2\x80\xA9";
    if (line_end) {
      out += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) >= ' ') {
      out += c;
    } else if (const std::size_t at = std::string_view("\b\f\n\r\t").find(c); at != std::string_view::npos) {
      out += '\\';
      out += "bfnrt"[at];
    } else {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  out += '"';
}

std::optional<DigestKind> DigestNamed(std::string_view name) {
  if (name == "SHA-256") return DigestKind::kSha256;
  if (name == "SHA-224") return DigestKind::kSha224;
  if (name == "SHA-384") return DigestKind::kSha384;
  if (name == "SHA-512") return DigestKind::kSha512;
  if (name == "SHA-512-224") return DigestKind::kSha512_224;
  if (name == "SHA-512-256") return DigestKind::kSha512_256;
  return std::nullopt;
}

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

bool IsDocument(std::string_view path) {
  const std::string_view name = BaseName(path);
  return name == "data.json" || name == "data.yaml" || name == "data.yml" || name == ".manifest";
}

Result<std::map<std::string, SignedFile>> CheckSignature(std::string_view signatures_json, const BundleVerification& trust) {
  const Result<std::string> text = OnlyToken(signatures_json);
  if (!text.ok()) return text.error();
  const Result<Token> token = SplitToken(*text);
  if (!token.ok()) return token.error();
  std::string id = trust.key_id;
  if (id.empty()) id = TextOf(token->header, "kid");
  if (id.empty()) id = TextOf(token->payload, "keyid");
  const auto key = std::find_if(trust.keys.begin(), trust.keys.end(), [&](const BundleKey& k) { return k.id == id; });
  if (key == trust.keys.end()) {
    return Error{ErrorCode::kUnknownKey, id.empty() ? "the bundle's signature names no key; say which one must have signed (key_id)"
                                                    : "no key is given by the name '" + id.substr(0, 100) + "', which must have signed the bundle"};
  }
  const Result<crypto::JwsKey> public_key = ReadKey(*key);
  if (!public_key.ok()) return public_key.error();
  if (!crypto::JwsVerify(key->algorithm, *public_key, base::AsBytes(token->signed_part), base::AsBytes(token->signature))) {
    return Error{ErrorCode::kBadMac, "the bundle's signature is not one of the key '" + id + "' by " + key->algorithm};
  }
  const std::string& scope = trust.scope.empty() ? key->scope : trust.scope;
  const std::string signed_for = TextOf(token->payload, "scope");
  if (signed_for != scope) return Error{ErrorCode::kBadMac, "the bundle is signed for the scope '" + signed_for + "', not for '" + scope + "'"};
  return ReadFiles(token->payload);
}

void AppendDocument(const json::Value& value, std::string& out) {
  if (value.is_object()) {
    std::vector<const json::Member*> members;
    for (const json::Member& member : value.object()) members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const json::Member* a, const json::Member* b) { return a->name < b->name; });
    out += '{';
    for (const json::Member* member : members) {
      if (member != members.front()) out += ',';
      AppendString(member->name, out);
      out += ':';
      AppendDocument(member->value, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const json::Value& item : value.array()) {
      if (&item != value.array().data()) out += ',';
      AppendDocument(item, out);
    }
    out += ']';
  } else if (value.is_string()) {
    AppendString(value.string_value(), out);
  } else {
    out += value.is_number() ? value.number_text() : json::Write(value);
  }
}

Result<std::string> DigestOfFile(const BundleFile& file, std::string_view algorithm) {
  const std::optional<DigestKind> kind = DigestNamed(algorithm);
  if (!kind) return Error{ErrorCode::kBadMac, file.path + ": signed by the digest '" + std::string(algorithm) + "', which is not accepted; use SHA-256"};
  std::string text;
  if (IsDocument(file.path)) {
    const bool yaml = file.path.ends_with(".yaml") || file.path.ends_with(".yml");
    const Result<json::Value> document = ParseData(yaml ? "data.yaml" : "data.json", file.bytes);
    if (!document.ok()) return Error{document.error().code, file.path + ": " + document.error().message};
    AppendDocument(*document, text);
  }
  const Result<std::vector<std::uint8_t>> digest = crypto::DigestOf(*kind, base::AsBytes(IsDocument(file.path) ? text : file.bytes));
  if (!digest.ok()) return digest.error();
  return base::HexEncode(*digest);
}

Status CheckFile(const BundleFile& file, const SignedFile& wanted) {
  const Result<std::string> digest = DigestOfFile(file, wanted.algorithm);
  if (!digest.ok()) return digest.error();
  if (*digest != wanted.digest) return Error{ErrorCode::kBadMac, file.path + ": is not what was signed"};
  return {};
}

bool IsExcluded(const BundleVerification& trust, const std::string& path) {
  return std::any_of(trust.exclude.begin(), trust.exclude.end(),
                     [&](const std::string& glob) { return ::fnmatch(glob.c_str(), path.c_str(), FNM_PATHNAME) == 0; });
}

}  // namespace intentgate::rego::bundle
