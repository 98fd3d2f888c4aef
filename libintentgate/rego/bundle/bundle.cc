// Puts a bundle together from its files: the manifest first, then the signature, then data and modules, and last the
// question whether all of it lies within the manifest's roots.
// Tested by tests/unit/rego/bundle_test.cc and tests/fuzz/rego_bundle_fuzz.cc.

#include <algorithm>
#include <optional>
#include <set>

#include "rego/bundle/archive.h"
#include "rego/bundle/manifest.h"
#include "rego/bundle/signature.h"
#include "rego/syntax/parser.h"

namespace intentgate::rego {
namespace {

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Error Named(const std::string& path, const Error& cause) { return {cause.code, path + ": " + cause.message}; }

std::vector<std::string> FoldersOf(std::string_view path) {
  std::vector<std::string> out;
  for (std::size_t slash; (slash = path.find('/')) != std::string_view::npos; path.remove_prefix(slash + 1)) out.emplace_back(path.substr(0, slash));
  return out;
}

class BundleReader {
 public:
  BundleReader(std::span<const BundleFile> files, const BundleOptions& options) : files_(files), options_(options) { out_.data = json::Object{}; }

  Result<PolicyBundle> Read() {
    for (Status (BundleReader::*step)() : {&BundleReader::FindSpecialFiles, &BundleReader::CheckSignatures, &BundleReader::ReadContents,
                                           &BundleReader::CheckRoots}) {
      if (Status s = (this->*step)(); !s.ok()) return s.error();
    }
    out_.manifest = std::move(manifest_.shown);
    return std::move(out_);
  }

 private:
  Status FindSpecialFiles() {
    const BundleFile* manifest = nullptr;
    for (const BundleFile& file : files_) {
      const std::string_view name = BaseName(file.path);
      const BundleFile** place = name == ".manifest" ? &manifest : name == bundle::kSignaturesFile ? &signatures_ : nullptr;
      if (name == "patch.json") return Error{ErrorCode::kUnsupportedVersion, file.path + ": bundles of changes (delta bundles) are not read; build a whole one"};
      if (name == ".manifest.pb") return Error{ErrorCode::kUnsupportedVersion, file.path + ": a manifest as protobuf is not read; build one as JSON"};
      if (place == nullptr) continue;
      if (*place != nullptr) return Error{ErrorCode::kMalformed, "the bundle has two files " + std::string(name)};
      *place = &file;
    }
    if (manifest == nullptr) return {};
    Result<bundle::ManifestFile> read = bundle::ReadManifest(manifest->bytes);
    if (!read.ok()) return read.error();
    manifest_ = *std::move(read);
    return {};
  }

  Status CheckSignatures() {
    if (options_.skip_verification) return {};
    if (!options_.verification) {
      if (signatures_ == nullptr) return {};
      return Error{ErrorCode::kUnknownKey, "the bundle is signed; give the key to check it by, or say that it need not be checked"};
    }
    const BundleVerification& trust = *options_.verification;
    if (signatures_ == nullptr) return Error{ErrorCode::kBadMac, "the bundle is not signed: it has no .signatures.json"};
    Result<std::map<std::string, bundle::SignedFile>> read = bundle::CheckSignature(signatures_->bytes, trust);
    if (!read.ok()) return read.error();
    for (const BundleFile& file : files_) {
      if (&file == signatures_) continue;
      const auto wanted = read->find(file.path);
      if (!bundle::IsExcluded(trust, file.path)) {
        if (wanted == read->end()) return Error{ErrorCode::kBadMac, file.path + ": the signature does not speak for it"};
        if (Status s = bundle::CheckFile(file, wanted->second); !s.ok()) return s;
      }
      if (wanted != read->end()) read->erase(wanted);
    }
    if (!read->empty()) return Error{ErrorCode::kBadMac, read->begin()->first + ": was signed and is missing"};
    out_.verified = true;
    return {};
  }

  Status ReadContents() {
    for (const BundleFile& file : files_) {
      Status status;
      if (file.path.ends_with(".rego")) {
        out_.sources.push_back({file.path, file.bytes, bundle::VersionOf(manifest_, file.path)});
      } else if (BaseName(file.path) != ".manifest" && bundle::IsDocument(file.path)) {
        status = AddData(file);
      }
      if (!status.ok()) return status;
    }
    return {};
  }

