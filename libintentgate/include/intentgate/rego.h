// Rego, in process: compile once, evaluate from any number of threads.
//
//   rego::SourceFile file{"policy.rego", "package p\nallow if input.tool == \"read_file\""};
//   rego::CompileResult compiled = rego::CompiledPolicy::Compile({&file, 1});
//   if (!compiled.ok()) return Show(compiled.diagnostics);
//   rego::EvalResult r = compiled.policy->Eval("data.p.allow", input);
//   if (r.ok() && r.defined) Use(r.value);
//
// Cost: a decision of a small policy is about a microsecond; the input is read where the policy reads
// it and not copied. Steps, memory and depth are counted; a policy that crosses a limit ends with the
// error eval_limit_error. Nothing here throws, blocks, opens a file or a socket, or can hang.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::rego {

// What a module is read as when it has no `import rego.v1`.
enum class LanguageVersion : std::uint8_t { kV0, kV1 };

struct SourceFile {
  std::string name;  // for messages
  std::string text;
  std::optional<LanguageVersion> version = std::nullopt;  // in place of CompileOptions::version
};

// One finding of the compiler.
struct Diagnostic {
  // OPA's code: rego_parse_error, rego_compile_error, rego_unsafe_var_error, rego_type_error, rego_recursion_error.
  std::string code;
  std::string file;
  std::uint32_t line = 0;  // from 1; 0 if it concerns no place
  std::uint32_t column = 0;
  std::string message;
  std::string source_line;  // the line itself, for showing a caret below it
  std::string suggestion;   // the way out, or empty

  // "policy.rego:3: rego_unsafe_var_error: var x is unsafe", the line, a caret and the suggestion.
  std::string ToString() const;
};

inline constexpr std::size_t kMaxDataBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxDataDepth = 128;

// A data document: JSON if the file's name ends in .json, else YAML as Go's reader takes it. kMalformed,
// kLimitExceeded (kMaxDataBytes, kMaxDataDepth).
Result<json::Value> ParseData(std::string_view file_name, std::string_view text);
// Adds a data document to another; objects grow together. kConflict names the path at which both have a value, and
// these differ. REQUIRES: both are objects.
Status MergeData(json::Value& into, const json::Value& from);

struct CompileLimits {
  std::size_t max_source_bytes = std::size_t{16} << 20;  // all files together
  std::size_t max_rules = 200'000;
  std::size_t max_errors = 20;  // diagnostics reported; the compiler stops at this number
  // Of what one compilation makes: syntax trees, constants, data and plans.
  std::size_t max_memory_bytes = std::size_t{1} << 30;
};

struct CompileOptions {
  LanguageVersion version = LanguageVersion::kV1;
  CompileLimits limits;
  // Builtins that reach outside the process: "http.send", "net.lookup_ip_addr", "opa.runtime". A policy that calls one
  // that is not named here does not compile. What they do is up to EvalOptions::host.
  std::vector<std::string> granted_builtins;
  // Keeps calls of print, which are left out otherwise; an observer hears them.
  bool print = false;
  // As opa's strict mode: variables that are assigned, arguments and imports that nothing reads are errors; in v0 also what v1 always refuses, imports of one
  // name, variables that hide input or data, and deprecated builtins.
  bool strict = false;
  // Makes rules whose names begin with test_ or todo_test_ ready for RunTests (rego_test.h).
  bool tests = false;
};

// Ends evaluations from outside: they stop at their next look, within 1,024 steps, with the error eval_cancel_error. Looking costs
// nothing that can be measured. Thread-safe; Cancel may be called by a signal handler.
class CancelToken {
 public:
  CancelToken() = default;
  CancelToken(const CancelToken&) = delete;  // evaluations point to it
  CancelToken& operator=(const CancelToken&) = delete;

