#include "telemetry/log.h"

#include <array>
#include <cmath>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <intentgate/json.h>

#include "base/time_format.h"
#include "base/utf8.h"

namespace intentgate::telemetry {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"debug", "info", "warn", "error", "off"};

// Log lines stay valid JSON whatever a peer sent.
json::Value CleanText(std::string_view text) {
  if (!base::IsValidUtf8(text)) return base::ReplaceInvalidUtf8(text.substr(0, kMaxLogText));
  if (text.size() <= kMaxLogText) return text;
  std::size_t end = kMaxLogText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

json::Value ToJson(const LogField::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return CleanText(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  const double real = std::get<double>(value);
  return std::isfinite(real) ? json::Value::Double(real) : json::Value();
}

// spdlog locks, writes the line with its end in one piece and swallows what the system refuses.
template <typename Sink>
LogSink StreamSink() {
  auto sink = std::make_shared<Sink>();
  auto logger = std::make_shared<spdlog::logger>("intentgate", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  logger->set_error_handler([](const std::string&) {});
  return [logger](std::string_view line) {
    logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  };
}

}  // namespace

std::string_view LogLevelName(LogLevel level) { return kNames[static_cast<std::size_t>(level)]; }

Result<LogLevel> ParseLogLevel(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<LogLevel>(i);
  }
  return intentgate::Error{ErrorCode::kInvalidArgument, "must be debug, info, warn, error or off"};
}

Logger::Logger(LogLevel level, LogSink sink, std::shared_ptr<const Clock> clock)
    : level_(level), sink_(std::move(sink)), clock_(std::move(clock)) {}

Logger Logger::ToStdout(LogLevel level) {
  return Logger(level, StreamSink<spdlog::sinks::stdout_sink_mt>(), SystemClock());
}

Logger Logger::ToStderr(LogLevel level) {
  return Logger(level, StreamSink<spdlog::sinks::stderr_sink_mt>(), SystemClock());
}

Logger Logger::Silent() {
  return Logger(LogLevel::kOff, [](std::string_view) {}, SystemClock());
}

void Logger::Log(LogLevel level, std::string_view message, Fields fields) const {
  if (!Enabled(level)) return;
  json::Object line;
  line.reserve(fields.size() + 3);
  line.push_back({"ts", base::FormatRfc3339Micros(clock_->UnixMicros())});
  line.push_back({"level", LogLevelName(level)});
  line.push_back({"msg", CleanText(message)});
  for (const LogField& field : fields) line.push_back({std::string(field.name), ToJson(field.value)});
  sink_(json::Write(json::Value(std::move(line))));
}

}  // namespace intentgate::telemetry
