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

// Why the last part is no tag.
TokenRefusal WrongTag(std::string_view parts) {
  const std::size_t last = parts.rfind('.');
  if (last == std::string_view::npos) return RefuseMalformed("it has no tag");
  return RefuseMalformed(parts.size() - last - 1 == kTagChars ? "its tag is not base64url" : "its tag is not 32 bytes");
}

}  // namespace

class V5Reader {
 public:
  explicit V5Reader(V5Token& token) : token_(token) {}

  Refusal Read(std::string_view text, TokenContent& content) {
    if (Refusal r = ReadParts(text)) return r;
    if (Refusal r = ReadSegments(content)) return r;
    Complete(content);
    return std::nullopt;
  }

  Refusal Scan(std::string_view text, V5Shape& shape) {
    if (Refusal r = ReadParts(text)) return r;
    for (std::size_t i = 0; i < token_.count_; ++i) {
      CborReader in(token_.segment(i));
      const bool ok = i == 0 ? ScanRoot(in, shape.caveats, shape.max_depth) : ScanHop(in, shape.caveats, shape.sealed);
      if (!ok) return BadSegment(i, in.error());
    }
    shape.hops = token_.count_ - 1;
    shape.parts = text.substr(kFirstSegment - 1, text.size() - (kFirstSegment - 1) - (1 + kTagChars));
    return std::nullopt;
  }

 private:
  Refusal ReadParts(std::string_view text) {
    std::string_view parts;
    if (Refusal r = ReadFrame(text, parts)) return r;
    return Split(parts);
  }

  // Decodes the parts into segments and tag.
  Refusal Split(std::string_view parts) {
    if (parts.size() <= kTagChars) return WrongTag(parts);
    const std::size_t last = parts.size() - kTagChars - 1;
    if (parts[last] != '.' || !base::Base64UrlDecodeInto(parts.substr(last + 1), token_.tag.data())) return WrongTag(parts);
    parts = parts.substr(0, last);
    std::uint8_t* out = token_.bytes_.data();
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

  Refusal ReadSegments(TokenContent& content) {
    content.hops.reserve(token_.count_);
    bool too_many = false;
    std::int64_t ttl = 0;
    for (std::size_t i = 0; i < token_.count_; ++i) {
      if (content.sealed) {
        TokenRefusal refusal = Refuse(Reason::kTokenSealedExtended, "the token was extended behind its seal");
        refusal.hop = i;
        return refusal;
      }
      CborReader in(token_.segment(i));
      const bool ok = i == 0 ? ReadRoot(in, content, ttl, too_many) : ReadHop(in, content, content.sealed, too_many);
      if (too_many) return RefuseTooManyCaveats();
      if (!ok) return BadSegment(i, in.error());
    }
    if (ttl > kMaxTtlSeconds) {
      return Refuse(Reason::kTokenTtlTooLong,
                    "the token's lifetime is over " + std::to_string(kMaxTtlSeconds) + " seconds");
    }
    if (content.max_depth && static_cast<std::int64_t>(token_.count_) - 1 > *content.max_depth) {
      return Refuse(Reason::kTokenDepthExceeded, "the token was passed on more often than its limit of " +
                                                     std::to_string(*content.max_depth) + " allows");
    }
    token_.root_expires = content.issued_at + ttl;
    token_.sealed = content.sealed;
    return std::nullopt;
  }

  void Complete(TokenContent& content) {
    content.root_jti = content.hops.front().id;
    content.jti = content.hops.back().id;
    std::int64_t earliest = token_.root_expires;
    for (const Caveat& caveat : content.caveats) {
      if (caveat.kind == CaveatKind::kExpires) earliest = std::min(earliest, caveat.expires);
    }
    content.expires_at = earliest;
  }

  V5Token& token_;
};

std::optional<TokenRefusal> ReadV5(std::string_view text, V5Token& token, TokenContent& content) {
  return V5Reader(token).Read(text, content);
}

std::optional<TokenRefusal> ScanV5(std::string_view text, V5Token& token, V5Shape& shape) {
  return V5Reader(token).Scan(text, shape);
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

namespace {

Result<std::string> Frame(std::string_view parts, std::optional<std::string_view> segment, const crypto::Digest& tag) {
  const std::size_t more = segment ? 1 + base::Base64UrlSize(segment->size()) : 0;
  const std::size_t size = kV5Prefix.size() + kFrameChars + parts.size() + more + 1 + kTagChars;
  if (size > kMaxTokenBytes) {
    return Error{ErrorCode::kLimitExceeded, "the token would have " + std::to_string(size) + " characters, over the limit of " +
                                                std::to_string(kMaxTokenBytes) + "; use fewer or shorter caveats"};
  }
  std::string out(size, '.');
  char* p = std::copy(kV5Prefix.begin(), kV5Prefix.end(), out.data());
  const std::uint8_t frame[2] = {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  p = base::Base64UrlEncodeInto(frame, p);
  p = std::copy(parts.begin(), parts.end(), p);
  if (segment) p = base::Base64UrlEncodeInto(base::AsBytes(*segment), p + 1);
  base::Base64UrlEncodeInto(tag, p + 1);
  return out;
}

}  // namespace

Result<std::string> FrameV5(std::string_view parts, const crypto::Digest& tag) { return Frame(parts, std::nullopt, tag); }

Result<std::string> FrameV5(std::string_view parts, std::string_view segment, const crypto::Digest& tag) {
  return Frame(parts, segment, tag);
}

}  // namespace intentgate::token
