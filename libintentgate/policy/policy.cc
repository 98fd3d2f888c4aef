#include <algorithm>
#include <string>
#include <utility>

#include <intentgate/policy.h>

#include "policy/verdict.h"
#include "rego/source_digest.h"

namespace intentgate::policy {

struct Policy::Impl {
  std::shared_ptr<const rego::CompiledPolicy> compiled;
  std::shared_ptr<const Clock> clock;
  rego::EvalLimits limits;
  rego::LanguageVersion version = rego::LanguageVersion::kV1;
  std::string digest;
};

namespace {

rego::CompileResult CompileAs(rego::LanguageVersion version, std::span<const rego::SourceFile> sources, const json::Value& data,
                              const PolicyOptions& options) {
  return rego::CompiledPolicy::Compile(sources, data, {version, options.compile_limits});
}

bool HasParseError(const std::vector<rego::Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const rego::Diagnostic& d) { return d.code == "rego_parse_error"; });
}

// The decision may also be put together from rules below it, such as decision.allow.
bool HasEntrypoint(const rego::CompiledPolicy& compiled) {
  const std::vector<std::string> names = compiled.RuleNames();
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    if (!name.starts_with(kEntrypoint)) return false;
    return name.size() == kEntrypoint.size() || name[kEntrypoint.size()] == '.' || name[kEntrypoint.size()] == '[';
  });
}

rego::Diagnostic MissingEntrypoint(std::span<const rego::SourceFile> sources) {
  rego::Diagnostic out;
  out.code = "rego_compile_error";
  if (!sources.empty()) out.file = sources[0].name;
  out.message = "the policy has no rule " + std::string(kEntrypoint) + " and would block every call";
  out.suggestion = "start with `package intentgate.policy` and define `decision`";
  return out;
}

}  // namespace

Policy::Policy(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Policy::~Policy() = default;

CompileOutcome Policy::Compile(std::span<const rego::SourceFile> sources, const json::Value& data, const PolicyOptions& options) {
  rego::LanguageVersion version = rego::LanguageVersion::kV1;
  rego::CompileResult result = CompileAs(version, sources, data, options);
  if (!result.ok()) {
    rego::CompileResult older = CompileAs(rego::LanguageVersion::kV0, sources, data, options);
    if (!older.ok()) {
      const bool older_got_further = HasParseError(result.diagnostics) && !HasParseError(older.diagnostics);
      return {nullptr, older_got_further ? std::move(older.diagnostics) : std::move(result.diagnostics)};
    }
    result = std::move(older);
    version = rego::LanguageVersion::kV0;
  }
  if (!HasEntrypoint(*result.policy)) return {nullptr, {MissingEntrypoint(sources)}};
  auto impl = std::make_unique<Impl>();
  impl->compiled = std::move(result.policy);
  impl->clock = options.clock != nullptr ? options.clock : SystemClock();
  impl->limits = options.limits;
  impl->version = version;
  impl->digest = rego::SourceDigest(sources, data);
  return {std::make_shared<const Policy>(std::move(impl)), {}};
}

PolicyVerdict Policy::Decide(const PolicyInput& input) const { return DecideOn(InputDocument(input)); }

PolicyVerdict Policy::DecideOn(const json::Value& document, const rego::CancelToken* cancel) const {
  rego::EvalOptions options;
  options.limits = impl_->limits;
  options.clock = impl_->clock.get();
  options.cancel = cancel;
  // Samples drawn by a policy change from call to call, and are the same when a call is replayed at its time.
  options.seed = static_cast<std::uint64_t>(impl_->clock->UnixMicros());
  return ReadVerdict(impl_->compiled->Eval(kEntrypoint, document, options));
}

const std::string& Policy::Digest() const { return impl_->digest; }
rego::LanguageVersion Policy::language_version() const { return impl_->version; }
const rego::CompiledPolicy& Policy::engine() const { return *impl_->compiled; }

}  // namespace intentgate::policy
