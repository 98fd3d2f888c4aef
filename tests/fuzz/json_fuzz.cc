// The strict reader: whatever it accepts reads back as the same value from every writer, and a second
// reading agrees.
#include <cstdlib>
#include <string_view>

#include <intentgate/json.h>

namespace json = intentgate::json;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = json::Parse(text);
  if (!value.ok()) return 0;
  for (const std::string& written : {json::Write(*value), json::WriteTokenRule(*value), json::WriteSortedExact(*value)}) {
    const auto again = json::Parse(written);
    if (!again.ok() || !(*again == *value)) std::abort();
  }
  const auto canonical = json::WriteJcs(*value);
  if (canonical.ok()) {
    const auto again = json::Parse(*canonical);
    if (!again.ok() || *json::WriteJcs(*again) != *canonical) std::abort();
  }
  return 0;
}
