// The bytes are a text, which comes back as it was or is not packed, and a row of a file that anybody may have written: what it unpacks to is no longer than
// allowed, and is itself a text that comes back.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/sqlite/packed_text.h"

using namespace intentgate::store;

namespace {

constexpr std::size_t kMost = std::size_t{1} << 20;

void CheckText(std::string_view text) {
  std::string packed;
  if (!PackText(text, packed)) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte >= 0xfc) return;
    }
    std::abort();
  }
  if (packed.size() > text.size() + 1) std::abort();
  const auto back = UnpackText(packed, kMost);
  if (!back || *back != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckText(bytes);
  const auto text = UnpackText(bytes, kMost);
  if (!text) return 0;
  if (text->size() > kMost) std::abort();
  CheckText(*text);
  return 0;
}
