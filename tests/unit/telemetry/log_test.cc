#include <doctest/doctest.h>

#include <string>
#include <type_traits>
#include <vector>

#include <intentgate/json.h>

#include "crypto/secret_bytes.h"
#include "telemetry/log.h"

namespace intentgate::telemetry {

TEST_CASE("a log line is one JSON object with time, level and message first") {
  std::vector<std::string> lines;
  const Logger log(LogLevel::kInfo, [&lines](std::string_view line) { lines.emplace_back(line); },
                   std::make_shared<ManualClock>(1'767'225'600'000'001));
  log.Debug("unseen");
  log.Info("hello", {{"text", "a\"b"}, {"n", 7}, {"yes", true}, {"half", 0.5}});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        R"({"ts":"2026-01-01T00:00:00.000001Z","level":"info","msg":"hello","text":"a\"b","n":7,"yes":true,"half":0.5})");
}

TEST_CASE("whatever a peer sent, a line stays one line of JSON") {
  std::vector<std::string> lines;
  const Logger log(LogLevel::kDebug, [&lines](std::string_view line) { lines.emplace_back(line); }, SystemClock());
  for (const std::string& text : {std::string("a\nb\r\0c", 6), std::string("\xff\xfe"), std::string(100'000, 'x'),
                                  std::string(kMaxLogText - 1, 'x') + "\xc3\xa9"}) {
    log.Warn(text, {{"field", text}});
    INFO(lines.back().substr(0, 100));
    CHECK(json::Parse(lines.back()).ok());
    CHECK(lines.back().find('\n') == std::string::npos);
    CHECK(lines.back().size() < 3 * kMaxLogText);
  }
}

TEST_CASE("key bytes cannot be logged") {
  CHECK_FALSE(std::is_constructible_v<LogField, std::string_view, crypto::SecretBytes>);
  CHECK_FALSE(std::is_constructible_v<LogField, std::string_view, const crypto::SecretBytes&>);
}

TEST_CASE("levels are read by name") {
  CHECK(*ParseLogLevel("warn") == LogLevel::kWarn);
  CHECK(LogLevelName(LogLevel::kError) == "error");
  CHECK_FALSE(ParseLogLevel("loud").ok());
  CHECK_FALSE(Logger::Silent().Enabled(LogLevel::kError));
}

}  // namespace intentgate::telemetry
