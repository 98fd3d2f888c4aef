// audit erase, audit prune, audit hold add, list and release.

#include <pwd.h>
#include <unistd.h>

#include <iostream>

#include <intentgate/clock.h>

#include "cli/audit_common.h"

namespace intentgate::cli {
namespace {

// "cli:ann", for the chain.
AdminContext Operator() {
  const passwd* user = ::getpwuid(::getuid());
  return {.actor = "cli:" + (user != nullptr ? std::string(user->pw_name) : std::to_string(::getuid())),
          .remote_ip = {}, .elevation_id = {}};
}

json::Value Shown(const LegalHold& hold) {
  json::Value out = json::MakeObject({{"tenant", hold.tenant}, {"id", hold.id}, {"reason", hold.reason}, {"placed_by", hold.placed_by}});
  out.Set("placed_at", FormatTime(hold.placed_at_micros));
  const LegalHold everything;
  if (hold.from_micros != everything.from_micros) out.Set("from", FormatTime(hold.from_micros));
  if (hold.to_micros != everything.to_micros) out.Set("to", FormatTime(hold.to_micros));
  return out;
}

Status ReadTime(const std::string& flag, const std::string& text, std::int64_t& out) {
  if (text.empty()) return {};
  const Result<std::int64_t> time = ParseTime(text);
  if (!time.ok()) return Error{ErrorCode::kInvalidArgument, "--" + flag + ": " + time.error().message};
  out = *time;
  return {};
}

}  // namespace

int AuditErase(const AuditEraseOptions& options, const Streams& streams) {
  EraseRequest request{.filter = {}, .reason = options.reason, .dry_run = options.dry_run};
  if (Status read = ReadAuditFilter(options.filters, request.filter); !read.ok()) return Fail(streams, read.error());
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return Fail(streams, gate.error());
  const Result<EraseReport> report = (*gate)->EraseValues(request, Operator());
  if (!report.ok()) return Fail(streams, report.error());
  if (options.json) {
    streams.out << json::Write(json::MakeObject(
                       {{"dry_run", options.dry_run}, {"events", report->events}, {"values", report->values},
                        {"approvals", report->approvals}})) << "\n";
  } else {
    streams.out << report->values << " private values and " << report->approvals << " approvals of " << report->events
                << (options.dry_run ? " events would be erased\n" : " events erased\n");
  }
  return kExitOk;
}

int AuditPrune(const AuditPruneOptions& options, const Streams& streams) {
  PruneRequest request{options.tenant, 0, options.reason, options.dry_run};
  if (Status s = ReadTime("before", options.before, request.before_micros); !s.ok()) return Fail(streams, s.error());
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return Fail(streams, gate.error());
  const Result<Evidence*> evidence = EvidenceOf(**gate);
  if (!evidence.ok()) return Fail(streams, evidence.error());
  const Result<PruneReport> report = (*evidence)->Prune(request, Operator());
  if (!report.ok()) return Fail(streams, report.error());
  if (options.json) {
    json::Value out = json::MakeObject({{"dry_run", options.dry_run},
                                        {"first_seq", report->first_seq},
                                        {"next_first_seq", report->next_first_seq},
                                        {"resumed", report->resumed}});
    if (!report->archive.empty()) {
      out.Set("archive", report->archive);
      out.Set("archive_sha256", report->archive_sha256);
    }
    streams.out << json::Write(out) << "\n";
    return kExitOk;
  }
  if (report->resumed) streams.out << "an interrupted pruning was brought to its end\n";
  if (report->next_first_seq == report->first_seq) {
    streams.out << "nothing to prune: the chain begins at event " << report->first_seq << "\n";
    return kExitOk;
  }
  streams.out << "events " << report->first_seq << " to " << report->next_first_seq - 1
              << (options.dry_run ? " would be pruned\n" : " pruned\n");
  if (!report->archive.empty()) streams.out << "archive " << report->archive << ", SHA-256 " << report->archive_sha256 << "\n";
  return kExitOk;
}

int AuditHoldAdd(const AuditHoldOptions& options, const Streams& streams) {
  LegalHold hold;
  hold.tenant = options.tenant;
  hold.id = options.id;
  hold.reason = options.reason;
  if (Status s = ReadTime("from", options.from, hold.from_micros); !s.ok()) return Fail(streams, s.error());
  if (Status s = ReadTime("to", options.to, hold.to_micros); !s.ok()) return Fail(streams, s.error());
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return Fail(streams, gate.error());
  if (Status s = (*gate)->PlaceHold(hold, Operator()); !s.ok()) return Fail(streams, s.error());
  streams.out << "tenant " << hold.tenant << " is under the legal hold " << hold.id << "\n";
  return kExitOk;
}

int AuditHoldList(const AuditHoldOptions& options, const Streams& streams) {
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return Fail(streams, gate.error());
  const Result<std::vector<LegalHold>> holds = (*gate)->Holds(options.tenant);
  if (!holds.ok()) return Fail(streams, holds.error());
  for (const LegalHold& hold : *holds) streams.out << json::Write(Shown(hold)) << "\n";
  return kExitOk;
}

int AuditHoldRelease(const AuditHoldOptions& options, const Streams& streams) {
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return Fail(streams, gate.error());
  if (Status s = (*gate)->LiftHold(options.tenant, options.id, options.reason, Operator()); !s.ok()) {
    return Fail(streams, s.error());
  }
  streams.out << "the legal hold " << options.id << " of tenant " << options.tenant << " is lifted\n";
  return kExitOk;
}

}  // namespace intentgate::cli
