// Logs: one JSON object a line, for machines first.
//
//   log.Info("listening", {{"address", "127.0.0.1:8080"}, {"tls", true}});
//
// What may be logged is decided by type: text, numbers and booleans. Key bytes (crypto::SecretBytes) are
// none of these, so they do not compile. Bearer tokens are never passed here; a token is named by its jti.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <intentgate/clock.h>
#include <intentgate/result.h>

namespace intentgate::telemetry {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };
std::string_view LogLevelName(LogLevel level);
// "debug", "info", "warn", "error", "off".
Result<LogLevel> ParseLogLevel(std::string_view text);

// One named value. Borrows; lives as long as the statement that logs it.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, double, bool>;

  LogField(std::string_view n, const char* text) : name(n), value(std::string_view(text)) {}
  LogField(std::string_view n, std::string_view text) : name(n), value(text) {}
  LogField(std::string_view n, const std::string& text) : name(n), value(std::string_view(text)) {}
  LogField(std::string_view n, bool flag) : name(n), value(flag) {}
  LogField(std::string_view n, double number) : name(n), value(number) {}
  template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  LogField(std::string_view n, T number) : name(n), value(static_cast<std::int64_t>(number)) {}

  std::string_view name;
  Value value;
};

inline constexpr std::size_t kMaxLogText = 2048;  // longer texts are cut and end in "..."

// Takes whole lines without their line end. Must be thread-safe.
using LogSink = std::function<void(std::string_view line)>;

// Thread-safe; a line is written by one call of the sink.
class Logger {
 public:
  using Fields = std::initializer_list<LogField>;

  Logger(LogLevel level, LogSink sink, std::shared_ptr<const Clock> clock);
  // To the process's standard output or standard error.
  static Logger ToStdout(LogLevel level);
  static Logger ToStderr(LogLevel level);
  // Logs nothing.
  static Logger Silent();

  bool Enabled(LogLevel level) const { return level >= level_ && level_ != LogLevel::kOff; }
  void Log(LogLevel level, std::string_view message, Fields fields) const;
  void Debug(std::string_view message, Fields fields = {}) const { Log(LogLevel::kDebug, message, fields); }
  void Info(std::string_view message, Fields fields = {}) const { Log(LogLevel::kInfo, message, fields); }
  void Warn(std::string_view message, Fields fields = {}) const { Log(LogLevel::kWarn, message, fields); }
  void Error(std::string_view message, Fields fields = {}) const { Log(LogLevel::kError, message, fields); }

 private:
  LogLevel level_;
  LogSink sink_;
  std::shared_ptr<const Clock> clock_;
};

}  // namespace intentgate::telemetry
