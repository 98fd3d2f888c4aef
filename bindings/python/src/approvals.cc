#include "approvals.h"

#include <memory>
#include <string>
#include <utility>

#include <intentgate/json.h>

#include "completions.h"
#include "raise.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

// 0 stands for "not yet" in C++.
py::object MicrosOrNone(std::int64_t micros) { return micros == 0 ? py::object(py::none()) : py::object(py::int_(micros)); }

py::object ArgumentsToPython(const Approval& approval) {
  if (approval.arguments.empty()) return py::none();
  return ToPython(Take(json::Parse(approval.arguments)));
}

py::tuple ListApprovals(py::handle self, const std::string& tenant, const std::string& state, const std::string& agent_id,
                        const std::string& tool, const std::string& root_jti, const std::string& after, std::size_t limit) {
  ApprovalFilter filter;
  filter.tenant = tenant;
  filter.agent_id = agent_id;
  filter.tool = tool;
  filter.root_jti = root_jti;
  if (!state.empty()) {
    filter.state = ParseApprovalState(state);
    if (!filter.state) throw py::value_error("state must be 'pending', 'approved', 'rejected', 'expired' or 'used'");
  }
  const std::shared_ptr<Gate> gate = Borrow(self);
  const ApprovalPage page = Take(WithoutGil([&] { return gate->ListApprovals(filter, after, limit); }));
  py::list rows;
  for (const Approval& approval : page.approvals) rows.append(ApprovalToPython(approval));
  return py::make_tuple(rows, page.next);
}

py::object GetApproval(py::handle self, const std::string& tenant, const std::string& id) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  return ApprovalToPython(Take(WithoutGil([&] { return gate->GetApproval(tenant, id); })));
}

py::object DecideApproval(py::handle self, const std::string& tenant, const std::string& id, bool approve, const std::string& note,
                          const std::string& claimed_by, const std::string& actor) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  ApprovalDecision decision;
  decision.tenant = tenant;
  decision.id = id;
  decision.answer = approve ? ApprovalAnswer::kApprove : ApprovalAnswer::kReject;
  decision.claimed_by = claimed_by;
  decision.note = note;
  return ApprovalToPython(Take(WithoutGil([&] { return gate->DecideApproval(decision, {actor, "", ""}); })));
}

// The ticket under which `queue` will have the answer, and what _cancel_approval_wait takes.
py::tuple WaitApproval(py::handle self, const std::shared_ptr<CompletionQueue>& queue, const std::string& tenant,
                       const std::string& id) {
  if (!queue) throw py::type_error("completions must not be None");
  const std::uint64_t ticket = queue->NewTicket();
  const std::uint64_t wait = Borrow(self)->WaitApproval(
      tenant, id, [queue, ticket](Result<Approval> answer) { queue->Put(ticket, std::move(answer)); });
  return py::make_tuple(ticket, wait);
}

}  // namespace

py::object ApprovalToPython(const Approval& approval) {
  py::dict members;
  members["id"] = approval.id;
  members["tenant"] = approval.tenant;
  members["agent_id"] = approval.agent_id;
  members["jti"] = approval.jti;
  members["root_jti"] = approval.root_jti;
  members["method"] = approval.method;
  members["server"] = approval.server;
  members["tool"] = approval.tool;
  members["args"] = ArgumentsToPython(approval);
  members["args_sha256"] = approval.args_sha256;
  members["intent_summary"] = approval.intent_summary;
  members["reason"] = approval.reason;
  members["requires_step_up"] = approval.requires_step_up;
  members["state"] = std::string(ApprovalStateName(approval.state));
  members["created_at_micros"] = approval.created_at_micros;
  members["deadline_micros"] = approval.deadline_micros;
  members["decided_at_micros"] = MicrosOrNone(approval.decided_at_micros);
  members["used_at_micros"] = MicrosOrNone(approval.used_at_micros);
  members["decided_by"] = approval.decided_by;
  members["claimed_by"] = approval.claimed_by;
  members["note"] = approval.note;
  return py::module_::import("libintentgate.approvals").attr("Approval")(**members);
}

void RegisterApprovals(GateType& type) {
  type.def("_list_approvals", &ListApprovals, py::arg("tenant"), py::arg("state"), py::arg("agent_id"), py::arg("tool"),
           py::arg("root_jti"), py::arg("after"), py::arg("limit"))
      .def("_get_approval", &GetApproval, py::arg("tenant"), py::arg("id"))
      .def("_decide_approval", &DecideApproval, py::arg("tenant"), py::arg("id"), py::arg("approve"), py::arg("note"),
           py::arg("claimed_by"), py::arg("actor"))
      .def("_wait_approval", &WaitApproval, py::arg("completions"), py::arg("tenant"), py::arg("id"))
      .def("_cancel_approval_wait", [](py::handle self, std::uint64_t wait) { Borrow(self)->CancelApprovalWait(wait); },
           py::arg("wait"));
}

}  // namespace intentgate::python
