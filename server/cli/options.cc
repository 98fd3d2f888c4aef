// The command line's grammar, in the one file that pays for CLI11. Every command's help ends with an example.

#include <CLI/CLI.hpp>

#include <exception>
#include <ostream>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done or yes, 1 the answer is no, 64 usage, 65 malformed input, 74 input or output failed.";
constexpr const char* kVerifyExitCodes =
    "Exit codes: 0 intact, 1 tampered, 2 truncated or not covered, 3 forked, 4 unknown key, 5 usage, input, or not such a file.";

CLI::App* Command(CLI::App& parent, const char* name, const char* what, const char* example,
                  const char* exit_codes = kExitCodes) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->footer(std::string("Example:\n  ") + example + "\n\n" + exit_codes);
  return command;
}

void AddJson(CLI::App* command, bool& json) { command->add_flag("--json", json, "answer in JSON, for programs"); }

void AddCaveats(CLI::App* command, CaveatFlags& flags) {
  command->add_option("--tools", flags.tools, "only these tools (names or globs)")->delimiter(',');
  command->add_option("--deny-tools", flags.deny_tools, "not these tools")->delimiter(',');
  command->add_option("--servers", flags.servers, "only these upstream servers")->delimiter(',');
  command->add_option("--max-calls", flags.max_calls, "calls over the token's life, at least 1");
  command->add_option("--rate", flags.rate_per_minute, "calls a minute");
  command->add_option("--max-cost", flags.max_cost, "cents over the token's life");
  command->add_option("--where", flags.where,
                      "a rule for one argument: \"[TOOL] POINTER CONSTRAINT VALUE\", may be repeated");
  command->add_option("--caveat", flags.caveats, "a caveat as JSON, may be repeated; see docs/caveats.md");
}

// All options live here as long as the parser does.
struct AllOptions {
  ServeArguments serve;
  std::string listen, upstream;
  std::vector<std::string> set;
  KeygenOptions keygen;
  MintOptions mint;
  AttenuateCommandOptions attenuate;
  DecodeOptions decode;
  VerifyOptionsCli verify;
  PolicyEvalOptions policy_eval;
  PolicyCheckOptions policy_check;
  PolicyTestOptions policy_test;
  PolicyBenchOptions policy_bench;
  PolicyDepsOptions policy_deps;
  PolicyFmtOptions policy_fmt;
  PolicyInspectOptions policy_inspect;
  PolicyParseOptions policy_parse;
  PolicyBuildOptions policy_build;
  PolicySignOptions policy_sign;
  AuditVerifyOptions audit_verify;
  AuditExportOptions audit_export;
  AuditBundleOptions audit_bundle;
  AuditKeygenOptions audit_keygen;
  AuditEvidenceOptions audit_evidence;
  AuditEraseOptions audit_erase;
  AuditPruneOptions audit_prune;
  AuditHoldOptions hold;
  ApprovalsOptions approvals;
  PinsOptions pins;
};

void AddServe(CLI::App& app, AllOptions& all) {
  CLI::App* serve = Command(app, "serve", "put the gate in front of an MCP server",
                            "intentgate serve --config intentgate.yaml --check");
  serve->add_option("--config", all.serve.config, "YAML file; docs/configuration.md lists every setting");
  serve->add_option("--listen", all.listen, "address to listen on, such as 127.0.0.1:8080");
  serve->add_option("--upstream", all.upstream, "URL of the MCP server behind the gate");
  serve->add_option("--set", all.set, "any setting, as section.name=value; may be repeated")
      ->check([](const std::string& text) {
        return text.find('=') == std::string::npos ? "'" + text + "' is not section.name=value" : std::string();
      });
  serve->add_flag("--check", all.serve.check, "report every mistake in the configuration and start nothing");
}

