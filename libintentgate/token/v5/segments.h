// The two kinds of segment: the root and the hops. docs/formats/token.md, sections 3.2 and 3.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/token.h>

#include "token/v5/cbor.h"

namespace intentgate::token {

inline constexpr std::size_t kHopIdBytes = 12;
inline constexpr std::size_t kMaxKeyIdBytes = 32;
inline constexpr std::size_t kMaxLabelBytes = 64;
// The year 36812: far beyond use, and no sum of two times overflows.
inline constexpr std::int64_t kMaxUnixSeconds = (std::int64_t{1} << 40) - 1;

struct RootFields {
  std::string_view key_id;
  std::string_view id;  // kHopIdBytes bytes
  std::int64_t issued_at = 0;
  std::int64_t ttl = 0;
  std::string_view subject, tenant, issuer, zone, audience;
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> max_depth;
};
// Appends the segment's bytes. Errors as WriteCaveat.
Status WriteRoot(const RootFields& root, const std::vector<Caveat>& caveats, std::string& out);
Status WriteHop(std::string_view id, std::string_view label, const std::vector<Caveat>& caveats, bool seal,
                std::string& out);

// Fill `content` from a segment, which holds nothing else. Hop ids become base64url. `too_many` is set
// when the caveats exceed kMaxCaveats. False with in.error() when the segment is not canonical.
bool ReadRoot(CborReader& in, TokenContent& content, std::int64_t& ttl, bool& too_many);
bool ReadHop(CborReader& in, TokenContent& content, bool& sealed, bool& too_many);

// Add up what a segment holds, without making it. False when it is not CBOR of the right shape.
bool ScanRoot(CborReader& in, std::size_t& caveats, std::optional<std::int64_t>& max_depth);
bool ScanHop(CborReader& in, std::size_t& caveats, bool& sealed);

}  // namespace intentgate::token
