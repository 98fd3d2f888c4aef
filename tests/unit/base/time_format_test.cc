#include "base/time_format.h"

#include <doctest/doctest.h>

#include <string>

namespace intentgate::base {

TEST_CASE("times are written to the microsecond without trailing zeros") {
  CHECK(FormatRfc3339Micros(0) == "1970-01-01T00:00:00Z");
  CHECK(FormatRfc3339Micros(1'767'225'600'120'000) == "2026-01-01T00:00:00.12Z");
  CHECK(FormatRfc3339Micros(-1) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("times are read with any offset and read back") {
  CHECK(*ParseRfc3339Micros("2026-01-01T01:30:00.123456789+01:30") == 1'767'225'600'123'456);
  for (const std::int64_t t : {std::int64_t{0}, std::int64_t{-62'135'596'800'000'000}, std::int64_t{4'102'444'800'000'001}}) {
    CHECK(*ParseRfc3339Micros(FormatRfc3339Micros(t)) == t);
  }
  for (const std::string bad : {"", "2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z",
                          "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx"}) {
    INFO(bad);
    CHECK_FALSE(ParseRfc3339Micros(bad).ok());
  }
}

}  // namespace intentgate::base
