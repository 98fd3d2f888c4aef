// An upstream's answer must come out the same however it is cut, and the scan of large messages must end the same way.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mcp/message_flow.h"

namespace {

using namespace intentgate;  // NOLINT(google-build-using-namespace)
using mcp::MessageFlow;

std::string Run(MessageFlow::Form form, std::string_view text, std::size_t window, std::size_t step) {
  std::string told, out;
  MessageFlow flow(
      form, window,
      [&told](json::Value message) -> Result<std::optional<std::string>> {
        told += json::Write(message) + "\n";
        if (message.Find("method") != nullptr) return std::optional<std::string>();
        return std::optional<std::string>(json::Write(message));
      },
      [&told](const mcp::AnswerScan& scan) {
        told += scan.id() + (scan.has_method() ? "m" : "") + (scan.has_result() ? "r" : "") + (scan.has_error() ? "e" : "") +
                (scan.is_error() ? "f" : "") + "\n";
      });
  bool ok = true;
  for (std::size_t at = 0; at < text.size() && ok; at += step) ok = flow.Feed(text.substr(at, step), out).ok();
  ok = ok && flow.End(out).ok();
  return told + (ok ? "|" : "!") + out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::size_t window : {std::size_t{1} << 20, std::size_t{24}}) {
    const std::string whole = Run(MessageFlow::Form::kSse, text, window, 1);
    if (Run(MessageFlow::Form::kSse, text, window, size + 1) != whole) std::abort();
    for (const std::size_t step : {std::size_t{2}, std::size_t{5}}) {
      if (Run(MessageFlow::Form::kSse, text, window, step) != whole) std::abort();
    }
    for (const MessageFlow::Form form : {MessageFlow::Form::kJson, MessageFlow::Form::kLines}) {
      const std::string json = Run(form, text, window, 1);
      for (const std::size_t step : {std::size_t{3}, size + 1}) {
        if (Run(form, text, window, step) != json) std::abort();
      }
    }
  }
  return 0;
}
