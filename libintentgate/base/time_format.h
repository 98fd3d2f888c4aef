// RFC 3339 in UTC, to the microsecond.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::base {

// "2026-01-01T00:00:00Z"; a fraction of up to six digits without trailing zeros when there is one.
std::string FormatRfc3339Micros(std::int64_t unix_micros);
void AppendRfc3339Micros(std::int64_t unix_micros, std::string& out);
// Into memory of the caller's, kMaxRfc3339Text bytes of it; returns the end of what was written.
inline constexpr std::size_t kMaxRfc3339Text = 48;
char* PutRfc3339Micros(std::int64_t unix_micros, char* out);
// Accepts any offset and up to nine fraction digits (cut to microseconds).
Result<std::int64_t> ParseRfc3339Micros(std::string_view text);

}  // namespace intentgate::base
