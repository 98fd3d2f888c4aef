#include "token/request_checks.h"

#include <limits>

#include "token/caveat_members.h"

namespace intentgate::token {

Status CheckCaveatsFit(const std::vector<Caveat>& caveats, TokenFormat format) {
  for (std::size_t i = 0; i < caveats.size(); ++i) {
    const auto at_index = [i](const std::string& what) { return "caveat " + std::to_string(i) + ": " + what; };
    if (Status s = caveats[i].Validate(); !s.ok()) return Error{s.error().code, at_index(s.error().message)};
    if (format != TokenFormat::kV5 && !PublicFormatHas(caveats[i].kind, static_cast<int>(format))) {
      return InvalidRequest(at_index("a v" + std::to_string(static_cast<int>(format)) + " token cannot carry a caveat of type " +
                                     std::string(WireName(caveats[i])) + "; mint a v5 token"));
    }
  }
  return {};
}

Status CheckCaveatCount(std::size_t count) {
  if (count <= kMaxCaveats) return {};
  return Error{ErrorCode::kLimitExceeded, "the token would have " + std::to_string(count) + " caveats, over the limit of " +
                                              std::to_string(kMaxCaveats)};
}

Result<std::int64_t> ExpiryFrom(std::int64_t now, std::int64_t seconds) {
  if (seconds <= 0) return InvalidRequest("the lifetime must be at least one second");
  if (now > std::numeric_limits<std::int64_t>::max() - seconds) return InvalidRequest("the lifetime is too long");
  return now + seconds;
}

}  // namespace intentgate::token
