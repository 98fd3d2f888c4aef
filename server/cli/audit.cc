// audit verify, audit export.

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>

#include <intentgate/clock.h>
#include <intentgate/gate.h>
#include <intentgate/settings.h>

#include "cli/command.h"

extern char** environ;

namespace intentgate::cli {
namespace {

using Outcome = ExportVerifier::Report::Outcome;

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kIntact: return "intact";
    case Outcome::kTampered: return "tampered";
    case Outcome::kTruncated: return "truncated";
    case Outcome::kMalformed: return "malformed";
  }
  return "malformed";
}

int ExitFor(Outcome outcome) {
  switch (outcome) {
    case Outcome::kIntact: return kExitOk;
    case Outcome::kTampered: return kExitNo;
    case Outcome::kTruncated: return kExitTruncated;
    case Outcome::kMalformed: return kExitData;
  }
  return kExitData;
}

void PrintReport(const ExportVerifier::Report& report, bool as_json, std::ostream& out) {
  if (as_json) {
    json::Array heads;
    for (const auto& [tenant, head] : report.heads) {
      heads.push_back(json::MakeObject({{"tenant", tenant}, {"next_seq", head.next_seq}, {"hash", head.hash}}));
    }
    json::Value value = json::MakeObject({{"result", OutcomeName(report.outcome)},
                                          {"events", report.events},
                                          {"complete", report.complete},
                                          {"message", report.message},
                                          {"heads", json::Value(std::move(heads))}});
    if (report.bad_line) value.Set("bad_line", *report.bad_line);
    if (report.bad_seq) value.Set("bad_seq", *report.bad_seq);
    out << json::Write(value) << "\n";
    return;
  }
  out << OutcomeName(report.outcome) << ": " << report.message << "\n";
  for (const auto& [tenant, head] : report.heads) {
    out << "  tenant " << tenant << ": next sequence number " << head.next_seq << ", head " << head.hash << "\n";
  }
}

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace

Status ReadTime(const std::string& flag, const std::string& text, std::optional<std::int64_t>& out) {
  if (text.empty()) return {};
  const Result<std::int64_t> time = ParseTime(text);
  if (!time.ok()) return Error{ErrorCode::kInvalidArgument, "--" + flag + ": " + time.error().message};
  out = *time;
  return {};
}

Status ReadFilter(const std::map<std::string, std::string>& flags, AuditFilter& filter) {
  const std::pair<const char*, std::string*> texts[] = {
      {"tenant", &filter.tenant}, {"agent-id", &filter.agent_id}, {"tool", &filter.tool}, {"decision", &filter.decision},
      {"check", &filter.check},   {"jti", &filter.jti},           {"kind", &filter.kind}, {"event-id", &filter.event_id},
      {"root-jti", &filter.root_jti}, {"session-id", &filter.session_id}, {"code", &filter.code}, {"actor", &filter.actor},
      {"elevation-id", &filter.elevation_id}};
  for (const auto& [name, field] : texts) {
    if (const auto flag = flags.find(name); flag != flags.end()) *field = flag->second;
  }
  for (const auto& [name, field] : {std::pair{"from", &filter.from_micros}, {"to", &filter.to_micros}}) {
    const auto flag = flags.find(name);
    if (flag == flags.end()) continue;
    if (Status s = ReadTime(name, flag->second, *field); !s.ok()) return s;
  }
  return {};
}

Result<std::shared_ptr<Gate>> OpenGate(const std::string& config, const Streams& streams, bool for_operator) {
  std::string text;
  if (!config.empty()) {
    Result<std::string> read = ReadInput(config, streams);
    if (!read.ok()) return read.error();
    text = std::move(*read);
  }
  SettingsLoad load = LoadGateSettings(text, config, Environment());
  if (!load.problems.empty()) {
    std::string message = "the configuration has mistakes:";
    for (const SettingsProblem& problem : load.problems) message += "\n  " + problem.where + ": " + problem.message;
    return Error{ErrorCode::kInvalidArgument, message};
  }
  if (for_operator) {
    if (load.settings.store == StoreKind::kMemory) {
      return Error{ErrorCode::kInvalidArgument, "store.kind memory is inside the server; use its admin API"};
    }
    // The journal is the serving process's, and so is its name.
    load.settings.durability = AuditDurability::kDurable;
    load.settings.journal_directory.clear();
    load.settings.audit_producer = "intentgate-cli";
    for (ToolSettings& tool : load.settings.tools) tool.durability.reset();
  }
  return Gate::Open(load.settings);
}

int AuditVerify(const AuditVerifyOptions& options, const Streams& streams) {
  std::ifstream file;
  std::istream* in = &streams.in;
  if (options.file != "-") {
    file.open(options.file, std::ios::binary);
    if (!file) return Fail(streams, Error{ErrorCode::kIo, options.file + ": " + std::strerror(errno)});
    in = &file;
  }
  ExportVerifier verifier;
  std::unique_ptr<char[]> buffer(new char[1 << 16]);
  std::int64_t total = 0;
  constexpr std::int64_t kProgressBytes = std::int64_t{256} << 20;
  while (in->read(buffer.get(), 1 << 16) || in->gcount() > 0) {
    verifier.Feed({buffer.get(), static_cast<std::size_t>(in->gcount())});
    const std::int64_t before = total / kProgressBytes;
    total += in->gcount();
    if (total / kProgressBytes != before) streams.err << "intentgate: " << (total >> 20) << " MiB read\n";
  }
  if (in->bad()) return Fail(streams, Error{ErrorCode::kIo, options.file + ": cannot be read"});
  const ExportVerifier::Report report = verifier.Finish();
  PrintReport(report, options.json, streams.out);
  return ExitFor(report.outcome);
}

int AuditExport(const AuditExportOptions& options, const Streams& streams) {
  AuditFilter filter;
  if (Status read = ReadFilter(options.filters, filter); !read.ok()) return Fail(streams, read.error());
  const Result<ExportFormat> format = ParseExportFormat(options.format);
  if (!format.ok()) return Fail(streams, Error{format.error().code, "--format: " + format.error().message});
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return Fail(streams, gate.error());
  std::ofstream file;
  std::ostream* out = &streams.out;
  const std::string unfinished = options.out + ".part";
  if (!options.out.empty()) {
    file.open(unfinished, std::ios::binary | std::ios::trunc);
    if (!file) return Fail(streams, Error{ErrorCode::kIo, unfinished + ": " + std::strerror(errno)});
    out = &file;
  }
  const auto sink = [&](std::string_view piece) -> Status {
    out->write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!*out) return Error{ErrorCode::kIo, "the export could not be written; is the disk full?"};
    return {};
  };
  const Status exported =
      (*gate)->ExportAudit(filter, *format, sink);
  out->flush();
  if (!exported.ok() || !*out) {
    if (!options.out.empty()) std::remove(unfinished.c_str());
    return Fail(streams, exported.ok() ? Error{ErrorCode::kIo, "the export could not be written"} : exported.error());
  }
  if (!options.out.empty()) {
    file.close();
    if (std::rename(unfinished.c_str(), options.out.c_str()) != 0) {
      return Fail(streams, Error{ErrorCode::kIo, options.out + ": " + std::strerror(errno)});
    }
    streams.err << "intentgate: exported to " << options.out << "\n";
  }
  return kExitOk;
}

}  // namespace intentgate::cli
