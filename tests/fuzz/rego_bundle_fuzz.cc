// The bundle reader, given an archive, and the same bytes as the tar inside of one, and as the files of a bundle whose
// manifest and signature they are. What is read must lie within the limits; a signature is never good by chance.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <intentgate/rego_bundle.h>

#include "rego/bundle/archive.h"

namespace rego = intentgate::rego;

namespace {

constexpr rego::BundleLimits kLimits = {.max_archive_bytes = std::size_t{1} << 20, .max_bytes = std::size_t{4} << 20,
                                        .max_file_bytes = std::size_t{1} << 20, .max_files = 100, .max_ratio = 100};

void Check(const intentgate::Result<std::vector<rego::BundleFile>>& files) {
  if (!files.ok()) return;
  if (files->size() > kLimits.max_files) std::abort();
  for (const rego::BundleFile& file : *files) {
    if (file.bytes.size() > kLimits.max_file_bytes || file.path.empty() || file.path[0] == '/') std::abort();
    if (("/" + file.path + "/").find("/../") != std::string::npos) std::abort();
  }
  rego::BundleOptions options;
  static_cast<void>(rego::ReadBundleFiles(*files, options));
  options.verification.emplace();
  options.verification->keys.push_back({.key = "a secret that no input knows", .algorithm = "HS256"});
  options.verification->key_id = "default";
  if (rego::ReadBundleFiles(*files, options).ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Check(rego::UnpackBundle(text, kLimits));
  Check(rego::bundle::ReadTar(text, kLimits));
  Check(std::vector<rego::BundleFile>{{".manifest", text}, {"a/data.json", text}, {"a.rego", text}});
  Check(std::vector<rego::BundleFile>{{".signatures.json", text}, {"a.rego", text}});
  return 0;
}
