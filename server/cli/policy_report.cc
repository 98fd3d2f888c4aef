// How the policy commands say what they found.

#include <fmt/format.h>

#include <ostream>

#include <intentgate/rego_host.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

// As much as a repository of policies has.
constexpr std::size_t kMaxSourceBytes = std::size_t{256} << 20;

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

rego::CompileOptions PolicyLanguage(const PolicySource& source) {
  rego::CompileOptions options;
  if (source.v0) options.version = rego::LanguageVersion::kV0;
  options.limits.max_source_bytes = kMaxSourceBytes;
  if (!source.allow_net.empty()) options.granted_builtins = {"http.send", "net.lookup_ip_addr", "opa.runtime"};
  return options;
}

rego::CompileResult CompilePolicyFiles(const PolicyFiles& files, const rego::CompileOptions& options) {
  return rego::CompiledPolicy::Compile(files.sources, files.data, options);
}

Result<std::shared_ptr<rego::HostAccess>> PolicyHost(const PolicySource& source) {
  if (source.allow_net.empty()) return std::shared_ptr<rego::HostAccess>();
  return rego::NetworkHost({.allow_net = source.allow_net});
}

json::Value PlaceJson(const std::string& file, std::uint32_t row, std::uint32_t column) {
  return json::MakeObject({{"file", file}, {"row", std::int64_t{row}}, {"col", std::int64_t{column}}});
}

int ReportDiagnostics(const std::vector<rego::Diagnostic>& diagnostics, bool as_json, const Streams& streams, int exit) {
  if (!as_json) {
    for (const rego::Diagnostic& d : diagnostics) streams.err << d.ToString() << "\n";
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
