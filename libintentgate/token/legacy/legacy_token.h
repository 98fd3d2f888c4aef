// The public v3 and v4 formats: base64url of one JSON object whose MAC chain runs over a canonical
// re-serialisation of what was read (docs/formats/token.md, section 2).
//
// Two readers give one answer. The strict one walks json::Parse and owns every refusal. The fast one
// takes the texts that real tokens have - members in their usual order, plain ASCII, no escapes - in
// one pass, and hands everything else to the strict one. Whatever it takes, it reads as the strict one
// would (tests/fuzz/token_decode_fuzz.cc). When the text is canonical already, the MAC runs over slices
// of it, and a child starts with its parent's text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/token.h>

#include "crypto/hash.h"

namespace intentgate::token {

struct LegacyToken {
  TokenContent content;
  crypto::Digest sig{};
  std::string json;  // the decoded text
  // When set, json[0, payload_end) and a closing brace are the payload, and `caveats` the slices of json.
  bool canonical = false;
  std::size_t payload_end = 0;
  struct Slice {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  std::vector<Slice> caveats;
};

// Reads a v3 or v4 token. No hashing. Refuses with kTokenMalformed, kTokenTooLarge or kTokenVersion;
// `out` is then unspecified.
std::optional<TokenRefusal> ReadLegacy(std::string_view text, LegacyToken& out);

// The two readers behind it, on the decoded text in out.json; apart for the tests that compare them.
std::optional<TokenRefusal> ReadLegacyStrictly(LegacyToken& out);
bool ReadLegacyFast(LegacyToken& out);

// The last MAC of the chain under a root key.
crypto::Digest LegacyMac(const LegacyToken& token, const crypto::HmacKey& key);

// The signed messages of a content, re-serialised.
void AppendLegacyPayload(const TokenContent& content, std::string& out);
void AppendLegacyCaveat(const Caveat& caveat, std::string& out);
// The bearer text.
std::string EncodeLegacy(const TokenContent& content, const crypto::Digest& sig);
// The bearer text of `parent` with more caveats, re-serialised.
std::string ExtendLegacy(const LegacyToken& parent, const std::vector<Caveat>& caveats);

// What Attenuate must know of a parent.
struct LegacyShape {
  TokenFormat format = TokenFormat::kV4;
  std::size_t caveats = 0;
  std::size_t caveats_end = 0;  // in the JSON, behind the last one
  crypto::Digest sig{};
};
// Takes the canonical JSON of a token with caveats; false for every other text, of which ReadLegacy has the truth.
bool ScanCanonical(std::string_view json, LegacyShape& out);
// As ExtendLegacy: the child begins as its parent does, so only what is behind the parent's last caveat is written.
// REQUIRES: `json` is what `text` decodes to; ScanCanonical took it.
std::string ExtendCanonical(std::string_view text, std::string_view json, const LegacyShape& parent,
                            const std::vector<Caveat>& caveats);

// Fills in what follows from the rest: hops and the earliest expiry.
void CompleteLegacyContent(TokenContent& content);

}  // namespace intentgate::token
