// policy inspect.

#include <filesystem>
#include <map>
#include <ostream>
#include <set>
#include <utility>

#include <intentgate/rego_engine.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

// What stands where in `data`: "data.authz" to the files that say it.
using Namespaces = std::map<std::string, std::set<std::string>>;

// The namespaces of the policies. False: one does not parse, which has been said.
bool AddPolicies(const rego::PolicyBundle& bundle, const PolicyInspectOptions& options, Namespaces& out, const Streams& streams) {
  rego::EngineOptions read;
  if (options.source.v0) read.compile.version = rego::LanguageVersion::kV0;
  const rego::Engine engine(std::move(read));
  for (const rego::SourceFile& source : bundle.sources) {
    const rego::ModuleResult parsed = engine.Parse(source);
    if (!parsed.ok()) {
      ReportDiagnostics(parsed.diagnostics, options.json, streams, kExitPolicy);
      return false;
    }
    out[parsed.module->package()].insert(source.name);
  }
  return true;
}

void AddDocuments(const std::string& bundle, const std::vector<rego::BundleFile>& files, Namespaces& out) {
  for (const rego::BundleFile& file : files) {
    const std::filesystem::path path(file.path);
    if (path.filename() == "data.json" || path.filename() == "data.yaml" || path.filename() == "data.yml") {
      out[ReferenceOfPath(path.parent_path().string())].insert((std::filesystem::path(bundle) / path).lexically_normal().string());
    }
  }
}

json::Value ManifestJson(const rego::BundleManifest& manifest) {
  json::Value out = json::MakeObject({{"revision", manifest.revision}, {"roots", json::Array(manifest.roots.begin(), manifest.roots.end())}});
  if (manifest.version) out.Set("rego_version", std::int64_t{*manifest.version == rego::LanguageVersion::kV0 ? 0 : 1});
  if (!manifest.metadata.is_null()) out.Set("metadata", manifest.metadata);
  return out;
}

void Print(const rego::PolicyBundle& bundle, const Namespaces& namespaces, std::ostream& out) {
  const json::Value manifest = ManifestJson(bundle.manifest);
  out << "manifest:\n";
  for (const auto& [name, value] : manifest.object()) out << "  " << name << ": " << json::Write(value) << "\n";
  out << "  verified: " << (bundle.verified ? "true" : "false") << "\nnamespaces:\n";
  for (const auto& [name, files] : namespaces) {
    out << "  " << name << "\n";
    for (const std::string& file : files) out << "    " << ForTerminal(file) << "\n";
  }
}

}  // namespace

int PolicyInspect(const PolicyInspectOptions& options, const Streams& streams) {
  const Result<rego::PolicyBundle> bundle = ReadPolicyBundle(options.source, {options.path}, streams);
  if (!bundle.ok()) return ReportUnreadable(bundle.error(), streams);
  const Result<std::vector<rego::BundleFile>> files = ReadBundleContents(options.path, streams);
  if (!files.ok()) return ReportUnreadable(files.error(), streams);
  Namespaces namespaces;
  if (!AddPolicies(*bundle, options, namespaces, streams)) return kExitPolicy;
  AddDocuments(options.path, *files, namespaces);
  if (!options.json) {
    Print(*bundle, namespaces, streams.out);
    return kExitOk;
  }
  json::Value listed = json::Object{};
  for (const auto& [name, found] : namespaces) listed.Set(name, json::Array(found.begin(), found.end()));
  streams.out << json::Write(json::MakeObject({{"manifest", ManifestJson(bundle->manifest)}, {"namespaces", std::move(listed)}, {"verified", bundle->verified}})) << "\n";
  return kExitOk;
}

}  // namespace intentgate::cli
