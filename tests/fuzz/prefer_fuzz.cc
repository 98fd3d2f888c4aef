// The Prefer field of a request: whatever it says, nobody is held longer than the settings allow, and a field more
// never makes an earlier wait longer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mcp/approval_wait.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using intentgate::mcp::SecondsToWait;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  intentgate::http::HeaderList headers{{"Prefer", text}};
  for (const std::int64_t most : {std::int64_t{0}, std::int64_t{1}, std::int64_t{300}}) {
    const std::int64_t seconds = SecondsToWait(headers, most);
    if (seconds < 0 || seconds > most) std::abort();
  }
  const std::int64_t before = SecondsToWait(headers, 300);
  headers.Add("Prefer", "wait=299");
  const std::int64_t after = SecondsToWait(headers, 300);
  if (after != before && after != 299) std::abort();
  return 0;
}