void AddTokens(CLI::App& app, AllOptions& all) {
  CLI::App* keygen = Command(app, "keygen", "make a key for minting tokens", "intentgate keygen --out keys");
  keygen->add_option("--id", all.keygen.id, "the key's id")->capture_default_str();
  keygen->add_option("--out", all.keygen.out, "file to create with mode 0600; without it the key goes to standard output");

  CLI::App* mint = Command(app, "mint", "mint a token",
                           "intentgate mint --keys keys --subject agent-7 --ttl 1h --tools read_file --where '/path subpath /data'");
  mint->add_option("--keys", all.mint.keys, "key file; else INTENTGATE_MASTER_KEY");
  mint->add_option("--subject", all.mint.subject, "the agent")->required();
  mint->add_option("--tenant", all.mint.tenant, "the tenant")->capture_default_str();
  mint->add_option("--issuer", all.mint.issuer, "who issues it")->capture_default_str();
  mint->add_option("--audience", all.mint.audience, "the only gate that may accept it (v5)");
  mint->add_option("--ttl", all.mint.ttl, "how long it lives: 90s, 15m, 1h, 7d (v5: 1h unless given)");
  mint->add_option("--max-depth", all.mint.max_depth, "how often it may be attenuated (v5)");
  mint->add_option("--format", all.mint.format, "v3 or v4 for the public product, v5 for everything")->capture_default_str();
  AddCaveats(mint, all.mint.caveats);
  AddJson(mint, all.mint.json);

  CLI::App* attenuate = Command(app, "attenuate", "make a token that can do less; needs no key",
                                "intentgate attenuate \"$TOKEN\" --where '/path subpath /data/q3' --ttl 60s");
  attenuate->add_option("token", all.attenuate.token, "the token, or - for standard input")->required();
  attenuate->add_option("--ttl", all.attenuate.ttl, "expires after this time: 90s, 15m, 1h");
  attenuate->add_option("--label", all.attenuate.label, "a name for this step in the audit chain (v5)");
  attenuate->add_flag("--seal", all.attenuate.seal, "nothing can be added afterwards (v5)");
  AddCaveats(attenuate, all.attenuate.caveats);
  AddJson(attenuate, all.attenuate.json);

  CLI::App* decode = Command(app, "decode", "show what a token says, unverified", "intentgate decode \"$TOKEN\"");
  decode->add_option("token", all.decode.token, "the token, or - for standard input")->required();
  AddJson(decode, all.decode.json);

  CLI::App* verify = Command(app, "verify", "check a token's signature, and whether it covers a call",
                             "intentgate verify \"$TOKEN\" --keys keys --tool read_file --args '{\"path\":\"/data/a.txt\"}'");
  verify->add_option("token", all.verify.token, "the token, or - for standard input")->required();
  verify->add_option("--keys", all.verify.keys, "key file; else INTENTGATE_MASTER_KEY");
  verify->add_option("--tool", all.verify.tool, "check the caveats for a call of this tool");
  verify->add_option("--args", all.verify.arguments, "the call's arguments as JSON");
  verify->add_option("--audience", all.verify.audience, "who is checking (v5)");
  AddJson(verify, all.verify.json);
}

constexpr const char* kPolicyExitCodes =
    "Exit codes, as opa's: 0 done, 1 policies or files have errors (test, check, bench, deps, build, sign) or the answer is the one of --fail (eval), "
    "2 a test failed, the query did (eval), or a file is not formatted (fmt --fail), 64 usage.";

CLI::App* PolicyCommand(CLI::App& policy, const char* name, const char* what, const char* example) {
  return Command(policy, name, what, example, kPolicyExitCodes);
}

void AddBundles(CLI::App* command, PolicySource& source) {
  command->add_option("--verification-key", source.key,
                      "public key (PEM) that bundles must be signed by, as a file or as text; with HS256, HS384 and HS512 the secret");
  command->add_option("--verification-key-id", source.key_id, "the key's name")->capture_default_str();
  command->add_option("--signing-alg", source.algorithm, "the signature's algorithm")->capture_default_str();
  command->add_option("--scope", source.scope, "the scope that bundles must be signed for");
  command->add_option("--exclude-files-verify", source.exclude, "names that need not be signed for, such as 'docs/*'; may be repeated")
      ->allow_extra_args(false);
}

void AddNetwork(CLI::App* command, PolicySource& source) {
  command->add_option("--allow-net", source.allow_net,
                      "a host that policies may reach by http.send and net.lookup_ip_addr, or '*'; may be repeated; without it they do not compile")
      ->allow_extra_args(false);
  command->add_option("--capabilities", source.capabilities,
                      "file with the builtins that policies may call and the hosts that they may reach, as `policy capabilities` writes it");
}

void AddSigning(CLI::App* command, SigningFlags& flags, bool required) {
  command->add_option("--signing-key", flags.key, "private key (PEM) as a file; with HS256, HS384 and HS512 the secret")->required(required);
  command->add_option("--signing-alg", flags.algorithm, "the signature's algorithm")->capture_default_str();
  command->add_option("--signing-key-id", flags.key_id, "the key's name")->capture_default_str();
  command->add_option("--scope", flags.scope, "what the bundle is signed for");
}

void AddPolicyBuild(CLI::App& policy, PolicyBuildOptions& build, PolicySignOptions& sign);
void AddPolicyInspect(CLI::App& policy, PolicyInspectOptions& options);
void AddCapabilities(CLI::App& policy);

enum class BundleFlag : std::uint8_t { kWithPath, kOnPaths, kNone };

