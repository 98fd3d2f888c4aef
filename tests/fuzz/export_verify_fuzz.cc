// An export comes from anywhere. Whole or in pieces, it gets the same verdict, and nothing that the
// verifier calls intact is anything but lines whose hashes fit.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <intentgate/audit.h>

#include "audit/canonical_event.h"
#include "audit/export_format.h"

namespace {

using intentgate::ExportVerifier;

ExportVerifier::Report Verify(std::string_view file, std::size_t piece) {
  ExportVerifier verifier;
  while (!file.empty()) {
    const std::size_t n = std::min(piece, file.size());
    verifier.Feed(file.substr(0, n));
    file.remove_prefix(n);
  }
  return verifier.Finish();
}

void RequireEveryHash(std::string_view file) {
  for (std::size_t end = 0; (end = file.find('\n')) != std::string_view::npos; file.remove_prefix(end + 1)) {
    const auto line = intentgate::audit::ReadEventLine(file.substr(0, end));
    if (line.ok() && intentgate::audit::ChainHash(line->prev_hash, line->canonical) != line->hash) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const ExportVerifier::Report whole = Verify(file, size);
  const ExportVerifier::Report pieces = Verify(file, 3);
  if (whole.outcome != pieces.outcome || whole.message != pieces.message || whole.bad_line != pieces.bad_line ||
      whole.events != pieces.events) {
    std::abort();
  }
  if (whole.outcome == ExportVerifier::Report::Outcome::kIntact) RequireEveryHash(file);
  return 0;
}
