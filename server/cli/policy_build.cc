// policy build, policy sign, policy capabilities.

#include <algorithm>
#include <filesystem>
#include <ostream>

#include <intentgate/rego_bundle_write.h>
#include <intentgate/rego_capabilities.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

namespace fs = std::filesystem;

// A file of PEM, or the key itself: HMAC's secrets are given so.
Result<std::optional<rego::BundleSigningKey>> ReadSigningKey(const SigningFlags& flags, const Streams& streams) {
  if (flags.key.empty()) return std::optional<rego::BundleSigningKey>();
  rego::BundleSigningKey key{flags.key, flags.algorithm, flags.key_id, flags.scope};
  std::error_code error;
  if (fs::exists(flags.key, error)) {
    Result<std::string> text = ReadInput(flags.key, streams);
    if (!text.ok()) return text.error();
    key.key = *std::move(text);
  } else if (!flags.algorithm.starts_with("HS")) {
    return Error{ErrorCode::kIo, "--signing-key: there is no such file, and " + flags.algorithm + " needs one"};
  }
  return std::optional(std::move(key));
}

// A path as it can stand in a bundle: "policies/a.rego" of "../policies/a.rego".
std::string InsideBundle(const std::string& path) {
  std::string out;
  for (const fs::path& part : fs::path(path).lexically_normal().relative_path()) {
    if (part == ".." || part == "." || part.empty()) continue;
    out += (out.empty() ? "" : "/") + part.string();
  }
  return out;
}

Result<rego::PolicyBundle> ReadContents(const PolicyBuildOptions& options, const Streams& streams) {
  if (options.source.bundle) return ReadPolicyBundle(options.source, options.source.paths, streams);
  Result<PolicyFiles> files = ReadPolicyFiles(options.source, streams);
  if (!files.ok()) return files.error();
  rego::PolicyBundle bundle;
  bundle.sources = std::move(files->sources);
  bundle.data = files->data.is_null() ? json::Value(json::Object{}) : std::move(files->data);
  return bundle;
}

Status CheckEntrypoints(const std::vector<std::string>& entrypoints, const rego::CompiledPolicy& policy) {
  const std::vector<std::string> packages = policy.Packages();
  for (const std::string& entrypoint : entrypoints) {
    const std::string reference = ReferenceOfPath(entrypoint);
    if (policy.HasRule(reference) || std::find(packages.begin(), packages.end(), reference) != packages.end()) continue;
    return Error{ErrorCode::kNotFound, "the entry point " + entrypoint + " is no rule and no package; name it as package/rule"};
  }
  return {};
}

}  // namespace

int PolicyBuild(const PolicyBuildOptions& options, const Streams& streams) {
  Result<rego::PolicyBundle> bundle = ReadContents(options, streams);
  if (!bundle.ok()) return ReportUnreadable(bundle.error(), streams);
  const Result<rego::EngineOptions> engine = PolicyEngine(options.source, streams);
  if (!engine.ok()) return ReportUnreadable(engine.error(), streams);
  const rego::CompileResult compiled = CompilePolicyFiles({bundle->sources, bundle->data}, *engine);
  if (!compiled.ok()) return ReportDiagnostics(compiled.diagnostics, false, streams, kExitPolicy);
  if (const Status s = CheckEntrypoints(options.entrypoints, *compiled.policy); !s.ok()) return ReportUnreadable(s.error(), streams);
  for (rego::SourceFile& source : bundle->sources) source.name = InsideBundle(source.name);
  if (!options.revision.empty()) bundle->manifest.revision = options.revision;
  if (!bundle->manifest.version) bundle->manifest.version = engine->compile.version;
  const Result<std::optional<rego::BundleSigningKey>> key = ReadSigningKey(options.signing, streams);
  if (!key.ok()) return ReportUnreadable(key.error(), streams);
  const Result<std::string> archive = rego::WriteBundle(*bundle, *key);
  if (!archive.ok()) return ReportUnreadable(archive.error(), streams);
  if (const Status s = WriteOutput(options.out, *archive); !s.ok()) return ReportUnreadable(s.error(), streams);
  return kExitOk;
}

int PolicySign(const PolicySignOptions& options, const Streams& streams) {
  const Result<std::optional<rego::BundleSigningKey>> key = ReadSigningKey(options.signing, streams);
  if (!key.ok()) return ReportUnreadable(key.error(), streams);
  const Result<std::vector<rego::BundleFile>> files = ReadBundleContents(options.path, streams);
  if (!files.ok()) return ReportUnreadable(files.error(), streams);
  const Result<std::string> signatures = rego::SignBundle(*files, **key);
  if (!signatures.ok()) return ReportUnreadable(signatures.error(), streams);
  if (const Status s = WriteOutput((fs::path(options.out) / ".signatures.json").string(), *signatures); !s.ok()) {
    return ReportUnreadable(s.error(), streams);
  }
  return kExitOk;
}

int PolicyCapabilities(const Streams& streams) {
  streams.out << json::Write(rego::AllCapabilities()) << "\n";
  return kExitOk;
}

}  // namespace intentgate::cli
