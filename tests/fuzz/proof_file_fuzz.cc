// A proof file has one spelling: what the reader takes, the writer writes back to the byte. Verifying any of them
// harms nothing and proves nothing without a key.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tlog/proof_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intentgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<tlog::ProofFile> proof = tlog::ParseProofFile(text);
  if (!proof.ok()) return 0;
  if (tlog::WriteProofFile(*proof) != text || proof->path.size() > tlog::kMaxProofHashes) std::abort();
  if (tlog::VerifyProofFile(*proof, tlog::LeafHash({}), "", {}).ok()) std::abort();
  return 0;
}
