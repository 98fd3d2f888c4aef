#include <intentgate/token.h>

#include <array>

#include "base/encoding.h"
#include "base/ids.h"
#include "base/utf8.h"
#include "token/key_ring.h"
#include "token/legacy/legacy_token.h"
#include "token/request_checks.h"
#include "token/v5/segments.h"
#include "token/v5/v5_token.h"

namespace intentgate {
namespace {

using token::InvalidRequest;

Status CheckName(const char* what, std::string_view text, bool required) {
  if (required && text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return InvalidRequest(std::string("the ") + what + " is required");
  }
  if (!base::IsValidUtf8(text)) return InvalidRequest(std::string("the ") + what + " is not valid UTF-8");
  return {};
}

Status CheckNames(const MintRequest& request) {
  if (Status s = CheckName("subject", request.subject, true); !s.ok()) return s;
  if (Status s = CheckName("tenant", request.tenant, true); !s.ok()) return s;
  if (Status s = CheckName("zone", request.zone, true); !s.ok()) return s;
  if (Status s = CheckName("issuer", request.issuer, false); !s.ok()) return s;
  if (Status s = CheckName("audience", request.audience, false); !s.ok()) return s;
  if (request.not_before && *request.not_before <= 0) return InvalidRequest("not_before is no time after 1970");
  return {};
}

// What only v5 has.
Status CheckLegacyRequest(const KeyRing& ring, const MintRequest& request) {
  if (!request.audience.empty()) return InvalidRequest("an audience needs a v5 token");
  if (request.max_depth) return InvalidRequest("a depth limit needs a v5 token");
  if (request.format == TokenFormat::kV3 && request.zone != "default") {
    return InvalidRequest("a zone needs a v4 or v5 token");
  }
  if (!ring.state().active().info.legacy) {
    return InvalidRequest("the active key is marked v5-only; v3 and v4 tokens under it would not be accepted");
  }
  return {};
}

Result<MintedToken> MintLegacy(const KeyRing& ring, const MintRequest& request, const Clock& clock, Random& random) {
  if (Status s = CheckLegacyRequest(ring, request); !s.ok()) return s.error();
  Result<std::string> id = base::MakeTokenId(clock, random);
  if (!id.ok()) return id.error();
  TokenContent c;
  c.format = request.format;
  c.jti = c.root_jti = std::move(*id);
  c.issuer = request.issuer;
  c.tenant = request.tenant;
  if (request.format == TokenFormat::kV4) c.zone = request.zone;
  c.subject = request.subject;
  c.issued_at = clock.UnixSeconds();
  c.not_before = request.not_before;
  if (c.issued_at == 0) return InvalidRequest("the clock stands at 1970; v3 and v4 tokens need a real time");
  c.caveats.push_back(Caveat::AgentLock(request.subject));
  MintedToken minted;
  if (request.ttl_seconds) {
    const Result<std::int64_t> expires = token::ExpiryFrom(c.issued_at, *request.ttl_seconds);
    if (!expires.ok()) return expires.error();
    c.caveats.push_back(Caveat::Expires(*expires));
    minted.expires_at = *expires;
  }
  c.caveats.insert(c.caveats.end(), request.caveats.begin(), request.caveats.end());
  if (Status s = token::CheckCaveatCount(c.caveats.size()); !s.ok()) return s.error();
  minted.jti = c.jti;
  token::LegacyToken unsigned_token;
  unsigned_token.content = std::move(c);
  const crypto::Digest sig = token::LegacyMac(unsigned_token, ring.state().active().mac);
  minted.token = token::EncodeLegacy(unsigned_token.content, sig);
  if (minted.token.size() > kMaxTokenBytes) {
    return Error{ErrorCode::kLimitExceeded, "the token would have " + std::to_string(minted.token.size()) +
                                                " characters, over the limit of " + std::to_string(kMaxTokenBytes)};
  }
  return minted;
}

Result<token::RootFields> RootOf(const KeyRing& ring, const MintRequest& request, std::int64_t now) {
  token::RootFields root;
  root.key_id = ring.active_id();
  root.issued_at = now;
  root.ttl = request.ttl_seconds.value_or(kDefaultTtlSeconds);
  if (root.ttl <= 0 || root.ttl > kMaxTtlSeconds) {
    return InvalidRequest("the lifetime must be 1 to " + std::to_string(kMaxTtlSeconds) + " seconds");
  }
  if (now < 0 || now > token::kMaxUnixSeconds || request.not_before.value_or(0) > token::kMaxUnixSeconds) {
    return InvalidRequest("a time is out of range");
  }
  if (request.not_before && *request.not_before >= now + root.ttl) {
    return InvalidRequest("the token would expire before it becomes valid");
  }
  if (request.max_depth && (*request.max_depth < 0 || *request.max_depth > static_cast<std::int64_t>(kMaxHops))) {
    return InvalidRequest("the depth limit must be 0 to " + std::to_string(kMaxHops));
  }
  root.subject = request.subject;
  root.tenant = request.tenant;
  root.issuer = request.issuer;
  root.zone = request.zone;
  root.audience = request.audience;
  root.not_before = request.not_before;
  root.max_depth = request.max_depth;
  return root;
}

Result<crypto::HmacKey> TenantKey(const internal::KeyRingState& ring, const std::string& tenant) {
  if (const crypto::HmacKey* known = ring.FindTenantKey(ring.active(), tenant)) return *known;
  Result<crypto::HmacKey> subkey = internal::KeyRingState::DeriveTenantKey(ring.active(), tenant);
  if (subkey.ok()) ring.RememberTenantKey(ring.active(), tenant, *subkey);
  return subkey;
}

Result<MintedToken> MintV5(const KeyRing& ring, const MintRequest& request, const Clock& clock, Random& random) {
  Result<token::RootFields> root = RootOf(ring, request, clock.UnixSeconds());
  if (!root.ok()) return root.error();
  if (Status s = token::CheckCaveatCount(request.caveats.size()); !s.ok()) return s.error();
  std::array<std::uint8_t, token::kHopIdBytes> id{};
  if (Status s = random.Fill(id); !s.ok()) return s.error();
  root->id = base::AsText(id);
  std::string segment;
  if (Status s = token::WriteRoot(*root, request.caveats, segment); !s.ok()) return s.error();
  const Result<crypto::HmacKey> subkey = TenantKey(ring.state(), request.tenant);
  if (!subkey.ok()) return subkey.error();
  std::string parts = ".";
  base::Base64UrlAppend(base::AsBytes(segment), parts);
  Result<std::string> text = token::FrameV5(parts, token::V5RootTag(*subkey, segment));
  if (!text.ok()) return text.error();
  MintedToken minted;
  minted.token = std::move(*text);
  minted.jti = base::Base64UrlEncode(id);
  minted.expires_at = root->issued_at + root->ttl;
  return minted;
}

}  // namespace

Result<MintedToken> Mint(const KeyRing& ring, const MintRequest& request, const Clock& clock, Random& random) {
  if (request.format == TokenFormat::kForeign) return Error{ErrorCode::kInvalidArgument, "a foreign token is not minted here"};
  if (Status s = CheckNames(request); !s.ok()) return s.error();
  if (Status s = token::CheckCaveatsFit(request.caveats, request.format); !s.ok()) return s.error();
  return request.format == TokenFormat::kV5 ? MintV5(ring, request, clock, random)
                                            : MintLegacy(ring, request, clock, random);
}

}  // namespace intentgate
