// policy inspect.

#include <filesystem>
#include <map>
#include <ostream>
#include <set>

#include <intentgate/rego_parse.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

// What stands where in `data`: "data.authz" to the files that say it.
using Namespaces = std::map<std::string, std::set<std::string>>;

// "data.a.b", in brackets where a part is no name: OPA's form.
std::string PathText(const json::Array& path) {
  std::string out;
  for (const json::Value& part : path) {
    const std::string& name = part.Find("value")->string_value();
    const bool plain = !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos &&
                       (name[0] < '0' || name[0] > '9');
    out += plain ? (out.empty() ? "" : ".") + name : "[" + json::Write(json::Value(name)) + "]";
  }
  return out;
}

json::Value PathOfData(const std::string& file) {
  json::Array path = {json::MakeObject({{"value", "data"}})};
  std::size_t at = 0;
  for (std::size_t slash = file.find('/'); slash != std::string::npos; at = slash + 1, slash = file.find('/', at)) {
    path.push_back(json::MakeObject({{"value", file.substr(at, slash - at)}}));
  }
  return json::Value(std::move(path));
}

// The namespaces of the policies. False: one does not parse, which has been said.
bool AddPolicies(const rego::PolicyBundle& bundle, const PolicyInspectOptions& options, Namespaces& out, const Streams& streams) {
  rego::ParseJsonOptions parse;
  parse.comments = parse.annotations = false;
  if (options.source.v0) parse.version = rego::LanguageVersion::kV0;
  for (const rego::SourceFile& source : bundle.sources) {
    const rego::ParsedModule parsed = rego::ParseModuleToJson(source, parse);
    if (!parsed.ok()) {
      ReportDiagnostics(parsed.diagnostics, options.json, streams, kExitPolicy);
      return false;
    }
    const Result<json::Value> tree = json::Parse(parsed.json, {.max_bytes = kMaxTreeBytes, .max_depth = kMaxTreeDepth});
    if (!tree.ok()) {
      Fail(streams, tree.error());
      return false;
    }
    out[PathText(tree->Find("package")->Find("path")->array())].insert(source.name);
  }
  return true;
}

void AddDocuments(const std::string& bundle, const std::vector<rego::BundleFile>& files, Namespaces& out) {
  for (const rego::BundleFile& file : files) {
    const std::size_t slash = file.path.rfind('/');
    const std::string name = slash == std::string::npos ? file.path : file.path.substr(slash + 1);
    if (name == "data.json" || name == "data.yaml" || name == "data.yml") {
      out[PathText(PathOfData(file.path).array())].insert((std::filesystem::path(bundle) / file.path).lexically_normal().string());
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
