// The decision contract on top of Rego: what a policy is asked, and how its answer is read.
//
//   policy::CompileOutcome compiled = policy::Policy::Compile({&file, 1});
//   if (!compiled.ok()) return Show(compiled.diagnostics);
//   policy::PolicyInput input;
//   input.tool = "transfer_funds";
//   input.args = &arguments;
//   policy::PolicyVerdict verdict = compiled.policy->Decide(input);
//   if (verdict.effect == policy::Effect::kAllow) Forward();
//
// The policy defines data.intentgate.policy.decision, an object with `allow` (boolean, required) and
// optionally `escalate`, `requires_step_up` (booleans) and `reason` (string). `escalate` beats `allow`.
// Anything else blocks: no rule that applies, another type, an error, a limit. docs/policy/decision.md is the
// full contract.
//
// Cost: building the input document copies the arguments once; the evaluation is about a microsecond for a small
// policy. Decide never throws, does no I/O and takes no lock for long.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::policy {

// The rule that is asked.
inline constexpr std::string_view kEntrypoint = "data.intentgate.policy.decision";

// What the intent check found out, if it ran. Borrowed by the caller for the time of the call, as all inputs here.
struct IntentInput {
  std::string_view summary;
  std::span<const std::string> allowed_tools;
  std::span<const std::string> forbidden_tools;
  double confidence = 0;
};

// What the verified token says, if there is one.
struct CapabilityInput {
  std::string_view subject;
  std::string_view issuer;
  std::string_view tenant;
  std::string_view zone;
  std::int64_t step_up_at = 0;  // unix seconds of the last step-up; 0: none
  std::string_view jti;
  std::string_view root_jti;
};

// One call, as the policy sees it under `input`. A member that is empty is absent there, except `tool`, and
// `intent.confidence` where there is an intent.
struct PolicyInput {
  std::string_view tool;
  const json::Value* args = nullptr;  // numbers keep their digits
  std::string_view agent_id;
  std::string_view session_id;
  std::string_view method;  // the protocol's method, such as "tools/call"
  const IntentInput* intent = nullptr;
  const CapabilityInput* capability = nullptr;
  bool approved = false;  // a person has approved exactly this call; absent unless true
  std::string_view server;  // the upstream that the call would go to, by its configured name
};

// The `input` document of a call. For dry runs and for showing it to an author.
json::Value InputDocument(const PolicyInput& input);

enum class Effect : std::uint8_t { kBlock, kAllow, kEscalate };
// "block", "allow", "escalate".
std::string_view EffectName(Effect effect);

// Why a decision is a block that no rule of the policy asked for.
enum class Failure : std::uint8_t {
  kNone,
  kUndefined,    // no decision applies
  kBadDecision,  // not an object, no boolean `allow`, or an optional member of another type
  kConflict,     // rules give different decisions
  kRuntime,      // the evaluation failed
  kLimit,        // more steps, memory or depth than an evaluation may take
};
// Stable names for logs and metrics: "", "policy_undefined", "policy_bad_decision", "policy_conflict",
// "policy_runtime_error", "policy_limit".
std::string_view FailureName(Failure failure);

struct PolicyVerdict {
  Effect effect = Effect::kBlock;
  std::string reason;  // never empty; may be shown to the caller
  bool requires_step_up = false;
  Failure failure = Failure::kNone;
  std::string detail;  // for the operator: the engine's error with its place; empty without a failure
  std::uint64_t steps = 0;
};

struct PolicyOptions {
  rego::CompileLimits compile_limits;
  rego::EvalLimits limits;
  std::shared_ptr<const Clock> clock;  // for time.now_ns; the system's clock if null
};

class Policy;

struct CompileOutcome {
  std::shared_ptr<const Policy> policy;  // null if it did not compile
  std::vector<rego::Diagnostic> diagnostics;
  bool ok() const { return policy != nullptr; }
};

// Immutable, thread-safe; shared by all that decide by it.
class Policy {
 public:
  // Reads the sources as Rego v1 and, if that fails, all of them as v0. When both fail, the findings are those of
  // the reading that got further. Sources without a rule at kEntrypoint do not compile. `data` is the base
  // document: an object, or null for none.
  static CompileOutcome Compile(std::span<const rego::SourceFile> sources, const json::Value& data = json::Value(),
                                const PolicyOptions& options = {});
  ~Policy();
  Policy(const Policy&) = delete;  // shared, never copied
  Policy& operator=(const Policy&) = delete;

  PolicyVerdict Decide(const PolicyInput& input) const;
  // As Decide, on an input document that is there already. A decision that is cancelled is a block (kRuntime). `cancel` may
  // be null.
  PolicyVerdict DecideOn(const json::Value& document, const rego::CancelToken* cancel = nullptr) const;

  // SHA-256 in lower-case hex over the sources' names and texts in their order, and the data document.
  const std::string& Digest() const;
  rego::LanguageVersion language_version() const;
  // For other queries on the same policy.
  const rego::CompiledPolicy& engine() const;

  struct Impl;
  explicit Policy(std::unique_ptr<const Impl> impl);

 private:
  std::unique_ptr<const Impl> impl_;
};

}  // namespace intentgate::policy
