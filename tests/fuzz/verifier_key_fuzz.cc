// A key has one spelling, and signs with what it verifies.
//   "PRIVATE+KEY+...": a signing key. What it signs, its verifier key takes.
//   else: a verifier key. What the reader takes, the writer writes back to the byte.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tlog/note.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intentgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const Result<tlog::VerifierKey> key = tlog::VerifierKey::Parse(text); key.ok()) {
    if (key->ToString() != text) std::abort();
    const std::uint8_t signature[72] = {};
    if (key->Verify("text\n", {})) std::abort();
    (void)key->Verify("text\n", signature);
  }
  if (const Result<tlog::SigningKey> key = tlog::SigningKey::Parse(text); key.ok()) {
    const auto signature = key->Sign("text\n", 5);
    if (!signature.ok() || !key->verifier().Verify("text\n", *signature)) std::abort();
  }
  return 0;
}
