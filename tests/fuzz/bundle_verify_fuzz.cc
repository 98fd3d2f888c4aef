// A bundle comes from anywhere. Whole or in pieces, it gets the same verdict, and none that a key is held against is
// intact: the key is made anew in each run.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <intentgate/bundle.h>

#include "tlog/note.h"

namespace {

using intentgate::BundleReport;
using intentgate::BundleTrust;
using intentgate::BundleVerdict;
using intentgate::BundleVerifier;

BundleReport Verify(std::string_view file, const BundleTrust& trust, std::size_t piece) {
  auto verifier = BundleVerifier::Create(trust);
  if (!verifier.ok()) std::abort();
  for (; !file.empty(); file.remove_prefix(std::min(piece, file.size()))) verifier->Feed(file.substr(0, piece));
  return verifier->Finish();
}

const std::string& FreshKey() {
  static const std::string key = intentgate::tlog::SigningKey::Generate("fuzz", intentgate::tlog::KeyType::kEd25519,
                                                                        *intentgate::SystemRandom())->verifier().ToString();
  return key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const BundleReport whole = Verify(file, {}, std::max<std::size_t>(size, 1));
  const BundleReport pieces = Verify(file, {}, 7);
  if (whole.verdict != pieces.verdict || whole.message != pieces.message || whole.events != pieces.events) std::abort();
  if (Verify(file, {{FreshKey()}, {}}, 512).verdict == BundleVerdict::kIntact) std::abort();
  return 0;
}
