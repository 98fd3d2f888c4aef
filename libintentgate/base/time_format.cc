#include "base/time_format.h"

#include <chrono>
#include <cstdio>

namespace intentgate::base {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kDaySeconds = 86'400;

// By hand, because a printf costs more than the rest of an event's time stamp.
char* PutDigits(unsigned value, std::ptrdiff_t width, char* out) {
  for (char* at = out + width; at > out; value /= 10) *--at = static_cast<char>('0' + value % 10);
  return out + width;
}

char* PutTwo(char before, std::int64_t value, char* out) {
  *out = before;
  return PutDigits(static_cast<unsigned>(value), 2, out + 1);
}

char* PutYear(int year, char* out) {
  if (year >= 0 && year <= 9999) return PutDigits(static_cast<unsigned>(year), 4, out);
  return out + std::snprintf(out, kMaxRfc3339Text / 2, "%04d", year);
}

// Reads exactly `digits` decimal digits at text[pos].
bool ReadDigits(std::string_view text, std::size_t& pos, int digits, int& out) {
  out = 0;
  for (int i = 0; i < digits; ++i, ++pos) {
    if (pos >= text.size() || text[pos] < '0' || text[pos] > '9') return false;
    out = out * 10 + (text[pos] - '0');
  }
  return true;
}

bool ReadChar(std::string_view text, std::size_t& pos, char wanted) {
  if (pos >= text.size() || text[pos] != wanted) return false;
  ++pos;
  return true;
}

Error NoTime() { return {ErrorCode::kMalformed, "not an RFC 3339 time such as 2026-01-31T12:00:00Z"}; }

}  // namespace

std::string FormatRfc3339Micros(std::int64_t unix_micros) {
  std::string out;
  AppendRfc3339Micros(unix_micros, out);
  return out;
}

void AppendRfc3339Micros(std::int64_t unix_micros, std::string& out) {
  char text[kMaxRfc3339Text];
  out.append(text, PutRfc3339Micros(unix_micros, text));
}

char* PutRfc3339Micros(std::int64_t unix_micros, char* out) {
  std::int64_t seconds = unix_micros / kMicros;
  std::int64_t micros = unix_micros % kMicros;
  if (micros < 0) {
    micros += kMicros;
    --seconds;
  }
  std::int64_t days = seconds / kDaySeconds;
  std::int64_t in_day = seconds % kDaySeconds;
  if (in_day < 0) {
    in_day += kDaySeconds;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  char* end = PutYear(static_cast<int>(date.year()), out);
  end = PutTwo('-', static_cast<unsigned>(date.month()), end);
  end = PutTwo('-', static_cast<unsigned>(date.day()), end);
  end = PutTwo('T', in_day / 3600, end);
  end = PutTwo(':', in_day / 60 % 60, end);
  end = PutTwo(':', in_day % 60, end);
  if (micros != 0) {
    *end++ = '.';
    end = PutDigits(static_cast<unsigned>(micros), 6, end);
    while (end[-1] == '0') --end;
  }
  *end++ = 'Z';
  return end;
}

Result<std::int64_t> ParseRfc3339Micros(std::string_view text) {
  std::size_t pos = 0;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!ReadDigits(text, pos, 4, year) || !ReadChar(text, pos, '-') || !ReadDigits(text, pos, 2, month) ||
      !ReadChar(text, pos, '-') || !ReadDigits(text, pos, 2, day) || !ReadChar(text, pos, 'T') ||
      !ReadDigits(text, pos, 2, hour) || !ReadChar(text, pos, ':') || !ReadDigits(text, pos, 2, minute) ||
      !ReadChar(text, pos, ':') || !ReadDigits(text, pos, 2, second)) {
    return NoTime();
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return NoTime();
  std::int64_t micros = 0;
  if (pos < text.size() && text[pos] == '.') {
    ++pos;
    int digits = 0;
    for (; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos, ++digits) {
      if (digits < 6) micros = micros * 10 + (text[pos] - '0');
    }
    if (digits == 0 || digits > 9) return NoTime();
    for (; digits < 6; ++digits) micros *= 10;
  }
  std::int64_t offset = 0;
  if (!ReadChar(text, pos, 'Z')) {
    const bool negative = pos < text.size() && text[pos] == '-';
    int offset_hour = 0, offset_minute = 0;
    if (!negative && !(pos < text.size() && text[pos] == '+')) return NoTime();
    ++pos;
    if (!ReadDigits(text, pos, 2, offset_hour) || !ReadChar(text, pos, ':') ||
        !ReadDigits(text, pos, 2, offset_minute) || offset_hour > 23 || offset_minute > 59) {
      return NoTime();
    }
    offset = (offset_hour * 60 + offset_minute) * 60;
    if (negative) offset = -offset;
  }
  if (pos != text.size()) return NoTime();
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return (days * kDaySeconds + hour * 3600 + minute * 60 + second - offset) * kMicros + micros;
}

}  // namespace intentgate::base
