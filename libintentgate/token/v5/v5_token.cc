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

TokenRefusal BadSegment(std::size_t index, const std::string& what) {
  TokenRefusal refusal = RefuseMalformed("segment " + std::to_string(index) + ": " + what);
  refusal.hop = index;
  return refusal;
}

// Checks prefix and length and leaves the rest in `parts`, which starts at the root.
Refusal ReadFrame(std::string_view text, std::string_view& parts) {
  if (text.size() < kFirstSegment) return Truncated();
  std::uint8_t frame[2];
  if (!base::Base64UrlDecodeInto(text.substr(kV5Prefix.size(), kFrameChars), frame) || text[kFirstSegment - 1] != '.') {
    return RefuseMalformed("the frame is not three characters of base64url");
  }
  const std::size_t stated = std::size_t{frame[0]} << 8 | frame[1];
  if (stated > text.size()) return Truncated();
  if (stated < text.size()) return RefuseMalformed("it goes on behind the length that its frame says");
  parts = text.substr(kFirstSegment);
  return std::nullopt;
}

}  // namespace

class V5Reader {
 public:
  V5Reader(V5Token& token, TokenContent& content) : token_(token), content_(content) {}

  Refusal Read(std::string_view text) {
    std::string_view parts;
    if (Refusal r = ReadFrame(text, parts)) return r;
    if (Refusal r = Split(parts)) return r;
    if (Refusal r = ReadSegments()) return r;
    Complete();
    return std::nullopt;
  }

 private:
  // Decodes the parts into segments and tag.
  Refusal Split(std::string_view parts) {
    const std::size_t last = parts.rfind('.');
    if (last == std::string_view::npos) return RefuseMalformed("it has no tag");
    const std::string_view tag = parts.substr(last + 1);
    if (tag.size() != kTagChars) return RefuseMalformed("its tag is not 32 bytes");
    if (!base::Base64UrlDecodeInto(tag, token_.tag.data())) return RefuseMalformed("its tag is not base64url");
    parts = parts.substr(0, last);
    token_.bytes_.resize(parts.size() * 3 / 4 + 1);
    auto* out = reinterpret_cast<std::uint8_t*>(token_.bytes_.data());
    std::size_t used = 0;
    for (std::size_t from = 0; from <= parts.size();) {
      const std::size_t end = std::min(parts.find('.', from), parts.size());
      if (token_.count_ > kMaxHops) {
        return Refuse(Reason::kTokenDepthExceeded, "the token has more than " + std::to_string(kMaxHops) + " hops");
      }
      if (!base::Base64UrlDecodeInto(parts.substr(from, end - from), out + used)) {
        return BadSegment(token_.count_, "not base64url without padding");
      }
      used += (end - from) * 3 / 4;
      token_.ends_[token_.count_++] = static_cast<std::uint32_t>(used);
      from = end + 1;
    }
    return std::nullopt;
  }

  Refusal ReadSegments() {
    content_.hops.reserve(token_.count_);
    bool too_many = false;
    std::int64_t ttl = 0;
    for (std::size_t i = 0; i < token_.count_; ++i) {
      if (content_.sealed) {
        TokenRefusal refusal = Refuse(Reason::kTokenSealedExtended, "the token was extended behind its seal");
        refusal.hop = i;
        return refusal;
      }
      CborReader in(token_.segment(i));
      const bool ok = i == 0 ? ReadRoot(in, content_, ttl, too_many) : ReadHop(in, content_, content_.sealed, too_many);
      if (too_many) return RefuseTooManyCaveats();
      if (!ok) return BadSegment(i, in.error());
    }
    if (ttl > kMaxTtlSeconds) {
      return Refuse(Reason::kTokenTtlTooLong,
                    "the token's lifetime is over " + std::to_string(kMaxTtlSeconds) + " seconds");
    }
    if (content_.max_depth && static_cast<std::int64_t>(token_.count_) - 1 > *content_.max_depth) {
      return Refuse(Reason::kTokenDepthExceeded, "the token was passed on more often than its limit of " +
                                                     std::to_string(*content_.max_depth) + " allows");
    }
    token_.root_expires = content_.issued_at + ttl;
    token_.sealed = content_.sealed;
    return std::nullopt;
  }

  void Complete() {
    content_.root_jti = content_.hops.front().id;
    content_.jti = content_.hops.back().id;
    std::int64_t earliest = token_.root_expires;
    for (const Caveat& caveat : content_.caveats) {
      if (caveat.kind == CaveatKind::kExpires) earliest = std::min(earliest, caveat.expires);
    }
    content_.expires_at = earliest;
  }

  V5Token& token_;
  TokenContent& content_;
};

std::optional<TokenRefusal> ReadV5(std::string_view text, V5Token& token, TokenContent& content) {
  return V5Reader(token, content).Read(text);
}

crypto::Digest V5RootTag(const crypto::HmacKey& subkey, std::string_view root) {
  return subkey.Mac(base::AsBytes(kRootLabel), base::AsBytes(root));
}

crypto::Digest V5HopTag(const crypto::Digest& previous, std::string_view hop) {
  return crypto::HmacSha256(previous, base::AsBytes(kHopLabel), base::AsBytes(hop));
}

crypto::Digest V5SealTag(const crypto::Digest& last) { return crypto::HmacSha256(last, base::AsBytes(kSealLabel)); }

crypto::Digest V5Tag(const V5Token& token, const crypto::HmacKey& subkey) {
  crypto::Digest tag = V5RootTag(subkey, token.segment(0));
  for (std::size_t i = 1; i < token.segment_count(); ++i) tag = V5HopTag(tag, token.segment(i));
  return token.sealed ? V5SealTag(tag) : tag;
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
