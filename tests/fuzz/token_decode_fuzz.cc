// Decoding takes any text without harm, and what it takes has one meaning:
//   first byte 'j': the rest is the JSON of a v3 or v4 token. What the fast reader takes, the strict one
//     takes with the same content, and slices that are signed in place equal the re-serialised forms; a child is the
//     same of both.
//   first byte 'r': the rest is a v5 root segment. What is taken is written back to the byte.
//   first byte 'c': the rest is a list of caveats, which is read as its tree is.
//   else: the whole input is a token.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/caveat_list.h>
#include <intentgate/token.h>

#include "base/encoding.h"
#include "token/legacy/legacy_token.h"
#include "token/v5/segments.h"
#include "token/v5/v5_token.h"

namespace {

using namespace intentgate;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CompareReaders(std::string_view json) {
  token::LegacyToken fast;
  fast.json = json;
  token::LegacyShape shape;
  const bool taken = token::ReadLegacyFast(fast);
  Require(token::ScanCanonical(json, shape) == (taken && fast.canonical && !fast.caveats.empty()));
  if (!taken) return;
  token::LegacyToken strict;
  strict.json = json;
  Require(!token::ReadLegacyStrictly(strict).has_value());
  Require(fast.content.ToJson() == strict.content.ToJson());
  Require(fast.sig == strict.sig);
  if (!fast.canonical) return;
  std::string message;
  token::AppendLegacyPayload(strict.content, message);
  Require(std::string(json.substr(0, fast.payload_end)) + "}" == message);
  Require(fast.caveats.size() == strict.content.caveats.size());
  for (std::size_t i = 0; i < fast.caveats.size(); ++i) {
    message.clear();
    token::AppendLegacyCaveat(strict.content.caveats[i], message);
    Require(json.substr(fast.caveats[i].begin, fast.caveats[i].end - fast.caveats[i].begin) == message);
  }
  const std::vector<Caveat> more = {Caveat::MaxCalls(1)};
  const std::string text = base::Base64UrlEncode(base::AsBytes(json));
  if (fast.caveats.empty()) return;
  Require(shape.caveats == fast.caveats.size() && shape.format == strict.content.format);
  Require(token::ExtendCanonical(text, json, shape, more) == token::ExtendLegacy(strict, more));
}

void ReadAndWriteRoot(std::string_view segment) {
  token::CborReader in(segment);
  TokenContent c;
  std::int64_t ttl = 0;
  bool too_many = false;
  if (!token::ReadRoot(in, c, ttl, too_many)) return;
  for (const Caveat& caveat : c.caveats) {
    if (caveat.kind == CaveatKind::kUnknown) return;
  }
  const std::string id = *base::Base64UrlDecodeText(c.hops.front().id);
  token::RootFields root{.key_id = c.key_id, .id = id, .issued_at = c.issued_at, .ttl = ttl, .subject = c.subject,
                         .tenant = c.tenant, .issuer = c.issuer, .zone = c.zone, .audience = c.audience,
                         .not_before = c.not_before, .max_depth = c.max_depth};
  std::string written;
  Require(token::WriteRoot(root, c.caveats, written).ok());
  Require(written == segment);
}

json::Value Written(const std::vector<Caveat>& caveats) {
  json::Array list;
  for (const Caveat& caveat : caveats) list.push_back(caveat.ToJson());
  return json::Value(std::move(list));
}

// A blank in front takes the plain reader out of the way.
void CompareLists(std::string_view list) {
  const Result<std::vector<Caveat>> plain = CaveatsFromJson(list), tree = CaveatsFromJson(" " + std::string(list));
  Require(plain.ok() == tree.ok());
  if (plain.ok()) Require(Written(*plain) == Written(*tree));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with('j')) CompareReaders(text.substr(1));
  if (text.starts_with('r')) ReadAndWriteRoot(text.substr(1));
  if (text.starts_with('c')) CompareLists(text.substr(1));
  const Result<TokenContent> content = Decode(text);
  if (content.ok()) {
    Require(text.size() <= kMaxTokenBytes);
    Require(content->caveats.size() <= kMaxCaveats);
    Require(!content->hops.empty() && content->hops.size() <= kMaxHops + 1);
    content->ToJson();
    for (const Caveat& caveat : content->caveats) caveat.Describe();
  }
  return 0;
}
