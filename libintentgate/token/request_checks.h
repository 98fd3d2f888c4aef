// Checks that Mint and Attenuate share.
#pragma once

#include <vector>

#include <intentgate/token.h>

namespace intentgate::token {

inline Error InvalidRequest(std::string what) { return Error{ErrorCode::kInvalidArgument, std::move(what)}; }

// Validates each caveat and that `format` can carry it. The message names the caveat by its index.
Status CheckCaveatsFit(const std::vector<Caveat>& caveats, TokenFormat format);

// kLimitExceeded when a token would have more than kMaxCaveats.
Status CheckCaveatCount(std::size_t count);

// now + seconds. kInvalidArgument when seconds is not positive or the sum overflows.
Result<std::int64_t> ExpiryFrom(std::int64_t now, std::int64_t seconds);

}  // namespace intentgate::token
