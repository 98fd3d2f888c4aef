// Dates and times written by example ("2006-01-02T15:04:05Z07:00"), as Rego policies give them, and
// durations such as "1h15m30.918s". Pure functions over plain numbers: time zones come in as an
// offset and an abbreviation.
//
// Thread-safe. Errors: kMalformed with the piece of text that does not fit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::rego::builtins {

// A moment on the calendar of some zone.
struct CivilTime {
  std::int64_t year = 1;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  int weekday = 0;  // 0 is Sunday
  int year_day = 1;
  int offset_seconds = 0;
  std::string zone_name = "UTC";
};

// Days since 1970-01-01 in the proleptic Gregorian calendar; month and day may be out of range and
// carry over. REQUIRES: |year| and |month| below 10^12.
std::int64_t DaysFromCivil(std::int64_t year, std::int64_t month, std::int64_t day);
int DaysInMonth(std::int64_t year, int month);

// Fills the calendar members from seconds since the epoch, shifted by offset_seconds.
CivilTime CivilFromUnix(std::int64_t unix_seconds, int nanosecond, int offset_seconds, std::string zone_name);

// "Sunday" for 0.
std::string_view WeekdayName(int weekday);

// Writes `time` as `layout` shows. Text that is no part of a date stands for itself.
std::string FormatLayout(const CivilTime& time, std::string_view layout);

// A parsed moment: seconds since the epoch, UTC, and the nanoseconds in that second.
struct Moment {
  std::int64_t unix_seconds = 0;
  int nanosecond = 0;
};

// What ParseLayout gives for RFC3339, whose usual form is read without a look at the layout.
Result<Moment> ParseRfc3339(std::string_view text);

// Reads `text` by `layout`. A time without a zone is taken as UTC, and so is one with an abbreviation.
Result<Moment> ParseLayout(std::string_view layout, std::string_view text);

// The layout that a well-known name such as "RFC1123Z" stands for, or `name` itself.
std::string_view ResolveLayoutName(std::string_view name);

// A signed sequence of decimal numbers with unit ns, us, ms, s, m or h, in nanoseconds.
Result<std::int64_t> ParseDurationNs(std::string_view text);

}  // namespace intentgate::rego::builtins
