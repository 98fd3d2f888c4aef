// Order: size, format, structure, key, MAC, the key's date, audience. Everything before the MAC is
// cheaper than it. docs/formats/token.md, section 5, lists the refusals in this order.

#include <intentgate/token.h>

#include "crypto/hash.h"
#include "crypto/secret_bytes.h"
#include "token/compiled.h"
#include "token/key_ring.h"
#include "token/legacy/legacy_token.h"
#include "token/refusals.h"
#include "token/v5/v5_token.h"

namespace intentgate {
namespace {

using internal::KeyRingState;
using token::Refuse;

TokenRefusal BadMac(Reason reason) { return Refuse(reason, token::kBadMacMessage); }

TokenRefusal KeyRetired(const KeyRingState::Key& key) {
  return Refuse(Reason::kTokenKeyRetired, "the token's key \"" + key.info.id + "\" is retired; ask for a new token");
}

TokenRefusal NotAccepted(TokenFormat format) {
  return Refuse(Reason::kTokenVersion,
                "tokens of version " + std::to_string(static_cast<int>(format)) + " are not accepted here");
}

// "ig" digits "." is a member of our family that this build does not know.
bool IsOtherFamilyVersion(std::string_view text) {
  if (!text.starts_with("ig")) return false;
  const std::size_t dot = text.find_first_not_of("0123456789", 2);
  return dot != std::string_view::npos && dot > 2 && text[dot] == '.';
}

std::optional<TokenRefusal> CheckText(std::string_view text) {
  if (text.size() > kMaxTokenBytes) {
    return Refuse(Reason::kTokenTooLarge, "the token is over " + std::to_string(kMaxTokenBytes) + " bytes");
  }
  if (!text.starts_with(token::kV5Prefix) && IsOtherFamilyVersion(text)) {
    return Refuse(Reason::kTokenVersion, "the token is of a format that this build does not read");
  }
  return std::nullopt;
}

VerifyResult VerifyLegacy(std::string_view text, const KeyRingState& ring, const VerifyOptions& options,
                          const Clock& clock) {
  token::LegacyToken read;
  if (auto refusal = token::ReadLegacy(text, read)) return *std::move(refusal);
  const TokenFormat format = read.content.format;
  if (!(format == TokenFormat::kV3 ? options.accept_v3 : options.accept_v4)) return NotAccepted(format);
  for (const KeyRingState::Key& key : ring.keys()) {
    if (!key.info.legacy || !crypto::ConstantTimeEqual(token::LegacyMac(read, key.mac), read.sig)) continue;
    if (!key.Accepted(clock)) return KeyRetired(key);
    auto parts = std::make_shared<VerifiedTokenMaker::Parts>();
    parts->content = std::move(read.content);
    return VerifiedTokenMaker::Make(std::move(parts));
  }
  return BadMac(Reason::kTokenBadMac);
}

// The tag check under the tenant's subkey, which is remembered once a token under it proved authentic.
Result<bool> V5TagMatches(const token::V5Token& read, std::string_view tenant, const KeyRingState& ring,
                          const KeyRingState::Key& key) {
  if (const crypto::HmacKey* known = ring.FindTenantKey(key, tenant)) {
    return crypto::ConstantTimeEqual(token::V5Tag(read, *known), read.tag);
  }
  const Result<crypto::HmacKey> subkey = KeyRingState::DeriveTenantKey(key, tenant);
  if (!subkey.ok()) return subkey.error();
  if (!crypto::ConstantTimeEqual(token::V5Tag(read, *subkey), read.tag)) return false;
  ring.RememberTenantKey(key, tenant, *subkey);
  return true;
}

VerifyResult VerifyV5(std::string_view text, const KeyRingState& ring, const VerifyOptions& options,
                      const Clock& clock) {
  if (!options.accept_v5) return NotAccepted(TokenFormat::kV5);
  token::V5Token read;
  auto parts = std::make_shared<VerifiedTokenMaker::Parts>();
  const TokenContent& content = parts->content;
  if (auto refusal = token::ReadV5(text, read, parts->content)) return *std::move(refusal);
  const KeyRingState::Key* key = ring.Find(content.key_id);
  if (key == nullptr) return BadMac(Reason::kTokenUnknownKey);
  const Result<bool> matches = V5TagMatches(read, content.tenant, ring, *key);
  if (!matches.ok() || !*matches) return BadMac(Reason::kTokenBadMac);
  if (!key->Accepted(clock)) return KeyRetired(*key);
  if (!content.audience.empty() && content.audience != options.audience) {
    return Refuse(Reason::kTokenWrongAudience, "the token is meant for another gate");
  }
  parts->compiled.root_expires = read.root_expires;
  return VerifiedTokenMaker::Make(std::move(parts));
}

}  // namespace

VerifyResult Verify(std::string_view text, const KeyRing& ring, const VerifyOptions& options, const Clock& clock) {
  if (auto refusal = CheckText(text)) return *std::move(refusal);
  return text.starts_with(token::kV5Prefix) ? VerifyV5(text, ring.state(), options, clock)
                                            : VerifyLegacy(text, ring.state(), options, clock);
}

Result<TokenContent> Decode(std::string_view text) {
  if (auto refusal = CheckText(text)) return token::ToError(*std::move(refusal));
  if (text.starts_with(token::kV5Prefix)) {
    token::V5Token read;
    TokenContent content;
    if (auto refusal = token::ReadV5(text, read, content)) return token::ToError(*std::move(refusal));
    return content;
  }
  token::LegacyToken read;
  if (auto refusal = token::ReadLegacy(text, read)) return token::ToError(*std::move(refusal));
  return std::move(read.content);
}

}  // namespace intentgate
