#include "rego/bundle/manifest.h"

#include <algorithm>
#include <iterator>

#include "rego/builtins/registry.h"

namespace intentgate::rego::bundle {
namespace {

constexpr std::size_t kMaxRoots = 1'000;
constexpr std::size_t kMaxFileVersions = 10'000;
constexpr std::size_t kMaxGlobs = 32;
constexpr std::size_t kGlobMemory = std::size_t{4} << 20;
constexpr std::uint64_t kGlobSteps = 1'000'000;

Error Bad(std::string what) { return {ErrorCode::kMalformed, ".manifest: " + std::move(what)}; }

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t slash = path.find('/');
    out.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

// The root of everything holds everything.
bool Holds(const std::vector<std::string>& root, const std::vector<std::string>& path) {
  if (root.size() == 1 && root[0].empty()) return true;
  return root.size() <= path.size() && std::equal(root.begin(), root.end(), path.begin());
}

Result<LanguageVersion> ReadVersion(const json::Value& value) {
  const std::optional<std::int64_t> number = value.AsInt64();
  if (number == 0) return LanguageVersion::kV0;
  if (number == 1) return LanguageVersion::kV1;
  return Bad("a rego version is 0 or 1; a module of version 2 says so itself, by `import rego.v2`");
}

Status ReadRoots(const json::Value& value, std::vector<std::string>& roots) {
  roots.clear();
  if (!value.is_array() || value.array().size() > kMaxRoots) return Bad("`roots` must be a list of at most 1000 paths");
  for (const json::Value& root : value.array()) {
    if (!root.is_string()) return Bad("`roots` must be a list of paths");
    std::string_view path = root.string_value();
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    for (const std::string& other : roots) {
      if (RootsOverlap(path, other)) return Bad("the roots '" + other + "' and '" + std::string(path) + "' overlap");
    }
    roots.emplace_back(path);
  }
  return {};
}

bool IsGlob(std::string_view text) { return text.find_first_of("*?[{\\") != std::string_view::npos; }

Status ReadFileVersions(const json::Value& value, ManifestFile& out) {
  if (!value.is_object() || value.object().size() > kMaxFileVersions) return Bad("`file_rego_versions` must be an object of at most 10000 members");
  std::size_t globs = 0;
  for (const auto& [glob, number] : value.object()) {
    if (IsGlob(glob) && ++globs > kMaxGlobs) return Bad("`file_rego_versions` may have at most 32 patterns; name the files");
    const Result<LanguageVersion> version = ReadVersion(number);
    if (!version.ok()) return version.error();
    out.file_versions.emplace_back(glob, *version);
  }
  std::sort(out.file_versions.begin(), out.file_versions.end());
  return {};
}

// As the builtin glob.match without delimiters.
bool GlobFits(std::string_view glob, std::string_view path) {
  if (!IsGlob(glob)) return glob == path;
  Arena arena(kGlobMemory);
  Steps steps(kGlobSteps);
  BuiltinContext context(arena, steps);
  const Meter meter(arena, steps);
  try {
    const Value args[] = {Value::StringRef(glob), Value::Null(), Value::StringRef(path)};
    const Value fits = FindBuiltin("glob.match")->function(context, {args, std::size(args)});
    return fits.is_bool() && fits.bool_value();
  } catch (const EvalAbort&) {
    return false;
  }
}

}  // namespace

Result<ManifestFile> ReadManifest(std::string_view text) {
  const Result<json::Value> read = ParseData("manifest.json", text);
  if (!read.ok()) return Bad(read.error().message);
  if (!read->is_object()) return Bad("must be an object");
  ManifestFile out;
  for (const auto& [name, value] : read->object()) {
    Status status;
    if (name == "revision") {
      if (!value.is_string()) return Bad("`revision` must be a string");
      out.shown.revision = value.string_value();
    } else if (name == "roots") {
      status = ReadRoots(value, out.shown.roots);
    } else if (name == "rego_version") {
      const Result<LanguageVersion> version = ReadVersion(value);
      if (!version.ok()) return version.error();
      out.shown.version = *version;
    } else if (name == "file_rego_versions") {
      status = ReadFileVersions(value, out);
    } else if (name == "metadata") {
      if (!value.is_object()) return Bad("`metadata` must be an object");
      out.shown.metadata = value;
    }
    if (!status.ok()) return status.error();
  }
  return out;
}

std::optional<LanguageVersion> VersionOf(const ManifestFile& manifest, std::string_view path) {
  for (const auto& [glob, version] : manifest.file_versions) {
    // OPA's own bundles name files with a slash in front.
    if (GlobFits(glob, path) || GlobFits(glob, "/" + std::string(path))) return version;
  }
  return manifest.shown.version;
}

bool RootsHold(const std::vector<std::string>& roots, const std::vector<std::string>& path) {
  return std::any_of(roots.begin(), roots.end(), [&](const std::string& root) { return Holds(Split(root), path); });
}

bool RootsReachBelow(const std::vector<std::string>& roots, const std::vector<std::string>& path) {
  return std::any_of(roots.begin(), roots.end(), [&](const std::string& root) {
    const std::vector<std::string> names = Split(root);
    return path.size() <= names.size() && std::equal(path.begin(), path.end(), names.begin());
  });
}

bool RootsOverlap(std::string_view a, std::string_view b) { return Holds(Split(a), Split(b)) || Holds(Split(b), Split(a)); }

std::string ShowRoots(const std::vector<std::string>& roots) {
  return json::Write(json::Value(json::Array(roots.begin(), roots.end())));
}

}  // namespace intentgate::rego::bundle
