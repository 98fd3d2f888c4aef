// The one-pass check and the parser with the writer must have the same verdict and hand out the same members.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "support/canonical_reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!intentgate::audit::AgreesWithReference({reinterpret_cast<const char*>(data), size})) std::abort();
  return 0;
}
