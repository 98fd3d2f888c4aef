// What an agent wrote, made fit for a person's terminal: no control byte is left, and nothing is left to do.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/command.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string shown = intentgate::cli::ForTerminal({reinterpret_cast<const char*>(data), size});
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) std::abort();
  }
  for (const std::string_view bad : {"\xc2\x9b", "\xe2\x80\xae", "\xe2\x81\xa6"}) {
    if (shown.find(bad) != std::string::npos) std::abort();
  }
  return 0;
}
