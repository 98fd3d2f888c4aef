// A receipt has one spelling: what the reader takes, the writer writes back to the byte.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "evidence/receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intentgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<evidence::Receipt> receipt = evidence::ParseReceiptText(text);
  if (receipt.ok() && evidence::WriteReceiptText(*receipt) != text) std::abort();
  return 0;
}