  // a/b/data.json is data.a.b.
  Status AddData(const BundleFile& file) {
    Result<json::Value> document = ParseData(file.path, file.bytes);
    if (!document.ok()) return Named(file.path, document.error());
    const std::vector<std::string> folders = FoldersOf(file.path);
    for (auto name = folders.rbegin(); name != folders.rend(); ++name) document = json::MakeObject({{*name, *std::move(document)}});
    if (!document->is_object()) return Error{ErrorCode::kMalformed, file.path + ": at the top of a bundle, data must be an object"};
    const Status merged = MergeData(out_.data, *document);
    return merged.ok() ? merged : Named(file.path, merged.error());
  }

  Status CheckRoots() {
    for (const SourceFile& source : out_.sources) {
      const std::optional<std::vector<std::string>> package = PackageOf(source.text);
      // What has no package does not compile, and the compiler says it better.
      if (!package || bundle::RootsHold(manifest_.shown.roots, *package)) continue;
      return Error{ErrorCode::kInvalidArgument,
                   source.name + ": its package lies outside of the manifest's roots " + bundle::ShowRoots(manifest_.shown.roots)};
    }
    std::vector<std::string> path;
    return CheckData(out_.data, path);
  }

  Status CheckData(const json::Value& value, std::vector<std::string>& path) const {
    const std::vector<std::string>& roots = manifest_.shown.roots;
    if (bundle::RootsHold(roots, path)) return {};
    if (value.is_object() && (path.empty() || bundle::RootsReachBelow(roots, path))) {
      for (const auto& [name, below] : value.object()) {
        path.push_back(name);
        if (Status s = CheckData(below, path); !s.ok()) return s;
        path.pop_back();
      }
      return {};
    }
    std::string shown = "data";
    for (const std::string& name : path) shown += "/" + name;
    return Error{ErrorCode::kInvalidArgument, shown + " lies outside of the manifest's roots " + bundle::ShowRoots(roots)};
  }

  std::span<const BundleFile> files_;
  const BundleOptions& options_;
  const BundleFile* signatures_ = nullptr;
  bundle::ManifestFile manifest_;
  PolicyBundle out_;
};

}  // namespace

Result<std::vector<BundleFile>> UnpackBundle(std::string_view archive, const BundleLimits& limits) {
  const Result<std::string> tar = bundle::Gunzip(archive, limits);
  if (!tar.ok()) return tar.error();
  return bundle::ReadTar(*tar, limits);
}

Result<PolicyBundle> ReadBundleFiles(std::span<const BundleFile> files, const BundleOptions& options) {
  return BundleReader(files, options).Read();
}

Result<PolicyBundle> ReadBundle(std::string_view archive, const BundleOptions& options) {
  const Result<std::vector<BundleFile>> files = UnpackBundle(archive, options.limits);
  if (!files.ok()) return files.error();
  return ReadBundleFiles(*files, options);
}

Result<PolicyBundle> JoinBundles(std::vector<PolicyBundle> bundles) {
  if (bundles.size() == 1) return std::move(bundles[0]);
  PolicyBundle out;
  out.manifest.roots.clear();
  out.data = json::Object{};
  out.verified = !bundles.empty();
  for (PolicyBundle& one : bundles) {
    for (const std::string& root : one.manifest.roots) {
      const auto& taken = out.manifest.roots;
      const auto overlaps = [&](const std::string& other) { return bundle::RootsOverlap(root, other); };
      const auto other = std::find_if(taken.begin(), taken.end(), overlaps);
      if (other != taken.end()) return Error{ErrorCode::kConflict, "two bundles own the same part of data: their roots '" + *other + "' and '" + root + "' overlap"};
    }
    out.manifest.roots.insert(out.manifest.roots.end(), one.manifest.roots.begin(), one.manifest.roots.end());
    std::move(one.sources.begin(), one.sources.end(), std::back_inserter(out.sources));
    if (Status s = MergeData(out.data, one.data); !s.ok()) return s.error();
    out.verified = out.verified && one.verified;
  }
  return out;
}

}  // namespace intentgate::rego
