// How the policy commands say what they found.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ostream>

#include <intentgate/rego_capabilities.h>
#include <intentgate/rego_host.h>

#include "cli/policy_common.h"
#include "cli/watch.h"

namespace intentgate::cli {
namespace {

// As much as a repository of policies has.
constexpr std::size_t kMaxSourceBytes = std::size_t{256} << 20;
constexpr std::size_t kMaxCompileBytes = std::size_t{16} << 30;

// What --allow-net grants.
constexpr const char* kNetworkBuiltins[] = {"http.send", "net.lookup_ip_addr", "opa.runtime"};

bool IsUngranted(const rego::Diagnostic& d) {
  return std::any_of(std::begin(kNetworkBuiltins), std::end(kNetworkBuiltins),
                     [&](const char* name) { return d.message == std::string("undefined function ") + name; });
}

// The hosts that both lists allow.
std::vector<std::string> Common(const std::vector<std::string>& granted, const std::vector<std::string>& allowed) {
  const auto any = [](const std::vector<std::string>& hosts) { return std::find(hosts.begin(), hosts.end(), "*") != hosts.end(); };
  if (any(granted)) return allowed;
  if (any(allowed)) return granted;
  std::vector<std::string> out;
  std::copy_if(granted.begin(), granted.end(), std::back_inserter(out),
               [&](const std::string& host) { return std::find(allowed.begin(), allowed.end(), host) != allowed.end(); });
  return out;
}

json::Value Number(double value) { return *json::Value::NumberFromText(fmt::format("{:.2f}", value)); }

json::Value Ranges(const std::vector<std::uint32_t>& lines) {
  json::Array out;
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t last = i;
    while (last + 1 < lines.size() && lines[last + 1] == lines[last] + 1) ++last;
    out.push_back(json::MakeObject({{"start", json::MakeObject({{"row", std::int64_t{lines[i]}}})},
                                    {"end", json::MakeObject({{"row", std::int64_t{lines[last]}}})}}));
    i = last + 1;
  }
  return json::Value(std::move(out));
}

}  // namespace

Result<rego::EngineOptions> PolicyEngine(const PolicySource& source, const Streams& streams) {
  rego::EngineOptions options;
  if (source.v0) options.compile.version = rego::LanguageVersion::kV0;
  options.compile.strict = source.strict;
  options.compile.limits.max_errors = static_cast<std::size_t>(source.max_errors);
  options.compile.limits.max_source_bytes = kMaxSourceBytes;
  options.compile.limits.max_memory_bytes = kMaxCompileBytes;
  std::vector<std::string> hosts = source.allow_net;
  if (!source.capabilities.empty()) {
    const Result<std::string> text = ReadInput(source.capabilities, streams);
    if (!text.ok()) return text.error();
    Result<rego::CapabilitySet> allowed = rego::ReadCapabilities(*text);
    if (!allowed.ok()) return Error{allowed.error().code, source.capabilities + ": " + allowed.error().message};
    options.builtins = std::move(allowed->builtins);
    if (allowed->allow_net) hosts = Common(hosts, *allowed->allow_net);
  }
  if (!source.allow_net.empty()) options.compile.granted_builtins.assign(std::begin(kNetworkBuiltins), std::end(kNetworkBuiltins));
  if (hosts.empty()) return options;
  Result<std::shared_ptr<rego::HostAccess>> host = rego::NetworkHost({.allow_net = std::move(hosts)});
  if (!host.ok()) return host.error();
  options.host = *std::move(host);
  return options;
}

rego::CompileResult CompilePolicyFiles(const PolicyFiles& files, const rego::EngineOptions& options) {
  return rego::Engine(options).Compile(files.sources, files.data);
}

json::Value PlaceJson(const std::string& file, std::uint32_t row, std::uint32_t column) {
  return json::MakeObject({{"file", file}, {"row", std::int64_t{row}}, {"col", std::int64_t{column}}});
}

int ReportDiagnostics(const std::vector<rego::Diagnostic>& diagnostics, bool as_json, const Streams& streams, int exit) {
  if (!as_json) {
    for (rego::Diagnostic d : diagnostics) {
      if (IsUngranted(d)) d.suggestion = "it reaches outside the process: --allow-net HOST grants it, for that host";
      streams.err << d.ToString() << "\n";
    }
    streams.err << diagnostics.size() << (diagnostics.size() == 1 ? " error\n" : " errors\n");
    return exit;
  }
  json::Array errors;
  for (const rego::Diagnostic& d : diagnostics) {
    errors.push_back(json::MakeObject({{"code", d.code}, {"message", d.message}, {"location", PlaceJson(d.file, d.line, d.column)}}));
  }
  streams.out << json::Write(json::MakeObject({{"errors", json::Value(std::move(errors))}})) << "\n";
  return exit;
}

int ReportUnreadable(const Error& error, const Streams& streams, int exit) {
  streams.err << "intentgate: " << error.message << "\n";
  return exit;
}

void SayCause(const EvalWatch& watch, std::optional<rego::EvalError>& error) {
  if (error && error->code == "eval_cancel_error") error->message += " " + watch.Explain();
}

rego::TraceLevel TraceLevelOf(const std::string& name) {
  if (name == "full") return rego::TraceLevel::kFull;
  return name == "notes" ? rego::TraceLevel::kNotes : rego::TraceLevel::kFails;
}

json::Value CoverageJson(std::span<const rego::FileCoverage> files) {
  json::Value by_name = json::Object{};
  std::size_t covered = 0, not_covered = 0;
  for (const rego::FileCoverage& file : files) {
    json::Value one = json::Object{};
    if (!file.covered.empty()) one.Set("covered", Ranges(file.covered));
    if (!file.not_covered.empty()) one.Set("not_covered", Ranges(file.not_covered));
    one.Set("covered_lines", static_cast<std::int64_t>(file.covered.size()));
    one.Set("not_covered_lines", static_cast<std::int64_t>(file.not_covered.size()));
    one.Set("coverage", Number(file.percent()));
    by_name.Set(file.file, std::move(one));
    covered += file.covered.size();
    not_covered += file.not_covered.size();
  }
  return json::MakeObject({{"files", std::move(by_name)},
                           {"covered_lines", static_cast<std::int64_t>(covered)},
                           {"not_covered_lines", static_cast<std::int64_t>(not_covered)},
                           {"coverage", Number(rego::OverallPercent(files))}});
}

json::Value ProfileJson(std::span<const rego::ProfileLine> lines) {
  json::Array out;
  for (const rego::ProfileLine& line : lines) {
    out.push_back(json::MakeObject({{"total_time_ns", line.nanos},
                                    {"num_eval", static_cast<std::int64_t>(line.evals)},
                                    {"num_redo", static_cast<std::int64_t>(line.redos)},
                                    {"location", json::MakeObject({{"file", line.file}, {"row", std::int64_t{line.line}}})}}));
  }
  return json::Value(std::move(out));
}

std::string ShowNanos(std::int64_t nanos) {
  const auto value = static_cast<double>(nanos);
  if (nanos < 1'000) return fmt::format("{}ns", nanos);
  if (nanos < 1'000'000) return fmt::format("{:.3g}µs", value / 1e3);
  if (nanos < 1'000'000'000) return fmt::format("{:.3g}ms", value / 1e6);
  return fmt::format("{:.3g}s", value / 1e9);
}

}  // namespace intentgate::cli
