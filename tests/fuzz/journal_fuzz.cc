// Bytes that a disk gives back: no frame reaches past its bytes, and what is taken for an event is written again alike.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/journal_format.h"

using namespace intentgate;
using namespace intentgate::audit;

namespace {

void CheckEntry(std::string_view payload) {
  auto entry = DecodeEntry(1, payload);
  if (!entry.ok()) return;
  // The number is in the text already, so the event is placed without one.
  AuditRecord placed;
  Place(entry->draft, 0, {}, placed);
  if (payload.find(placed.canonical) == std::string_view::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckEntry(bytes);
  static_cast<void>(ReadSegmentHeader(bytes).ok());
  for (std::string_view rest = bytes;;) {
    const FrameRead frame = ReadFrame(rest);
    if (frame.kind != FrameKind::kFrame) break;
    if (frame.size > rest.size() || frame.payload.size() > frame.size) std::abort();
    CheckEntry(frame.payload);
    rest.remove_prefix(frame.size);
  }
  return 0;
}
