#include "token/v5/v5_token.h"

#include <algorithm>

#include "base/encoding.h"
#include "token/refusals.h"
#include "token/v5/segments.h"

namespace intentgate::token {
namespace {

using Refusal = std::optional<TokenRefusal>;

// Two bytes, big-endian: the number of characters of the whole token.
constexpr std::size_t kFrameChars = 3;
constexpr std::size_t kFirstSegment = 4 + kFrameChars + 1;
constexpr std::size_t kTagChars = 43;

// The terminating NUL of the literals is part of the label.
constexpr std::string_view kRootLabel("ig5/root\0", 9);
constexpr std::string_view kHopLabel("ig5/hop\0", 8);
constexpr std::string_view kSealLabel("ig5/seal\0", 9);

TokenRefusal Truncated() {
  return Refuse(Reason::kTokenTruncated, "the token is cut off; copy all of it, up to the last character");
}

// Checks prefix and length and leaves the rest in `parts`, which starts at the root.
Refusal ReadFrame(std::string_view text, std::string_view& parts) {
  if (text.size() < kFirstSegment) return Truncated();
  const Result<base::Bytes> frame = base::Base64UrlDecode(text.substr(kV5Prefix.size(), kFrameChars));
  if (!frame.ok() || text[kFirstSegment - 1] != '.') return RefuseMalformed("the frame is not three characters of base64url");
  const std::size_t stated = std::size_t{(*frame)[0]} << 8 | (*frame)[1];
  if (stated > text.size()) return Truncated();
  if (stated < text.size()) return RefuseMalformed("it goes on behind the length that its frame says");
  parts = text.substr(kFirstSegment);
  return std::nullopt;
}

TokenRefusal BadSegment(std::size_t index, const std::string& what) {
  TokenRefusal refusal = RefuseMalformed("segment " + std::to_string(index) + ": " + what);
  refusal.hop = index;
  return refusal;
}

// Decodes the parts into segments and tag.
Refusal Split(std::string_view parts, V5Token& out) {
  const std::size_t last = parts.rfind('.');
  if (last == std::string_view::npos) return RefuseMalformed("it has no tag");
  const std::string_view tag_text = parts.substr(last + 1);
  if (tag_text.size() != kTagChars) return RefuseMalformed("its tag is not 32 bytes");
  const Result<base::Bytes> tag = base::Base64UrlDecode(tag_text);
  if (!tag.ok()) return RefuseMalformed("tag: " + tag.error().message);
  std::copy(tag->begin(), tag->end(), out.tag.begin());
  parts = parts.substr(0, last);
  const auto dots = static_cast<std::size_t>(std::count(parts.begin(), parts.end(), '.'));
  if (dots > kMaxHops) {
    return Refuse(Reason::kTokenDepthExceeded, "the token has more than " + std::to_string(kMaxHops) + " hops");
  }
  out.segments.reserve(dots + 1);
  for (std::size_t from = 0; from <= parts.size();) {
    const std::size_t end = std::min(parts.find('.', from), parts.size());
    Result<std::string> bytes = base::Base64UrlDecodeText(parts.substr(from, end - from));
    if (!bytes.ok()) return BadSegment(out.segments.size(), bytes.error().message);
    out.segments.push_back(std::move(*bytes));
    from = end + 1;
  }
  return std::nullopt;
}

Refusal ReadSegments(V5Token& out) {
  TokenContent& c = out.content;
  c.hops.reserve(out.segments.size());
  bool too_many = false;
  std::int64_t ttl = 0;
  for (std::size_t i = 0; i < out.segments.size(); ++i) {
    if (c.sealed) {
      TokenRefusal refusal = Refuse(Reason::kTokenSealedExtended, "the token was extended behind its seal");
      refusal.hop = i;
      return refusal;
    }
    CborReader in(out.segments[i]);
    const bool ok = i == 0 ? ReadRoot(in, c, ttl, too_many) : ReadHop(in, c, c.sealed, too_many);
    if (too_many) return RefuseTooManyCaveats();
    if (!ok) return BadSegment(i, in.error());
  }
  if (ttl > kMaxTtlSeconds) {
    return Refuse(Reason::kTokenTtlTooLong, "the token's lifetime is over " + std::to_string(kMaxTtlSeconds) + " seconds");
  }
  if (c.max_depth && static_cast<std::int64_t>(c.hops.size()) - 1 > *c.max_depth) {
    return Refuse(Reason::kTokenDepthExceeded, "the token was passed on more often than its limit of " +
                                                   std::to_string(*c.max_depth) + " allows");
  }
  out.root_expires = c.issued_at + ttl;
  return std::nullopt;
}

void Complete(V5Token& out) {
  TokenContent& c = out.content;
  c.root_jti = c.hops.front().id;
  c.jti = c.hops.back().id;
  std::int64_t earliest = out.root_expires;
  for (const Caveat& caveat : c.caveats) {
    if (caveat.kind == CaveatKind::kExpires) earliest = std::min(earliest, caveat.expires);
  }
  c.expires_at = earliest;
}

}  // namespace

Refusal ReadV5(std::string_view text, V5Token& out) {
  std::string_view parts;
  if (Refusal r = ReadFrame(text, parts)) return r;
  if (Refusal r = Split(parts, out)) return r;
  if (Refusal r = ReadSegments(out)) return r;
  Complete(out);
  return std::nullopt;
}

crypto::Digest V5RootTag(const crypto::HmacKey& subkey, std::string_view root) {
  return subkey.Mac(base::AsBytes(kRootLabel), base::AsBytes(root));
}

crypto::Digest V5HopTag(const crypto::Digest& previous, std::string_view hop) {
  return crypto::HmacSha256(previous, base::AsBytes(kHopLabel), base::AsBytes(hop));
}

crypto::Digest V5SealTag(const crypto::Digest& last) { return crypto::HmacSha256(last, base::AsBytes(kSealLabel)); }

crypto::Digest V5Tag(const V5Token& token, const crypto::HmacKey& subkey) {
  crypto::Digest tag = V5RootTag(subkey, token.segments.front());
  for (std::size_t i = 1; i < token.segments.size(); ++i) tag = V5HopTag(tag, token.segments[i]);
  return token.content.sealed ? V5SealTag(tag) : tag;
}

Result<std::string> FrameV5(std::string_view parts, const crypto::Digest& tag) {
  const std::size_t size = kV5Prefix.size() + kFrameChars + parts.size() + 1 + kTagChars;
  if (size > kMaxTokenBytes) {
    return Error{ErrorCode::kLimitExceeded, "the token would have " + std::to_string(size) + " characters, over the limit of " +
                                                std::to_string(kMaxTokenBytes) + "; use fewer or shorter caveats"};
  }
  std::string out;
  out.reserve(size);
  out += kV5Prefix;
  const std::uint8_t frame[2] = {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  base::Base64UrlAppend(frame, out);
  out += parts;
  out += '.';
  base::Base64UrlAppend(tag, out);
  return out;
}

}  // namespace intentgate::token
