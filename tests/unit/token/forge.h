// v5 tokens put together by hand, as somebody with the key but without our writer would.
#pragma once

#include <string>
#include <vector>

#include "base/encoding.h"
#include "token/key_ring.h"
#include "token/v5/v5_token.h"
#include "unit/token/support.h"

namespace intentgate::token_test {

// A token from hand-made segments with the right MACs under the test ring.
inline std::string Forge(const std::vector<std::string>& segments, std::string_view tenant = "default", bool seal = false,
                         const KeyRing& ring = TestRing()) {
  const auto& state = ring.state();
  const crypto::HmacKey subkey = *internal::KeyRingState::DeriveTenantKey(state.active(), tenant);
  crypto::Digest tag = token::V5RootTag(subkey, segments.front());
  std::string parts;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i > 0) tag = token::V5HopTag(tag, segments[i]);
    parts += ".";
    base::Base64UrlAppend(base::AsBytes(segments[i]), parts);
  }
  if (seal) tag = token::V5SealTag(tag);
  return *token::FrameV5(parts, tag);
}

inline std::string Hex(std::string_view hex) { return std::string(base::AsText(*base::HexDecode(hex))); }

// {1:"k1", 2:12 bytes, 3:iat, 4:3600, 5:"a"} and what is appended to the map.
inline std::string Root(int members, const std::string& tail = "", const std::string& ttl = "190e10") {
  return Hex("a" + std::to_string(members) + "01" "626b31" "02" "4c000102030405060708090a0b" "03" "1a6955b90a" "04" + ttl +
             "05" "6161" + tail);
}
inline std::string HopSegment(const std::string& members_hex, int members) {
  return Hex("a" + std::to_string(members) + "014c0a0a0a0a0a0a0a0a0a0a0a0a" + members_hex);
}

}  // namespace intentgate::token_test
