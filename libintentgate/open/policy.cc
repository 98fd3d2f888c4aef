// The policy of the settings: Rego texts and bundles, and the key that bundles are checked by.

#include <fstream>
#include <iterator>
#include <optional>

#include <intentgate/gate.h>
#include <intentgate/policy.h>
#include <intentgate/rego_bundle.h>
#include <intentgate/settings.h>

namespace intentgate {
namespace {

constexpr std::size_t kMaxKeyBytes = std::size_t{64} << 10;

bool IsBundle(std::string_view name) { return name.ends_with(".tar.gz") || name.ends_with(".tgz"); }

policy::CompileOutcome Refused(const std::string& file, const Error& cause) {
  rego::Diagnostic finding;
  finding.code = "bundle_error";
  finding.file = file;
  finding.message = file + ": " + cause.message;
  return {nullptr, {std::move(finding)}};
}

Result<rego::BundleOptions> Trust(const GateSettings& settings) {
  rego::BundleOptions options;
  if (settings.policy_bundle_key_file.empty()) return options;
  std::ifstream file(settings.policy_bundle_key_file, std::ios::binary);
  std::string key{std::istreambuf_iterator<char>(file), {}};
  if (!file || key.empty() || key.size() > kMaxKeyBytes) return Error{ErrorCode::kIo, "the file of policy.bundle_key_file cannot be read, is empty or larger than 64 KiB"};
  // A secret in a file ends with the line; PEM does not care.
  if (settings.policy_bundle_algorithm.starts_with("HS") && key.ends_with('\n')) key.pop_back();
  options.verification.emplace();
  options.verification->keys.push_back({settings.policy_bundle_key_id, std::move(key), settings.policy_bundle_algorithm, {}});
  options.verification->key_id = settings.policy_bundle_key_id;
  options.verification->scope = settings.policy_bundle_scope;
  return options;
}

}  // namespace

policy::CompileOutcome CompileSettingsPolicy(const GateSettings& settings, std::shared_ptr<const Clock> clock) {
  const Result<rego::BundleOptions> trust = Trust(settings);
  if (!trust.ok()) return Refused(settings.policy_bundle_key_file, trust.error());
  std::vector<rego::SourceFile> sources;
  std::vector<rego::PolicyBundle> bundles;
  for (const auto& [name, text] : settings.policy_sources) {
    if (!IsBundle(name)) {
      if (trust->verification) return Refused(name, {ErrorCode::kInvalidArgument, "is no bundle, and policy.bundle_key_file asks for signed ones"});
      sources.push_back({name, text});
      continue;
    }
    Result<rego::PolicyBundle> bundle = rego::ReadBundle(text, *trust);
    if (!bundle.ok()) return Refused(name, bundle.error());
    for (rego::SourceFile& source : bundle->sources) source.name = name + "/" + source.name;
    bundles.push_back(*std::move(bundle));
  }
  json::Value data;
  if (!bundles.empty()) {
    Result<rego::PolicyBundle> joined = rego::JoinBundles(std::move(bundles));
    if (!joined.ok()) return Refused("policy.files", joined.error());
    std::move(joined->sources.begin(), joined->sources.end(), std::back_inserter(sources));
    data = std::move(joined->data);
  }
  policy::PolicyOptions options;
  options.limits.max_steps = static_cast<std::uint64_t>(settings.policy_max_steps);
  options.limits.max_memory_bytes = static_cast<std::size_t>(settings.policy_max_memory_bytes);
  options.clock = std::move(clock);
  return Policy::Compile(sources, data, options);
}

}  // namespace intentgate