// As positional arguments, or by -d where a query is the positional one.
void AddPolicySource(CLI::App* command, PolicySource& source, const char* option, BundleFlag bundles, bool required = true) {
  CLI::Option* paths =
      command->add_option(option, source.paths, "policies (.rego) and data (.json, .yaml), directories of them, or bundles (.tar.gz)");
  // One path behind each -d: what follows may be the query.
  if (option[0] == '-') paths->allow_extra_args(false);
  command->add_option("--ignore", source.ignore, "names to leave out, such as '.*'; may be repeated")->allow_extra_args(false);
  command->add_flag("--v0,--v0-compatible", source.v0, "read the policies as Rego v0");
  if (bundles != BundleFlag::kWithPath) paths->required(required);
  if (bundles == BundleFlag::kNone) return;
  AddBundles(command, source);
  if (bundles == BundleFlag::kOnPaths) {
    command->add_flag("-b,--bundle", source.bundle, "read directories as bundles: data from data.json and data.yaml, and the manifest");
    return;
  }
  command->add_option("-b,--bundle", source.bundles, "a bundle: an archive, or a directory with data in data.json and data.yaml; may be repeated")
      ->allow_extra_args(false);
}

void AddStrict(CLI::App* command, PolicySource& source) {
  command->add_flag("-S,--strict", source.strict, "imports, arguments and assigned variables that nothing reads are errors");
}

CLI::Option* AddExplain(CLI::App* command, std::string& explain) {
  return command->add_option("--explain", explain, "show how the answer came about")->check(CLI::IsMember({"full", "fails", "notes"}));
}

CLI::Option* AddTimeout(CLI::App* command, std::string& timeout, const char* what) { return command->add_option("--timeout", timeout, what); }

// As opa's flags are called, spelling included.
void AddPartial(CLI::App* eval, PolicyEvalOptions& options) {
  CLI::Option* partial = eval->add_flag("-p,--partial", options.partial, "evaluate in part: print what is left of the query");
  eval->add_option("-u,--unknowns", options.unknowns, "what only the later evaluation knows, such as input.resource or data.rows; input if not given")->delimiter(',')->needs(partial);
  eval->add_option("--disable-inlining", options.disable_inlining, "rules at and below this path stay rules, may be repeated")->delimiter(',')->needs(partial);
  eval->add_flag("--shallow-inlining", options.shallow_inlining, "all rules that depend on unknowns stay rules")->needs(partial);
  eval->add_flag("--nondeterminstic-builtins,--nondeterministic-builtins", options.nondeterministic_builtins,
                 "evaluate what depends on the time, on chance and on the network now")->needs(partial);
}

// opa's way to ask for JSON, where only that and text for people is to be had.
void AddFormat(CLI::App* command, bool& json) {
  command
      ->add_option_function<std::string>(
          "-f,--format", [&json](const std::string& name) { json = name == "json"; }, "pretty or json; the same as --json")
      ->check(CLI::IsMember({"pretty", "json"}));
  AddJson(command, json);
}

void AddEvalFormat(CLI::App* eval, PolicyEvalOptions& options) {
  eval->add_option("-f,--format", options.format,
                   "pretty or json; values, bindings or raw: a line for each answer; discard: only whether there is one; with --partial also source: what is left, as Rego")
      ->check(CLI::IsMember({"pretty", "json", "values", "bindings", "raw", "discard", "source"}));
  AddJson(eval, options.json);
}

// Where the query and the input come from besides the query's text and --input.
void AddEvalSources(CLI::App* eval, PolicyEvalOptions& options) {
  eval->add_option_function<std::string>(
      "-e,--entrypoint",
      [&options](const std::string& path) { options.query = ReferenceOfPath(path); },
      "ask for this rule or package, as package/rule, in place of a query");
  CLI::Option* query = eval->add_flag("--stdin", options.query_from_stdin, "read the query from standard input");
  eval->add_flag("-I,--stdin-input", options.input_from_stdin, "read the input document from standard input, as --input -")->excludes(query);
  eval->add_option("--max-steps", options.max_steps, "steps that the evaluation may take")->check(CLI::PositiveNumber)->capture_default_str();
  eval->add_option("--max-memory", options.max_memory_mib, "memory that the evaluation may take, in MiB")->check(CLI::Range(1, 1 << 20))->capture_default_str();
}

void AddPolicyEval(CLI::App& policy, PolicyEvalOptions& options) {
  CLI::App* eval = PolicyCommand(policy, "eval", "evaluate a query",
                                 "echo '{\"tool\":\"read_file\"}' | intentgate policy eval -d policy.rego -i - data.intentgate.policy.decision");
  eval->add_option("query", options.query, "the query")->capture_default_str();
  AddPolicySource(eval, options.source, "-d,--data", BundleFlag::kWithPath);
  eval->add_option("-i,--input", options.input, "file with the input document, or - for standard input");
  AddNetwork(eval, options.source);
  AddExplain(eval, options.explain);
  eval->add_flag("--coverage", options.coverage, "say which lines were reached");
  eval->add_flag("--profile", options.profile, "say which lines took the time");
  eval->add_flag("--fail", options.fail, "exit with 1 if there is no answer");
  eval->add_flag("--fail-defined", options.fail_defined, "exit with 1 if there is one");
  AddTimeout(eval, options.timeout, "end the evaluation after this time, such as 500ms or 10s; 0: never")->capture_default_str();
  eval->add_flag("--strict-builtin-errors", options.strict, "an error of a builtin ends the evaluation");
  AddStrict(eval, options.source);
  AddPartial(eval, options);
  AddEvalSources(eval, options);
  AddEvalFormat(eval, options);
}

