// A note has one spelling: what the reader takes, the writer writes back to the byte. The key of the
// published example signed that text only, so a note of another text never verifies under it.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tlog/note.h"

using namespace intentgate;

namespace {
constexpr std::string_view kPublished =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Result<tlog::Note> note = tlog::ParseNote(bytes);
  if (!note.ok()) return 0;
  if (tlog::WriteNote(*note) != bytes || note->signatures.size() > tlog::kMaxNoteSignatures) std::abort();
  const Result<tlog::VerifierKey> key =
      tlog::VerifierKey::Parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  if (!key.ok()) std::abort();
  const auto verified = tlog::VerifyNote(*note, {&*key, 1});
  if (verified.ok() && note->text != kPublished) std::abort();
  return 0;
}