  void Cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  // For the next evaluation; one that runs may miss what was cancelled before.
  void Reset() noexcept { cancelled_.store(false, std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

// What a host does for the builtins that it grants. Thread-safe; called on the thread that evaluates.
class HostAccess {
 public:
  virtual ~HostAccess() = default;
  // http.send: `request` is the policy's object, whose keys are known to be OPA's. The response is an object with
  // status, status_code, headers, body and raw_body.
  virtual Result<json::Value> SendHttp(const json::Value& request) const = 0;
  // The same for an evaluation that may be cancelled, after which nobody waits for the answer.
  virtual Result<json::Value> SendCancellable(const json::Value& request, const CancelToken&) const { return SendHttp(request); }
  // net.lookup_ip_addr.
  virtual Result<std::vector<std::string>> LookUpAddresses(std::string_view name) const = 0;
  // opa.runtime: an object.
  virtual json::Value Runtime() const = 0;
};

enum class EvalEventKind : std::uint8_t {
  kEnter,  // a rule, or one body of it, begins
  kExit,   // it has an answer
  kEval,   // an expression begins
  kFail,   // it has no answer
  kRedo,   // it goes on to its next answer
  kNote,   // trace(text)
  kPrint,  // print(...); text is what was printed
};

// One thing that an evaluation did. Borrowed for the time of the call.
struct EvalEvent {
  EvalEventKind kind = EvalEventKind::kEval;
  std::string_view file;     // of the policy; "query" for the query itself
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1, in characters
  std::uint32_t depth = 0;   // rules inside one another
  std::string_view text;     // kNote, kPrint
};

// Hears what an evaluation does, on the thread that evaluates. rego_observe.h has observers for traces, coverage and
// profiles. Must not throw and must not use the policy.
class EvalObserver {
 public:
  virtual ~EvalObserver() = default;
  virtual void OnEvent(const EvalEvent& event) = 0;
};

struct EvalLimits {
  std::uint64_t max_steps = 1'000'000;
  std::size_t max_memory_bytes = std::size_t{64} << 20;
  std::uint32_t max_depth = 512;  // rules, functions, comprehensions and iterations inside one another
};

struct EvalOptions {
  EvalLimits limits;
  const Clock* clock = nullptr;  // for time.now_ns; the system's clock if null
  std::uint64_t seed = 0;        // for rand.intn and uuid.rfc4122
  bool strict_builtin_errors = false;
  const HostAccess* host = nullptr;  // outlives the evaluation; null: granted builtins fail
  EvalObserver* observer = nullptr;  // outlives the evaluation; null: nobody looks, which costs nothing
  const CancelToken* cancel = nullptr;  // outlives the evaluation; null: it runs to its end
};

// Input as JSON text. Borrowed for the time of the evaluation.
struct JsonText {
  std::string_view text;
  json::ParseLimits limits = {};
};

// An evaluation that failed. `code` is OPA's: eval_conflict_error, eval_builtin_error, eval_type_error,
// eval_cancel_error; or eval_limit_error, which says which limit; eval_input_error for input that is no JSON.
struct EvalError {
  std::string code;
  std::string message;
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  // "policy.rego:3: eval_conflict_error: ..."
  std::string ToString() const;
};

struct EvalResult {
  std::optional<EvalError> error;
  bool defined = false;
  json::Value value;  // sets are arrays in sorted order
  std::uint64_t steps = 0;
  std::size_t memory_bytes = 0;

  bool ok() const { return !error.has_value(); }
};

// One answer of a query: its variables by name, in the order of the text, and the values of its expressions.
struct QueryAnswer {
  std::vector<std::pair<std::string, json::Value>> bindings;
  std::vector<json::Value> expressions;
};

struct QueryResult {
  std::vector<Diagnostic> diagnostics;  // the query's text is wrong
  std::optional<EvalError> error;
  std::vector<QueryAnswer> answers;
  bool ok() const { return diagnostics.empty() && !error.has_value(); }
};

class CompiledPolicy;
class Query;            // rego_engine.h
struct PartialOptions;  // rego_partial.h
struct PartialResult;

struct CompileResult {
  std::shared_ptr<const CompiledPolicy> policy;  // null if there are diagnostics
  std::vector<Diagnostic> diagnostics;
  bool ok() const { return policy != nullptr; }
};

// A place in a source: a line that an evaluation can reach.
struct SourceLine {
  std::string file;
  std::uint32_t line = 0;  // from 1
  auto operator<=>(const SourceLine&) const = default;
};

// A rule that is a test.
struct TestRule {
  std::string package;  // "data.p_test"
  std::string name;     // "test_allow"; the second of that name is "test_allow#01"
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool skip = false;            // its name begins with todo_
  std::string reference;        // for Eval
  std::string cases_reference;  // of a rule test_allow[case]: the set of the keys that its body comes to; else empty
};

// Documents that a query reads, directly or through rules.
struct Dependencies {
  std::vector<std::string> base;  // "input.user", "data.roles"; sorted
  std::vector<std::string> rules;  // "data.p.allow"; sorted
};

// Immutable, thread-safe.
class CompiledPolicy {
 public:
  // `data` is the base document (an object, or null for none); it is copied. All errors that can be found are
  // reported at once.
  static CompileResult Compile(std::span<const SourceFile> files, const json::Value& data = json::Value(),
                               const CompileOptions& options = {});
  ~CompiledPolicy();
  CompiledPolicy(const CompiledPolicy&) = delete;
  CompiledPolicy& operator=(const CompiledPolicy&) = delete;

  // The value of a ground reference such as "data.intentgate.policy.decision".
  EvalResult Eval(std::string_view entrypoint, const json::Value& input, const EvalOptions& options = {}) const;
  // The same from JSON text, which is read as strictly as json::Parse reads it but straight into the evaluation's memory:
  // for large inputs several times faster, and counted against max_memory_bytes. What json::Parse refuses is the error
  // eval_input_error.
  EvalResult Eval(std::string_view entrypoint, const JsonText& input, const EvalOptions& options = {}) const;
  // The same into a result that is used again: it keeps the memory of its objects, arrays and strings. Once that and the
  // policy's own memory have grown, an evaluation that calls no builtin which works on the heap allocates nothing.
  void EvalInto(EvalResult& result, std::string_view entrypoint, const json::Value& input, const EvalOptions& options = {}) const;
  void EvalInto(EvalResult& result, std::string_view entrypoint, const JsonText& input, const EvalOptions& options = {}) const;
  // Without input: every reference to it is undefined.
  EvalResult Eval(std::string_view entrypoint, const EvalOptions& options = {}) const;

  // Any query, such as "x := data.p.q[_]; x > 3". `input` may be null (a pointer, for none).
  QueryResult Query(std::string_view text, const json::Value* input, const EvalOptions& options = {}) const;

  // What the query comes to when only a part of the input and the data is known: rego_partial.h.
  PartialResult PartialEval(std::string_view text, const PartialOptions& options) const;

  // True if a rule stands at the reference.
  bool HasRule(std::string_view reference) const;
  // "data.p.allow" of every rule and function, sorted.
  std::vector<std::string> RuleNames() const;
  std::vector<std::string> Packages() const;
  // The lines of rule heads and expressions, sorted: what coverage is measured against.
  std::vector<SourceLine> ReachableLines() const;
  // The tests, by file and place. Empty unless CompileOptions::tests.
  const std::vector<TestRule>& Tests() const;
  // What a query reads. kInvalidArgument with the first finding when it does not compile.
  Result<Dependencies> DependenciesOf(std::string_view query) const;

  struct Impl;
  explicit CompiledPolicy(std::unique_ptr<Impl> impl);

 private:
  friend class rego::Query;
  std::unique_ptr<Impl> impl_;
};

}  // namespace intentgate::rego
