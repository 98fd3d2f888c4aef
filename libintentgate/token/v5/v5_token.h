// The v5 format: "ig5." frame "." root *("." hop) "." tag, each part base64url of exact bytes. The
// MACs run over the received bytes of the segments; nothing is ever re-serialised to check one.
// docs/formats/token.md, section 3.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/token.h>

#include "crypto/hash.h"

namespace intentgate::token {

inline constexpr std::string_view kV5Prefix = "ig5.";

// What a v5 text holds besides its content. Segments are views into one buffer, which is part of it: 12 KiB.
class V5Token {
 public:
  std::size_t segment_count() const { return count_; }
  std::string_view segment(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {reinterpret_cast<const char*>(bytes_.data()) + begin, ends_[i] - begin};
  }

  std::int64_t root_expires = 0;
  bool sealed = false;
  crypto::Digest tag{};

 private:
  friend class V5Reader;
  // Of root and hops, one behind the other. Every byte that is read of the two has been written.
  std::array<std::uint8_t, kMaxTokenBytes * 3 / 4> bytes_;
  std::array<std::uint32_t, kMaxHops + 1> ends_;
  std::size_t count_ = 0;
};

// Reads a v5 token. No hashing. Refuses with kTokenMalformed, kTokenTruncated, kTokenTooLarge,
// kTokenTtlTooLong, kTokenDepthExceeded or kTokenSealedExtended; the outputs are then unspecified.
// REQUIRES: text starts with kV5Prefix; at most kMaxTokenBytes; `content` is fresh.
std::optional<TokenRefusal> ReadV5(std::string_view text, V5Token& token, TokenContent& content);

// What Attenuate must know of a parent. Cheaper than the content.
struct V5Shape {
  std::string_view parts;  // the text's segments, as FrameV5 takes them
  std::size_t hops = 0;  // behind the root
  std::size_t caveats = 0;
  std::optional<std::int64_t> max_depth;
  bool sealed = false;
};
// As ReadV5, but looks no deeper into the segments than it takes to count: a parent with a member out of
// place is found by whoever verifies the child.
std::optional<TokenRefusal> ScanV5(std::string_view text, V5Token& token, V5Shape& shape);

// The tag that the segments should have under a tenant's subkey.
crypto::Digest V5Tag(const V5Token& token, const crypto::HmacKey& subkey);

// The steps of the chain.
crypto::Digest V5RootTag(const crypto::HmacKey& subkey, std::string_view root);
crypto::Digest V5HopTag(const crypto::Digest& previous, std::string_view hop);
crypto::Digest V5SealTag(const crypto::Digest& last);

// The text of `parts` (already base64url, joined by dots, each with a leading dot) and the tag.
// kLimitExceeded when it would be over kMaxTokenBytes.
Result<std::string> FrameV5(std::string_view parts, const crypto::Digest& tag);
// As above, with one more segment behind `parts`.
Result<std::string> FrameV5(std::string_view parts, std::string_view segment, const crypto::Digest& tag);

}  // namespace intentgate::token
