// What the commands share: their options as plain structs, filled by options.cc, and how they answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/caveat.h>
#include <intentgate/json.h>
#include <intentgate/keys.h>
#include <intentgate/result.h>

#include "cli/cli.h"

namespace intentgate::cli {

// The flags that narrow a token; `mint` and `attenuate` share them.
struct CaveatFlags {
  std::vector<std::string> tools, deny_tools;
  std::optional<std::int64_t> max_calls, rate_per_minute, max_cost;
  std::vector<std::string> servers;
  std::vector<std::string> where;    // "[TOOL] POINTER CONSTRAINT VALUE"
  std::vector<std::string> caveats;  // raw caveat JSON
};

struct KeygenOptions {
  std::string id = "default";
  std::string out;
};

struct MintOptions {
  std::string keys;
  std::string format = "v5";
  std::string subject, tenant = "default", issuer = "intentgate", audience;
  std::string ttl;
  std::optional<std::int64_t> max_depth;
  CaveatFlags caveats;
  bool json = false;
};

struct AttenuateCommandOptions {
  std::string token;
  std::string ttl, label;
  bool seal = false;
  CaveatFlags caveats;
  bool json = false;
};

struct DecodeOptions {
  std::string token;
  bool json = false;
};

struct VerifyOptionsCli {
  std::string token, keys, tool, arguments, audience;
  bool json = false;
};

// What a policy command reads.
struct PolicySource {
  std::vector<std::string> paths;    // files, directories and archives
  std::vector<std::string> bundles;  // directories and archives
  std::vector<std::string> ignore;   // globs of names
  bool bundle = false;               // directories among `paths` are bundles
  bool v0 = false;
  std::int64_t max_errors = 20;      // that are reported
  bool strict = false;               // what is named and never read is an error
  // By which bundles are checked; no key: not at all.
  std::string key, key_id = "default", algorithm = "RS256", scope;
  std::vector<std::string> exclude;
  std::vector<std::string> allow_net;  // hosts that policies may reach; empty: no builtin that reaches outside
  std::string capabilities;            // file; empty: every builtin may be called
};

// With what a bundle is signed; no key: not at all.
struct SigningFlags {
  std::string key, algorithm = "RS256", key_id = "default", scope;
};

struct PolicyBuildOptions {
  PolicySource source;
  SigningFlags signing;
  std::vector<std::string> entrypoints;  // "package/rule"
  std::string out = "bundle.tar.gz", revision;
};

struct PolicySignOptions {
  std::string path, out = ".";
  SigningFlags signing;
};

struct PolicyEvalOptions {
  PolicySource source;
  std::string input;
  std::string query = "data.intentgate.policy.decision";
  std::string explain;  // full, fails or notes
  std::string format;   // pretty, json, values, bindings, raw, discard or source; empty: pretty
  std::vector<std::string> unknowns, disable_inlining;
  bool partial = false, shallow_inlining = false, nondeterministic_builtins = false;
  std::string timeout = "0";  // a duration, here as below
  std::int64_t max_steps = 1'000'000, max_memory_mib = 64;
  bool query_from_stdin = false, input_from_stdin = false;
  bool coverage = false, profile = false, fail = false, fail_defined = false, strict = false, json = false;
};

struct PolicyCheckOptions {
  PolicySource source;
  bool json = false;
};

struct PolicyTestOptions {
  PolicySource source;
  std::string run;
  std::string explain;
  std::string timeout = "0";  // of each test
  double threshold = 0;  // percent
  std::int64_t max_steps = 50'000'000, count = 1;
  bool verbose = false, coverage = false, bench = false, fail_on_empty = false, exit_zero_on_skipped = false, json = false;
};

struct PolicyBenchOptions {
  PolicySource source;
  std::string input;
  std::string query = "data.intentgate.policy.decision";
  std::int64_t milliseconds = 1'000;
  std::string timeout = "0";  // of one evaluation
  bool json = false;
};

struct PolicyParseOptions {
  std::string file;
  std::string format = "pretty";
  std::string include;  // "comments,-annotations"
  bool v0 = false;
};

struct PolicyInspectOptions {
  PolicySource source;
  std::string path;
  bool json = false;
};

struct PolicyFmtOptions {
  PolicySource source;
  bool write = false, list = false, fail = false;
};

struct PolicyDepsOptions {
  PolicySource source;
  std::string query = "data.intentgate.policy.decision";
  bool json = false;
};

struct AuditVerifyOptions {
  std::string file;
  std::vector<std::string> keys;       // verifier keys, or files with one
  std::vector<std::string> against;    // files of older checkpoints
  std::vector<std::string> receipts;   // files
  std::string witnesses;               // file of a policy
  std::string hash;                    // of the event, for a proof
  bool json = false;
};

struct AuditExportOptions {
  std::string config, format = "ndjson", out;
  std::map<std::string, std::string> filters;  // names of the admin API's query parameters
};

struct ApprovalsOptions {
  std::string config, tenant, id, note;
  std::string status = "pending";
  std::int64_t interval_seconds = 2;
  bool json = false;
};

struct PinsOptions {
  std::string gateway = "http://127.0.0.1:8080", token_file, ca_file, upstream, state, sha256;
  std::vector<std::string> tools;
  bool all = false, keep = false, json = false;
};

struct AuditEraseOptions {
  std::string config, reason;
  std::map<std::string, std::string> filters;
  bool dry_run = false, json = false;
};

struct AuditPruneOptions {
  std::string config, tenant, before, reason;
  bool dry_run = false, json = false;
};

struct AuditHoldOptions {
  std::string config, tenant, id, reason, from, to;
  bool json = false;
};

struct AuditBundleOptions {
  std::string config, out;
  std::map<std::string, std::string> filters;
  bool uncovered = false, witnessed = false, values = false;
};

struct AuditKeygenOptions {
  std::string name = "intentgate", out;
  bool time = false;
};

// Of the commands that look at the evidence of one tenant; each uses some.
struct AuditEvidenceOptions {
  std::string config, tenant, event_id, out, why, actor;
  bool json = false;
};

int Keygen(const KeygenOptions& options, const Streams& streams);
int MintToken(const MintOptions& options, const Streams& streams);
int AttenuateToken(const AttenuateCommandOptions& options, const Streams& streams);
int DecodeToken(const DecodeOptions& options, const Streams& streams);
int VerifyToken(const VerifyOptionsCli& options, const Streams& streams);
// "authz/allow" as data.authz.allow, with brackets where a part is no name.
std::string ReferenceOfPath(std::string_view path);
int PolicyEval(const PolicyEvalOptions& options, const Streams& streams);
int PolicyCheck(const PolicyCheckOptions& options, const Streams& streams);
int PolicyTest(const PolicyTestOptions& options, const Streams& streams);
int PolicyBuild(const PolicyBuildOptions& options, const Streams& streams);
int PolicySign(const PolicySignOptions& options, const Streams& streams);
int PolicyCapabilities(const Streams& streams);
int PolicyInspect(const PolicyInspectOptions& options, const Streams& streams);
int PolicyBench(const PolicyBenchOptions& options, const Streams& streams);
int PolicyParse(const PolicyParseOptions& options, const Streams& streams);
int PolicyFmt(const PolicyFmtOptions& options, const Streams& streams);
int PolicyDeps(const PolicyDepsOptions& options, const Streams& streams);
int AuditVerify(const AuditVerifyOptions& options, const Streams& streams);
int AuditExport(const AuditExportOptions& options, const Streams& streams);
int AuditBundle(const AuditBundleOptions& options, const Streams& streams);
int AuditKeygen(const AuditKeygenOptions& options, const Streams& streams);
int AuditCheckpoint(const AuditEvidenceOptions& options, const Streams& streams);
int AuditProof(const AuditEvidenceOptions& options, const Streams& streams);
int AuditTiles(const AuditEvidenceOptions& options, const Streams& streams);
int AuditStatus(const AuditEvidenceOptions& options, const Streams& streams);
int AuditOpenEpoch(const AuditEvidenceOptions& options, const Streams& streams);
int AuditErase(const AuditEraseOptions& options, const Streams& streams);
int AuditPrune(const AuditPruneOptions& options, const Streams& streams);
int AuditHoldAdd(const AuditHoldOptions& options, const Streams& streams);
int AuditHoldList(const AuditHoldOptions& options, const Streams& streams);
int AuditHoldRelease(const AuditHoldOptions& options, const Streams& streams);
int ApprovalsList(const ApprovalsOptions& options, const Streams& streams);
int ApprovalsShow(const ApprovalsOptions& options, const Streams& streams);
int ApprovalsApprove(const ApprovalsOptions& options, const Streams& streams);
int ApprovalsReject(const ApprovalsOptions& options, const Streams& streams);
int ApprovalsWatch(const ApprovalsOptions& options, const Streams& streams);
int PinsList(const PinsOptions& options, const Streams& streams, const Hooks& hooks);
int PinsDiff(const PinsOptions& options, const Streams& streams, const Hooks& hooks);
int PinsAccept(const PinsOptions& options, const Streams& streams, const Hooks& hooks);

// Says on `err` what failed and returns the exit code that fits the error.
int Fail(const Streams& streams, const Error& error);

// Without control characters and without characters that turn text around: they become \u escapes.
std::string ForTerminal(std::string_view text);

inline constexpr std::size_t kMaxInputBytes = std::size_t{16} << 20;

// A file's text; "-" is standard input. kIo names the path.
Result<std::string> ReadInput(const std::string& path, const Streams& streams, std::size_t max_bytes = kMaxInputBytes);
// Writes beside the file and renames over it, so that a full disk leaves the old one. A file that is there keeps its permissions.
Status WriteOutput(const std::string& path, std::string_view bytes);
// A token given as an argument, or from standard input when it is "-". Blanks around it are cut.
Result<std::string> ReadToken(const std::string& argument, const Streams& streams);
// A key ring from a key file, or from INTENTGATE_MASTER_KEY when `path` is empty. Refuses a file that others can read.
Result<KeyRing> ReadKeys(const std::string& path);

// "90s", "15m", "1h", "7d" or plain seconds.
Result<std::int64_t> ParseDuration(const std::string& text);
// `/path subpath /data`, `write_file /path glob /data/*.txt`, `/amount range 1..100`.
Result<Caveat> ParseWhere(const std::string& text);
Result<std::vector<Caveat>> ParseCaveats(const CaveatFlags& flags);

}  // namespace intentgate::cli
