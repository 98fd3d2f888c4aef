// What the policy commands share: reading files, and saying what a compiler, an observer or a query found.
#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <intentgate/rego.h>
#include <intentgate/rego_bundle.h>
#include <intentgate/rego_engine.h>
#include <intentgate/rego_observe.h>

#include "cli/command.h"

namespace intentgate::cli {

class EvalWatch;

// Exit codes as opa's.
inline constexpr int kExitPolicy = 1;  // policies or files have errors
inline constexpr int kExitFailed = 2;  // a test failed, a query failed

struct PolicyFiles {
  std::vector<rego::SourceFile> sources;
  json::Value data;  // an object, or null without data files
};

enum class PolicyFileKinds : std::uint8_t { kAll, kPolicies };

// Reads files as they are named and directories with all that is below them, sorted. The path of a data file below its
// directory is where its document goes: roles/admins.json is data.roles. kConflict: two files disagree. Archives are
// bundles, as are the directories that `source` says are ones.
Result<PolicyFiles> ReadPolicyFiles(const PolicySource& source, const Streams& streams, PolicyFileKinds kinds = PolicyFileKinds::kAll);
// The bundles of `source` as one, verified where it has a key. REQUIRES: `paths` is not empty.
Result<rego::PolicyBundle> ReadPolicyBundle(const PolicySource& source, const std::vector<std::string>& paths, const Streams& streams);
// All files of a bundle, an archive or a directory.
Result<std::vector<rego::BundleFile>> ReadBundleContents(const std::string& path, const Streams& streams);
// The bundles of `source` as one policy, verified where it has a key; nothing if there are none.
Result<PolicyFiles> ReadPolicyBundles(const PolicySource& source, const std::vector<std::string>& paths, const Streams& streams);
// True for names of gzipped tar archives.
bool IsBundleArchive(std::string_view path);
// True if a glob of `source` leaves the name out.
bool IsIgnored(const PolicySource& source, const std::string& name);

// The input document, or nullopt when `path` is empty.
Result<std::optional<json::Value>> ReadPolicyInput(const std::string& path, const Streams& streams);

// What `source` says of the language, its limits and its builtins.
Result<rego::EngineOptions> PolicyEngine(const PolicySource& source, const Streams& streams);
rego::CompileResult CompilePolicyFiles(const PolicyFiles& files, const rego::EngineOptions& options);


// Says what is wrong and returns `exit`.
int ReportDiagnostics(const std::vector<rego::Diagnostic>& diagnostics, bool as_json, const Streams& streams, int exit);
// Says why files could not be read and returns `exit`.
int ReportUnreadable(const Error& error, const Streams& streams, int exit = kExitPolicy);

// Adds to a cancelled evaluation's error what ended it.
void SayCause(const EvalWatch& watch, std::optional<rego::EvalError>& error);

rego::TraceLevel TraceLevelOf(const std::string& name);
// As opa writes it: ranges of lines.
json::Value CoverageJson(std::span<const rego::FileCoverage> files);
json::Value ProfileJson(std::span<const rego::ProfileLine> lines);
// "84.4µs"
std::string ShowNanos(std::int64_t nanos);
// Answers in the form of opa's --format NAME: values, bindings, raw or discard.
void PrintAnswersAs(const std::string& format, const rego::QueryResult& result, std::ostream& out);
// What is left of a query, in the form that was asked for; the exit code.
int PolicyEvalPartial(const PolicyEvalOptions& options, const rego::CompiledPolicy& policy, const json::Value* input, const rego::EvalOptions& eval,
                      const Streams& streams);

json::Value PlaceJson(const std::string& file, std::uint32_t row, std::uint32_t column);

}  // namespace intentgate::cli
