// Bundles from archives and directories.

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include <intentgate/rego_bundle.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kArchiveEndings[] = {".tar.gz", ".tgz"};

Error In(const std::string& path, const Error& cause) { return {cause.code, path + ": " + cause.message}; }

// Without a key, files that no bundle reads are not looked at: a directory may hold anything.
bool Matters(const fs::path& path) {
  const std::string name = path.filename().string();
  return path.extension() == ".rego" || name == "data.json" || name == "data.yaml" || name == "data.yml" || name == ".manifest" ||
         name == ".manifest.pb" || name == "patch.json" || name == ".signatures.json";
}

class DirectoryReader {
 public:
  DirectoryReader(const PolicySource& source, const Streams& streams) : source_(source), streams_(streams) {}

  Result<std::vector<rego::BundleFile>> Read(const fs::path& top) {
    if (Status s = ReadFolder(top, {}); !s.ok()) return s.error();
    return std::move(files_);
  }

 private:
  Status ReadFolder(const fs::path& folder, const std::string& below) {
    std::error_code error;
    std::vector<fs::path> entries;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) entries.push_back(at->path());
    if (error) return Error{ErrorCode::kIo, folder.string() + ": " + error.message()};
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
      const std::string name = entry.filename().string();
      if (IsIgnored(source_, name)) continue;
      Status status;
      if (fs::is_directory(entry, error)) {
        status = ReadFolder(entry, below + name + "/");
      } else if (!source_.key.empty() || Matters(entry)) {
        status = ReadOne(entry, below + name);
      }
      if (!status.ok()) return status;
    }
    return {};
  }

  Status ReadOne(const fs::path& path, const std::string& name) {
    Result<std::string> bytes = ReadInput(path.string(), streams_, rego::BundleLimits().max_file_bytes);
    if (!bytes.ok()) return bytes.error();
    files_.push_back({name, *std::move(bytes)});
    return {};
  }

  const PolicySource& source_;
  const Streams& streams_;
  std::vector<rego::BundleFile> files_;
};

Result<rego::BundleOptions> BundleTrust(const PolicySource& source, const Streams& streams) {
  rego::BundleOptions options;
  options.skip_verification = source.key.empty();
  if (source.key.empty()) return options;
  std::error_code error;
  std::string key = source.key;
  if (fs::exists(key, error)) {
    Result<std::string> text = ReadInput(key, streams);
    if (!text.ok()) return text.error();
    key = *std::move(text);
  }
  options.verification.emplace();
  options.verification->keys.push_back({source.key_id, std::move(key), source.algorithm, {}});
  options.verification->key_id = source.key_id;
  options.verification->scope = source.scope;
  options.verification->exclude = source.exclude;
  return options;
}

Result<rego::PolicyBundle> ReadOneBundle(const std::string& path, const PolicySource& source, const rego::BundleOptions& options, const Streams& streams) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    const Result<std::vector<rego::BundleFile>> files = DirectoryReader(source, streams).Read(path);
    if (!files.ok()) return files.error();
    return rego::ReadBundleFiles(*files, options);
  }
  const Result<std::string> bytes = ReadInput(path, streams, options.limits.max_archive_bytes);
  if (!bytes.ok()) return bytes.error();
  return rego::ReadBundle(*bytes, options);
}

}  // namespace

bool IsBundleArchive(std::string_view path) {
  return std::any_of(std::begin(kArchiveEndings), std::end(kArchiveEndings), [&](std::string_view ending) { return path.ends_with(ending); });
}

bool IsIgnored(const PolicySource& source, const std::string& name) {
  return std::any_of(source.ignore.begin(), source.ignore.end(),
                     [&](const std::string& glob) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

Result<std::vector<rego::BundleFile>> ReadBundleContents(const std::string& path, const Streams& streams) {
  std::error_code error;
  PolicySource everything;
  everything.key = "all of its files";
  if (fs::is_directory(path, error)) return DirectoryReader(everything, streams).Read(path);
  const Result<std::string> bytes = ReadInput(path, streams, rego::BundleLimits().max_archive_bytes);
  if (!bytes.ok()) return bytes.error();
  return rego::UnpackBundle(*bytes);
}

Result<rego::PolicyBundle> ReadPolicyBundle(const PolicySource& source, const std::vector<std::string>& paths, const Streams& streams) {
  const Result<rego::BundleOptions> options = BundleTrust(source, streams);
  if (!options.ok()) return options.error();
  std::vector<rego::PolicyBundle> bundles;
  for (const std::string& path : paths) {
    Result<rego::PolicyBundle> one = ReadOneBundle(path, source, *options, streams);
    if (!one.ok()) return In(path, one.error());
    for (rego::SourceFile& file : one->sources) file.name = (fs::path(path) / file.name).lexically_normal().string();
    bundles.push_back(*std::move(one));
  }
  return rego::JoinBundles(std::move(bundles));
}

Result<PolicyFiles> ReadPolicyBundles(const PolicySource& source, const std::vector<std::string>& paths, const Streams& streams) {
  if (paths.empty() && source.key.empty()) return PolicyFiles{};
  if (paths.empty()) return Error{ErrorCode::kInvalidArgument, "--verification-key is for bundles, and there is none; see -b"};
  Result<rego::PolicyBundle> joined = ReadPolicyBundle(source, paths, streams);
  if (!joined.ok()) return joined.error();
  return PolicyFiles{std::move(joined->sources), std::move(joined->data)};
}

}  // namespace intentgate::cli