void AddPolicyTest(CLI::App& policy, PolicyTestOptions& options) {
  CLI::App* test = PolicyCommand(policy, "test", "run the tests that are written in Rego", "intentgate policy test policies -v --coverage");
  AddPolicySource(test, options.source, "paths", BundleFlag::kOnPaths);
  AddNetwork(test, options.source);
  test->add_option("-r,--run", options.run, "only tests whose full name matches this regular expression");
  test->add_flag("-v,--verbose", options.verbose, "show passed tests, what they printed, and how failed ones failed");
  AddExplain(test, options.explain)->default_str("fails");
  test->add_flag("-c,--coverage", options.coverage, "say which lines the tests reached, as JSON");
  test->add_option("--threshold", options.threshold, "with --coverage: fail below this percentage")->check(CLI::Range(0.0, 100.0));
  test->add_flag("--bench", options.bench, "measure each test that passes");
  test->add_option("--count", options.count, "how often each test runs")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  test->add_option("--max-steps", options.max_steps, "steps that one test may take")->check(CLI::PositiveNumber)->capture_default_str();
  AddTimeout(test, options.timeout, "end a test after this time, as an error; the others go on; 0: never")->capture_default_str();
  test->add_flag("--fail-on-empty", options.fail_on_empty, "fail if there is no test");
  test->add_flag("-z,--exit-zero-on-skipped", options.exit_zero_on_skipped, "skipped tests alone do not make the exit code 2");
  AddFormat(test, options.json);
}

