#include "rego/source_digest.h"

#include <string_view>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::rego {

std::string SourceDigest(std::span<const SourceFile> files, const json::Value& data) {
  crypto::Sha256Stream hash;
  // Lengths keep two lists of files apart whose bytes run together to the same text.
  const auto add = [&](std::string_view text) {
    hash.Update(base::AsBytes(std::to_string(text.size()) + ":"));
    hash.Update(base::AsBytes(text));
  };
  for (const SourceFile& file : files) {
    add(file.name);
    add(file.text);
  }
  add(json::WriteSortedExact(data));
  return base::HexEncode(hash.Finish());
}

}  // namespace intentgate::rego
