#include "cli/audit_common.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ostream>
#include <utility>

#include <intentgate/clock.h>
#include <intentgate/settings.h>

extern char** environ;

namespace intentgate::cli {
namespace {

constexpr std::int64_t kProgressBytes = std::int64_t{64} << 20;

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

// As a producer of its own: what the running gateway has promised is not this command's to declare lost.
void OnlyLook(GateSettings& settings) {
  settings.audit_producer = "intentgate-audit-command";
  settings.durability = AuditDurability::kDurable;
  settings.overflow = AuditOverflow::kDeny;
  settings.journal_directory.clear();
  for (ToolSettings& tool : settings.tools) {
    tool.durability.reset();
    tool.overflow.reset();
  }
  settings.signing_interval_ms = 0;
  settings.retention_days = 0;
  settings.verification_interval_hours = 0;
}

}  // namespace

Result<std::shared_ptr<Gate>> OpenGate(const std::string& config, const Streams& streams) {
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
  if (load.settings.store == StoreKind::kMemory) {
    return Error{ErrorCode::kInvalidArgument, "store.kind memory is inside the server; use its admin API"};
  }
  OnlyLook(load.settings);
  return Gate::Open(load.settings);
}

Result<Evidence*> EvidenceOf(Gate& gate) {
  if (gate.evidence() == nullptr) return Error{ErrorCode::kUnavailable, "this store keeps no checkpoints and no proofs"};
  return gate.evidence();
}

Status ReadAuditFilter(const std::map<std::string, std::string>& flags, AuditFilter& filter) {
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
    if (flag == flags.end() || flag->second.empty()) continue;
    const Result<std::int64_t> time = ParseTime(flag->second);
    if (!time.ok()) return Error{ErrorCode::kInvalidArgument, "--" + std::string(name) + ": " + time.error().message};
    *field = *time;
  }
  return {};
}

OutputFile::OutputFile(std::string path, std::ostream& out)
    : path_(std::move(path)), unfinished_(path_ + ".part"), out_(&out) {}

Result<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path, const Streams& streams) {
  std::unique_ptr<OutputFile> output(new OutputFile(path, streams.out));
  if (path.empty()) return output;
  output->file_.open(output->unfinished_, std::ios::binary | std::ios::trunc);
  if (!output->file_) return Error{ErrorCode::kIo, output->unfinished_ + ": " + std::strerror(errno)};
  output->out_ = &output->file_;
  return output;
}

OutputFile::~OutputFile() {
  if (!path_.empty() && file_.is_open() && !finished_) std::remove(unfinished_.c_str());
}

Status OutputFile::Write(std::string_view piece) {
  out_->write(piece.data(), static_cast<std::streamsize>(piece.size()));
  if (!*out_) return Error{ErrorCode::kIo, "the output could not be written; is the disk full?"};
  return {};
}

Status OutputFile::Finish() {
  out_->flush();
  if (!*out_) return Error{ErrorCode::kIo, "the output could not be written; is the disk full?"};
  if (path_.empty()) return {};
  file_.close();
  if (std::rename(unfinished_.c_str(), path_.c_str()) != 0) return Error{ErrorCode::kIo, path_ + ": " + std::strerror(errno)};
  finished_ = true;
  return {};
}

Progress::Progress(const Streams& streams, std::string what)
    : streams_(streams), what_(std::move(what)), shown_(::isatty(STDERR_FILENO) == 1) {}

void Progress::Add(std::int64_t bytes) {
  bytes_ += bytes;
  if (!shown_ || bytes_ - said_ < kProgressBytes) return;
  said_ = bytes_;
  streams_.err << "\r" << (bytes_ >> 20) << " MiB " << what_ << std::flush;
}

Progress::~Progress() {
  if (said_ > 0) streams_.err << "\n";
}

}  // namespace intentgate::cli