void AddPolicy(CLI::App& app, AllOptions& all) {
  CLI::App* policy = app.add_subcommand("policy", "work with Rego policies");
  policy->require_subcommand(1);
  AddPolicyEval(*policy, all.policy_eval);
  CLI::App* check = PolicyCommand(*policy, "check", "compile policies and report every error", "intentgate policy check policy.rego");
  AddPolicySource(check, all.policy_check.source, "paths", BundleFlag::kOnPaths);
  AddNetwork(check, all.policy_check.source);
  AddStrict(check, all.policy_check.source);
  check->add_option("-m,--max-errors", all.policy_check.source.max_errors, "how many errors are reported")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  AddFormat(check, all.policy_check.json);
  AddPolicyTest(*policy, all.policy_test);

  CLI::App* format = PolicyCommand(*policy, "fmt", "lay policies out as usual", "intentgate policy fmt -w policies");
  AddPolicySource(format, all.policy_fmt.source, "paths", BundleFlag::kNone, false);
  format->add_flag("-w,--write", all.policy_fmt.write, "rewrite the files; without it the text goes to standard output");
  format->add_flag("-l,--list", all.policy_fmt.list, "name the files that would change");
  format->add_flag("--fail", all.policy_fmt.fail, "exit with 2 if a file would change");

  CLI::App* parse = PolicyCommand(*policy, "parse", "show the syntax tree of a policy", "intentgate policy parse policy.rego --format json");
  parse->add_option("file", all.policy_parse.file, "the policy, or - for standard input")->required();
  parse->add_option("-f,--format", all.policy_parse.format, "pretty or json")->check(CLI::IsMember({"pretty", "json"}))->capture_default_str();
  parse->add_option("--json-include", all.policy_parse.include, "parts of the JSON: comments, or -comments to leave them out");
  parse->add_flag("--v0,--v0-compatible", all.policy_parse.v0, "read the policy as Rego v0");

  CLI::App* bench = PolicyCommand(*policy, "bench", "measure a query", "intentgate policy bench -d policy.rego -i call.json data.intentgate.policy.decision");
  bench->add_option("query", all.policy_bench.query, "a reference such as data.authz.allow")->capture_default_str();
  AddPolicySource(bench, all.policy_bench.source, "-d,--data", BundleFlag::kWithPath);
  bench->add_option("-i,--input", all.policy_bench.input, "file with the input document, or - for standard input");
  bench->add_option("--time", all.policy_bench.milliseconds, "how long to measure, in milliseconds")->check(CLI::Range(1, 600'000))->capture_default_str();
  AddNetwork(bench, all.policy_bench.source);
  AddTimeout(bench, all.policy_bench.timeout, "end an evaluation after this time; 0: never")->capture_default_str();
  AddFormat(bench, all.policy_bench.json);

  AddPolicyBuild(*policy, all.policy_build, all.policy_sign);
  AddPolicyInspect(*policy, all.policy_inspect);
  AddCapabilities(*policy);

  CLI::App* deps = PolicyCommand(*policy, "deps", "say what a query reads", "intentgate policy deps -d policy.rego data.intentgate.policy.decision");
  deps->add_option("query", all.policy_deps.query, "the query")->capture_default_str();
  AddPolicySource(deps, all.policy_deps.source, "-d,--data", BundleFlag::kWithPath);
  AddNetwork(deps, all.policy_deps.source);
  AddFormat(deps, all.policy_deps.json);
}

void AddPolicyBuild(CLI::App& policy, PolicyBuildOptions& build, PolicySignOptions& sign) {
  CLI::App* making = PolicyCommand(policy, "build", "make a bundle", "intentgate policy build -b policies -o policies.tar.gz -r 7 --signing-key release.pem --signing-alg ES256");
  AddPolicySource(making, build.source, "paths", BundleFlag::kNone);
  AddNetwork(making, build.source);
  making->add_flag("-b,--bundle", build.source.bundle, "read directories as bundles: data from data.json and data.yaml, and the manifest");
  making->add_option("-o,--output", build.out, "the archive to write")->capture_default_str();
  making->add_option("-r,--revision", build.revision, "the bundle's revision");
  making->add_option("-e,--entrypoint", build.entrypoints, "a rule or package that must be there, as package/rule; may be repeated")->allow_extra_args(false);
  AddSigning(making, build.signing, false);

  CLI::App* signing = PolicyCommand(policy, "sign", "sign a bundle: write its .signatures.json", "intentgate policy sign policies --signing-key release.pem --signing-alg ES256 -o policies");
  signing->add_option("bundle", sign.path, "a directory, or an archive")->required();
  signing->add_flag_callback("-b,--bundle", [] {}, "as opa has it; only bundles are signed");
  signing->add_option("-o,--output-file-path", sign.out, "the directory to write .signatures.json to")->capture_default_str();
  AddSigning(signing, sign.signing, true);

}

void AddPolicyInspect(CLI::App& policy, PolicyInspectOptions& options) {
  CLI::App* inspect = PolicyCommand(policy, "inspect", "show what is in a bundle", "intentgate policy inspect policies.tar.gz");
  inspect->add_option("bundle", options.path, "a directory, or an archive")->required();
  inspect->add_flag("--v0,--v0-compatible", options.source.v0, "read the policies as Rego v0, where the manifest does not say it");
  AddBundles(inspect, options.source);
  AddFormat(inspect, options.json);
}

void AddCapabilities(CLI::App& policy) {
  PolicyCommand(policy, "capabilities", "list the builtins as JSON, for --capabilities", "intentgate policy capabilities > capabilities.json");
}

constexpr const char* kConfigHelp = "the server's YAML file; else the environment alone";

void AddFilters(CLI::App* command, std::map<std::string, std::string>& filters) {
  for (const char* name : {"from", "to", "tenant", "agent-id", "tool", "decision", "check", "jti", "kind", "event-id", "root-jti",
                           "session-id", "code", "actor", "elevation-id"}) {
    command->add_option_function<std::string>(
        std::string("--") + name, [&filters, name](const std::string& text) { filters[name] = text; },
        std::string(name) == "from" || std::string(name) == "to" ? "RFC 3339 time, inclusive" : "only events with this value");
  }
}

void AddAuditVerify(CLI::App& audit, AuditVerifyOptions& options) {
  CLI::App* verify = Command(audit, "verify", "verify a bundle, an NDJSON export or the proof of one event offline",
                             "intentgate audit verify acme.tar --key acme.example+530d903a+AekyUYg... --against last-year.note",
                             kVerifyExitCodes);
  verify->add_option("file", options.file, "the bundle, export or proof, or - for standard input")->required();
  verify->add_option("--key", options.keys, "the log's verifier key, or a file with it; may be repeated");
  verify->add_option("--against", options.against, "a checkpoint that you kept: the log must go on from it; may be repeated");
  verify->add_option("--receipt", options.receipts, "a receipt that a caller got: its event must be there; may be repeated");
  verify->add_option("--witnesses", options.witnesses, "file with a tlog-policy: the checkpoint must have its quorum of witnesses");
  verify->add_option("--hash", options.hash, "the event's hash, for a proof");
  AddJson(verify, options.json);
}

void AddEvidence(CLI::App& audit, AuditEvidenceOptions& options) {
  const auto add = [&](const char* name, const char* what, const char* example) {
    CLI::App* command = Command(audit, name, what, example);
    command->add_option("--config", options.config, kConfigHelp);
    command->add_option("--tenant", options.tenant,
                        std::string(name) == "status" ? "the tenant; else all" : "the tenant (default: default)");
    return command;
  };
  AddJson(add("checkpoint", "sign for the chain as it is now and print the checkpoint; without a key, the newest one",
              "intentgate audit checkpoint --config intentgate.yaml --tenant acme > acme.note"), options.json);
  CLI::App* proof = add("proof", "prove that one event is in the log", "intentgate audit proof --config intentgate.yaml --tenant acme EVENT_ID --out event.proof");
  proof->add_option("event_id", options.event_id, "the event's id")->required();
  proof->add_option("--out", options.out, "file to write; else standard output");
  add("tiles", "write the Merkle tree as a tlog-tiles directory, which shows no event",
      "intentgate audit tiles --config intentgate.yaml --tenant acme --out acme-log")
      ->add_option("--out", options.out, "the directory, made when absent")->required();
  AddJson(add("status", "how far proofs are behind the chain, and whether both agree",
              "intentgate audit status --config intentgate.yaml"), options.json);
  CLI::App* epoch = add("open-epoch", "after a fork was detected: start a new history, which names the last trusted checkpoint",
                        "intentgate audit open-epoch --config intentgate.yaml --tenant acme --actor alice --why 'restored the backup of Monday'");
  epoch->add_option("--actor", options.actor, "who does this; recorded")->required();
  epoch->add_option("--why", options.why, "the reason; recorded")->required();
}

void AddRetention(CLI::App& audit, AllOptions& all) {
  CLI::App* erase = Command(audit, "erase", "erase private values; the chain stays valid and says so",
                            "intentgate audit erase --config intentgate.yaml --tenant acme --agent-id agent-7 --reason 'request 81'");
  erase->add_option("--config", all.audit_erase.config, kConfigHelp);
  erase->add_option("--reason", all.audit_erase.reason, "goes into the chain");
  erase->add_flag("--dry-run", all.audit_erase.dry_run, "only count");
  AddFilters(erase, all.audit_erase.filters);
  AddJson(erase, all.audit_erase.json);

  CLI::App* prune = Command(audit, "prune", "archive old events and take them out of the store; what remains still verifies",
                            "intentgate audit prune --config intentgate.yaml --tenant acme --before 2025-01-01T00:00:00Z --dry-run");
  prune->add_option("--config", all.audit_prune.config, kConfigHelp);
  prune->add_option("--tenant", all.audit_prune.tenant, "the tenant")->required();
  prune->add_option("--before", all.audit_prune.before, "RFC 3339 time; events before it go, in whole blocks of 256")->required();
  prune->add_option("--reason", all.audit_prune.reason, "goes into the chain");
  prune->add_flag("--dry-run", all.audit_prune.dry_run, "only say what would go");
  AddJson(prune, all.audit_prune.json);

  CLI::App* hold = audit.add_subcommand("hold", "legal holds: what they cover is neither pruned nor erased");
  hold->require_subcommand(1);
  CLI::App* add = Command(*hold, "add", "place a hold", "intentgate audit hold add --config intentgate.yaml --tenant acme --id case-7");
  CLI::App* list = Command(*hold, "list", "list holds, one JSON object a line", "intentgate audit hold list --config intentgate.yaml");
  CLI::App* release = Command(*hold, "release", "lift a hold",
                              "intentgate audit hold release --config intentgate.yaml --tenant acme --id case-7");
  for (CLI::App* command : {add, list, release}) {
    command->add_option("--config", all.hold.config, kConfigHelp);
    CLI::Option* tenant = command->add_option("--tenant", all.hold.tenant, "the tenant");
    if (command == list) continue;
    tenant->required();
    command->add_option("--id", all.hold.id, "the hold's id")->required();
    command->add_option("--reason", all.hold.reason, "goes into the chain");
  }
  add->add_option("--from", all.hold.from, "only events from this RFC 3339 time on");
  add->add_option("--to", all.hold.to, "only events up to this RFC 3339 time");
}

void AddAudit(CLI::App& app, AllOptions& all) {
  CLI::App* audit = app.add_subcommand("audit", "work with the audit chain");
  audit->require_subcommand(1);
  AddAuditVerify(*audit, all.audit_verify);
  CLI::App* exporting = Command(*audit, "export", "export events from the store of a configuration",
                                "intentgate audit export --config intentgate.yaml --tenant acme --out audit.ndjson");
  exporting->add_option("--config", all.audit_export.config, kConfigHelp);
  exporting->add_option("--format", all.audit_export.format, "ndjson, which can be verified; csv; ocsf (ocsf-1.9.0, ocsf-1.8.0) for SIEMs")->capture_default_str();
  exporting->add_option("--out", all.audit_export.out, "file to write; else standard output");
  AddFilters(exporting, all.audit_export.filters);
  CLI::App* bundle = Command(*audit, "bundle", "write an auditor's bundle: events, checkpoint and proofs in one file",
                             "intentgate audit bundle --config intentgate.yaml --tenant acme --out acme.tar");
  bundle->add_option("--config", all.audit_bundle.config, kConfigHelp);
  bundle->add_option("--out", all.audit_bundle.out, "file to write; else standard output");
  bundle->add_flag("--uncovered", all.audit_bundle.uncovered, "also events that no checkpoint covers yet");
  bundle->add_flag("--witnessed", all.audit_bundle.witnessed, "under the newest checkpoint that has its quorum of witnesses");
  bundle->add_flag("--values", all.audit_bundle.values, "also the private values that are not erased");
  AddFilters(bundle, all.audit_bundle.filters);
  CLI::App* keygen = Command(*audit, "keygen", "make a key that signs checkpoints; prints the verifier key for auditors",
                             "intentgate audit keygen --name acme.example --out signing.key");
  keygen->add_option("--name", all.audit_keygen.name, "the name in the key, such as the deployment's")->capture_default_str();
  keygen->add_option("--out", all.audit_keygen.out, "file to create with mode 0600")->required();
  keygen->add_flag("--time", all.audit_keygen.time, "a key for audit.signing.time_key_file, which adds the time to checkpoints");
  AddEvidence(*audit, all.audit_evidence);
  AddRetention(*audit, all);
}

void AddApprovals(CLI::App& app, AllOptions& all) {
  CLI::App* approvals = app.add_subcommand("approvals", "answer calls that wait for a person");
  approvals->require_subcommand(1);
  ApprovalsOptions& options = all.approvals;
  const auto add = [&](const char* name, const char* what, const char* arguments) {
    CLI::App* command = Command(*approvals, name, what, (std::string("intentgate approvals ") + name + " --config intentgate.yaml" + arguments).c_str());
    command->add_option("--config", options.config, "the server's YAML file; else the environment alone");
    command->add_option("--tenant", options.tenant, "only this tenant's");
    AddJson(command, options.json);
    return command;
  };
  add("list", "list approvals, newest first", "")
      ->add_option("--status", options.status, "pending, approved, rejected, expired, used or all")->capture_default_str();
  add("watch", "print pending approvals as they come, until interrupted", "")
      ->add_option("--interval", options.interval_seconds, "seconds between two looks")->check(CLI::Range(1, 3'600))->capture_default_str();
  add("show", "show one with its exact arguments", " ID")->add_option("id", options.id, "the approval")->required();
  for (CLI::App* answer : {add("approve", "let the call go once", " ID --note 'as agreed'"), add("reject", "refuse the call", " ID --note 'too much'")}) {
    answer->add_option("id", options.id, "the approval")->required();
    answer->add_option("--note", options.note, "for the record; the agent does not see it");
  }
}

void AddPins(CLI::App& app, AllOptions& all) {
  CLI::App* pins = app.add_subcommand("pins", "accept what tools say of themselves, at a running gateway");
  pins->require_subcommand(1);
  PinsOptions& options = all.pins;
  const auto add = [&](const char* name, const char* what, const char* arguments) {
    CLI::App* command = Command(*pins, name, what, (std::string("intentgate pins ") + name + arguments + " --token-file admin-token").c_str());
    command->add_option("--gateway", options.gateway, "the gateway's URL")->capture_default_str();
    command->add_option("--token-file", options.token_file, "file with the superadmin's token; else INTENTGATE_ADMIN_TOKEN");
    command->add_option("--ca-file", options.ca_file, "certificates that vouch for the gateway; else the system's");
    command->add_option("--upstream", options.upstream, "only this upstream's tools");
    AddJson(command, options.json);
    return command;
  };
  add("list", "list tools with the state of their definitions", " --state quarantined")
      ->add_option("--state", options.state, "accepted, quarantined or absent")->check(CLI::IsMember({"accepted", "quarantined", "absent"}));
  add("diff", "show what tools in quarantine say now against what was accepted", " read_file")
      ->add_option("tool", options.tools, "these tools, whatever their state");
  CLI::App* accept = add("accept", "accept what tools say now", " read_file");
  accept->add_option("tool", options.tools, "the tools");
  accept->add_flag("--all", options.all, "all that are in quarantine");
  accept->add_option("--sha256", options.sha256, "only if this is the digest of what the tool says now");
  accept->add_flag("--keep", options.keep, "what was accepted before stays accepted, for an upstream that changes gradually");
}

int Dispatch(const CLI::App& app, AllOptions& all, const Streams& streams, const Hooks& hooks) {
  const auto chosen = [&](std::initializer_list<const char*> path) {
    const CLI::App* at = &app;
    for (const char* name : path) {
      if (!at->got_subcommand(name)) return false;
      at = at->get_subcommand(name);
    }
    return true;
  };
  if (chosen({"serve"})) {
    for (const std::string& text : all.set) {
      const std::size_t equals = text.find('=');
      all.serve.overrides[text.substr(0, equals)] = text.substr(equals + 1);
    }
    if (!all.listen.empty()) all.serve.overrides["listen.address"] = all.listen;
    if (!all.upstream.empty()) all.serve.overrides["upstream.url"] = all.upstream;
    return hooks.serve(all.serve);
  }
  if (chosen({"keygen"})) return Keygen(all.keygen, streams);
  if (chosen({"mint"})) return MintToken(all.mint, streams);
  if (chosen({"attenuate"})) return AttenuateToken(all.attenuate, streams);
  if (chosen({"decode"})) return DecodeToken(all.decode, streams);
  if (chosen({"verify"})) return VerifyToken(all.verify, streams);
  if (chosen({"policy", "eval"})) return PolicyEval(all.policy_eval, streams);
  if (chosen({"policy", "check"})) return PolicyCheck(all.policy_check, streams);
  if (chosen({"policy", "test"})) return PolicyTest(all.policy_test, streams);
  if (chosen({"policy", "build"})) return PolicyBuild(all.policy_build, streams);
  if (chosen({"policy", "sign"})) return PolicySign(all.policy_sign, streams);
  if (chosen({"policy", "capabilities"})) return PolicyCapabilities(streams);
  if (chosen({"policy", "bench"})) return PolicyBench(all.policy_bench, streams);
  if (chosen({"policy", "inspect"})) return PolicyInspect(all.policy_inspect, streams);
  if (chosen({"policy", "parse"})) return PolicyParse(all.policy_parse, streams);
  if (chosen({"policy", "fmt"})) return PolicyFmt(all.policy_fmt, streams);
  if (chosen({"policy", "deps"})) return PolicyDeps(all.policy_deps, streams);
  if (chosen({"approvals", "list"})) return ApprovalsList(all.approvals, streams);
  if (chosen({"approvals", "show"})) return ApprovalsShow(all.approvals, streams);
  if (chosen({"approvals", "approve"})) return ApprovalsApprove(all.approvals, streams);
  if (chosen({"approvals", "reject"})) return ApprovalsReject(all.approvals, streams);
  if (chosen({"approvals", "watch"})) return ApprovalsWatch(all.approvals, streams);
  if (chosen({"pins", "list"})) return PinsList(all.pins, streams, hooks);
  if (chosen({"pins", "diff"})) return PinsDiff(all.pins, streams, hooks);
  if (chosen({"pins", "accept"})) return PinsAccept(all.pins, streams, hooks);
  if (chosen({"audit", "verify"})) return AuditVerify(all.audit_verify, streams);
  if (chosen({"audit", "erase"})) return AuditErase(all.audit_erase, streams);
  if (chosen({"audit", "prune"})) return AuditPrune(all.audit_prune, streams);
  if (chosen({"audit", "hold", "add"})) return AuditHoldAdd(all.hold, streams);
  if (chosen({"audit", "hold", "list"})) return AuditHoldList(all.hold, streams);
  if (chosen({"audit", "hold", "release"})) return AuditHoldRelease(all.hold, streams);
  if (chosen({"audit", "export"})) return AuditExport(all.audit_export, streams);
  if (chosen({"audit", "bundle"})) return AuditBundle(all.audit_bundle, streams);
  if (chosen({"audit", "keygen"})) return AuditKeygen(all.audit_keygen, streams);
  if (chosen({"audit", "status"})) return AuditStatus(all.audit_evidence, streams);
  if (all.audit_evidence.tenant.empty()) all.audit_evidence.tenant = "default";
  if (chosen({"audit", "checkpoint"})) return AuditCheckpoint(all.audit_evidence, streams);
  if (chosen({"audit", "proof"})) return AuditProof(all.audit_evidence, streams);
  if (chosen({"audit", "tiles"})) return AuditTiles(all.audit_evidence, streams);
  return AuditOpenEpoch(all.audit_evidence, streams);
}

}  // namespace

int Run(const std::vector<std::string>& arguments, const Streams& streams, const Hooks& hooks) {
  CLI::App app("The gate that every tool call of an AI agent has to pass.\nDocumentation: docs/README.md", "intentgate");
  app.footer("`intentgate COMMAND --help` shows a command's options and an example.");
  app.set_version_flag("--version", hooks.version);
  app.require_subcommand(1);
  AllOptions all;
  AddServe(app, all);
  AddTokens(app, all);
  AddPolicy(app, all);
  AddAudit(app, all);
  AddApprovals(app, all);
  AddPins(app, all);
  const bool verifying = arguments.size() > 2 && arguments[1] == "audit" && arguments[2] == "verify";
  const int usage = verifying ? kExitCannotVerify : kExitUsage;
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  if (!reversed.empty()) reversed.pop_back();
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, streams.out, streams.err) == 0 ? kExitOk : usage;
  } catch (const std::exception& error) {
    streams.err << "intentgate: " << error.what() << "\n";
    return usage;
  }
  return Dispatch(app, all, streams, hooks);
}

}  // namespace intentgate::cli
