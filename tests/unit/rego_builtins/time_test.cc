// Layouts by example, without zones from files.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rego/builtins/go_time.h"

namespace intentgate::rego::builtins {

TEST_CASE("what a layout writes, it reads back") {
  const char* const layouts[] = {"2006-01-02T15:04:05.999999999Z07:00", "Mon, 02 Jan 2006 15:04:05.000000000 -0700",
                                 "2006-002 03:04:05.000000000PM -070000", "Jan _2 06 15:4:5.000000000 Z0700"};
  for (const std::int64_t seconds : {0LL, 1'700'000'000LL, 951'782'400LL, 1'582'934'400LL}) {
    for (const char* layout : layouts) {
      const CivilTime time = CivilFromUnix(seconds, 123'456'789, 5 * 3600 + 1800, "IST");
      const std::string text = FormatLayout(time, layout);
      INFO(layout);
      INFO(text);
      const Result<Moment> moment = ParseLayout(layout, text);
      REQUIRE(moment.ok());
      CHECK(moment->unix_seconds == seconds);
      CHECK(moment->nanosecond == 123'456'789);
    }
  }
}

TEST_CASE("RFC 3339 read the short way is what its layout reads") {
  std::vector<std::string> texts;
  for (const char* date : {"2026-11-28", "2024-02-29", "2023-02-29", "1900-02-29", "0000-01-01", "2026-04-31", "2026-13-01", "2026-00-10", "2026-1-02"}) {
    for (const char* time : {"T10:00:00", "T23:59:59", "T24:00:00", "T10:60:00", "T10:00:60", " 10:00:00", "t10:00:00", "T1:00:00"}) {
      for (const char* fraction : {"", ".", ".5", ".123456789", ".1234567891", ",25"}) {
        for (const char* zone : {"Z", "z", "+01:30", "-23:59", "+24:00", "+25:00", "-00:60", "+00:61", "+0100", "", "Zx", "+01:0"}) {
          texts.push_back(std::string(date) + time + fraction + zone);
        }
      }
    }
  }
  for (const std::string& text : texts) {
    INFO(text);
    const Result<Moment> layout = ParseLayout(ResolveLayoutName("RFC3339"), text);
    const Result<Moment> plain = ParseRfc3339(text);
    REQUIRE(plain.ok() == layout.ok());
    if (!layout.ok()) {
      CHECK(plain.error().message == layout.error().message);
      continue;
    }
    CHECK(plain->unix_seconds == layout->unix_seconds);
    CHECK(plain->nanosecond == layout->nanosecond);
  }
}

TEST_CASE("days count through leap years, centuries and below year one") {
  CHECK(DaysFromCivil(1970, 1, 1) == 0);
  CHECK(DaysFromCivil(2000, 3, 1) - DaysFromCivil(2000, 2, 28) == 2);
  CHECK(DaysFromCivil(1900, 3, 1) - DaysFromCivil(1900, 2, 28) == 1);
  CHECK(DaysFromCivil(2020, 14, 1) == DaysFromCivil(2021, 2, 1));
  CHECK(DaysFromCivil(2020, 0, 1) == DaysFromCivil(2019, 12, 1));
  CHECK(DaysFromCivil(2020, -12, 1) == DaysFromCivil(2018, 12, 1));
  for (std::int64_t day = -800'000; day < 800'000; day += 37) {
    const CivilTime t = CivilFromUnix(day * 86'400, 0, 0, "UTC");
    CHECK(DaysFromCivil(t.year, t.month, t.day) == day);
  }
  CHECK(DaysInMonth(2023, 2) == 28);
  CHECK(DaysInMonth(2024, 2) == 29);
}

TEST_CASE("a text that does not fit its layout is refused with the place") {
  CHECK(ParseLayout("2006-01-02", "2020-1-02").error().message ==
        "parsing time \"2020-1-02\" as \"2006-01-02\": cannot parse \"1-02\" as \"01\"");
  CHECK(ParseLayout("é", "日").error().message == R"(parsing time "\xe6\x97\xa5" as "\xc3\xa9": cannot parse "\xe6\x97\xa5" as "\xc3\xa9")");
  CHECK(ParseLayout("2006-01-02", "2020-13-02").error().message == "parsing time \"2020-13-02\": month out of range");
  CHECK(ParseLayout("2006", "2020x").error().message == "parsing time \"2020x\": extra text: \"x\"");
}

}  // namespace intentgate::rego::builtins
