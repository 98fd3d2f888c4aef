// approvals list, show, approve, reject, watch: on the store of a configuration, beside a running server.

#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <ostream>
#include <thread>
#include <utility>

#include <intentgate/clock.h>
#include <intentgate/gate.h>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

constexpr std::size_t kPage = 100;

json::Value ToJson(const Approval& a) {
  json::Value out = json::MakeObject({{"id", a.id}, {"status", ApprovalStateName(a.state)}, {"tenant", a.tenant}, {"agent_id", a.agent_id},
                                      {"tool", a.tool}, {"server", a.server}, {"method", a.method}, {"reason", a.reason},
                                      {"intent_summary", a.intent_summary}, {"requires_step_up", a.requires_step_up},
                                      {"root_jti", a.root_jti}, {"args_sha256", a.args_sha256},
                                      {"created_at", FormatTime(a.created_at_micros)}, {"deadline", FormatTime(a.deadline_micros)}});
  if (a.decided_at_micros != 0) {
    out.Set("decided_at", FormatTime(a.decided_at_micros));
    out.Set("decided_by", a.decided_by);
    out.Set("note", a.note);
  }
  if (const Result<json::Value> arguments = json::Parse(a.arguments, {.max_bytes = a.arguments.size(), .max_depth = 256}); arguments.ok()) {
    out.Set("args", *arguments);
  }
  return out;
}

void PrintLine(const Approval& a, const ApprovalsOptions& options, std::ostream& out) {
  if (options.json) {
    out << json::Write(ToJson(a)) << "\n" << std::flush;
    return;
  }
  out << a.id << "  " << ApprovalStateName(a.state) << "  " << FormatTime(a.created_at_micros) << "  " << ForTerminal(a.tenant) << "  "
      << ForTerminal(a.agent_id) << "  " << ForTerminal(a.tool) << "  " << ForTerminal(a.reason) << "\n" << std::flush;
}

void PrintWhole(const Approval& a, std::ostream& out) {
  out << "id         " << a.id << "\n"
      << "status     " << ApprovalStateName(a.state) << "\n"
      << "tenant     " << ForTerminal(a.tenant) << "\n"
      << "agent      " << ForTerminal(a.agent_id) << "\n"
      << "tool       " << ForTerminal(a.tool) << (a.server.empty() ? "" : " at " + ForTerminal(a.server)) << "\n"
      << "arguments  " << (a.arguments.empty() ? "none" : ForTerminal(a.arguments)) << "\n"
      << "reason     " << ForTerminal(a.reason) << "\n";
  if (!a.intent_summary.empty()) out << "intent     " << ForTerminal(a.intent_summary) << "\n";
  if (a.requires_step_up) out << "step-up    required\n";
  out << "asked      " << FormatTime(a.created_at_micros) << "\n";
  const bool open = a.state == ApprovalState::kPending || a.state == ApprovalState::kApproved;
  if (open) out << "deadline   " << FormatTime(a.deadline_micros) << "\n";
  if (a.decided_at_micros != 0) out << "decided    " << FormatTime(a.decided_at_micros) << " by " << ForTerminal(a.decided_by) << "\n";
  if (!a.note.empty()) out << "note       " << ForTerminal(a.note) << "\n";
}

// The user of this machine; whoever can write the store could write the chain as well.
std::string WhoIsThis() {
  const passwd* user = getpwuid(geteuid());
  return "cli:" + (user == nullptr ? "uid " + std::to_string(geteuid()) : std::string(user->pw_name));
}

Result<ApprovalFilter> FilterOf(const ApprovalsOptions& options) {
  ApprovalFilter filter{.tenant = options.tenant, .state = ParseApprovalState(options.status), .agent_id = {}, .tool = {}, .root_jti = {}};
  if (options.status != "all" && !filter.state) {
    return Error{ErrorCode::kInvalidArgument, "--status: pending, approved, rejected, expired, used or all"};
  }
  return filter;
}

// Newest first; `each` says whether to go on.
Status Walk(Gate& gate, const ApprovalFilter& filter, const std::function<bool(const Approval&)>& each) {
  std::string after;
  do {
    const Result<ApprovalPage> page = gate.ListApprovals(filter, after, kPage);
    if (!page.ok()) return page.error();
    for (const Approval& approval : page->approvals) {
      if (!each(approval)) return {};
    }
    after = page->next;
  } while (!after.empty());
  return {};
}

int Answer(const ApprovalsOptions& options, ApprovalAnswer answer, const Streams& streams) {
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams, true);
  if (!gate.ok()) return Fail(streams, gate.error());
  const Result<Approval> decided = (*gate)->DecideApproval(
      {.tenant = options.tenant, .id = options.id, .answer = answer, .claimed_by = {}, .note = options.note},
      {.actor = WhoIsThis(), .remote_ip = {}, .elevation_id = {}});
  if (decided.ok()) {
    PrintLine(*decided, options, streams.out);
    return kExitOk;
  }
  streams.err << "intentgate: " << decided.error().message << "\n";
  const bool no = decided.error().code == ErrorCode::kConflict || decided.error().code == ErrorCode::kNotFound;
  return no ? kExitNo : kExitIo;
}

}  // namespace

int ApprovalsList(const ApprovalsOptions& options, const Streams& streams) {
  const Result<ApprovalFilter> filter = FilterOf(options);
  if (!filter.ok()) return Fail(streams, filter.error());
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams, true);
  if (!gate.ok()) return Fail(streams, gate.error());
  const Status walked = Walk(**gate, *filter, [&](const Approval& approval) {
    PrintLine(approval, options, streams.out);
    return true;
  });
  return walked.ok() ? kExitOk : Fail(streams, walked.error());
}

int ApprovalsShow(const ApprovalsOptions& options, const Streams& streams) {
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams, true);
  if (!gate.ok()) return Fail(streams, gate.error());
  const Result<Approval> approval = (*gate)->GetApproval(options.tenant, options.id);
  if (!approval.ok()) {
    streams.err << "intentgate: " << approval.error().message << "\n";
    return approval.error().code == ErrorCode::kNotFound ? kExitNo : kExitIo;
  }
  if (options.json) streams.out << json::Write(ToJson(*approval)) << "\n";
  else PrintWhole(*approval, streams.out);
  return kExitOk;
}

int ApprovalsApprove(const ApprovalsOptions& options, const Streams& streams) {
  return Answer(options, ApprovalAnswer::kApprove, streams);
}

int ApprovalsReject(const ApprovalsOptions& options, const Streams& streams) {
  return Answer(options, ApprovalAnswer::kReject, streams);
}

int ApprovalsWatch(const ApprovalsOptions& options, const Streams& streams) {
  const Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams, true);
  if (!gate.ok()) return Fail(streams, gate.error());
  const ApprovalFilter filter{.tenant = options.tenant, .state = ApprovalState::kPending, .agent_id = {}, .tool = {}, .root_jti = {}};
  for (std::string newest;;) {
    std::vector<Approval> fresh;
    // Ids sort by the time of asking, so what is older than the newest one has been printed.
    const Status walked = Walk(**gate, filter, [&](const Approval& approval) {
      if (approval.id <= newest) return false;
      fresh.push_back(approval);
      return true;
    });
    if (!walked.ok()) return Fail(streams, walked.error());
    for (auto at = fresh.rbegin(); at != fresh.rend(); ++at) PrintLine(*at, options, streams.out);
    if (!fresh.empty()) newest = fresh.front().id;
    if (!streams.out) return kExitIo;   // nobody reads any more
    std::this_thread::sleep_for(std::chrono::seconds(options.interval_seconds));
  }
}

}  // namespace intentgate::cli
