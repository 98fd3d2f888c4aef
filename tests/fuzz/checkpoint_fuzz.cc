// A checkpoint has one spelling: what the reader takes, the writer writes back to the byte.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tlog/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intentgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<tlog::Checkpoint> checkpoint = tlog::ParseCheckpoint(text);
  if (checkpoint.ok() && tlog::WriteCheckpoint(*checkpoint) != text) std::abort();
  return 0;
}
