// A bundle's .manifest: what it owns of `data`, and which language its modules are written in.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/rego_bundle.h>

namespace intentgate::rego::bundle {

struct ManifestFile {
  BundleManifest shown;
  std::vector<std::pair<std::string, LanguageVersion>> file_versions;  // by glob, sorted; the first that fits decides
};

Result<ManifestFile> ReadManifest(std::string_view text);

// By the manifest; nullopt where it says nothing.
std::optional<LanguageVersion> VersionOf(const ManifestFile& manifest, std::string_view path);

// True if some root holds the path; both are lists of names.
bool RootsHold(const std::vector<std::string>& roots, const std::vector<std::string>& path);
// True if a root lies below the path.
bool RootsReachBelow(const std::vector<std::string>& roots, const std::vector<std::string>& path);
bool RootsOverlap(std::string_view a, std::string_view b);
// "[\"a\", \"b/c\"]", for messages.
std::string ShowRoots(const std::vector<std::string>& roots);

}  // namespace intentgate::rego::bundle
