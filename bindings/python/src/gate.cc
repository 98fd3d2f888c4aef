#include "gate.h"

#include <pybind11/stl.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/intent.h>
#include <intentgate/settings.h>

#include "approvals.h"
#include "audit.h"
#include "call_arguments.h"
#include "completions.h"
#include "decision.h"
#include "evidence.h"
#include "gate_handle.h"
#include "policy.h"
#include "raise.h"
#include "tokens.h"
#include "values.h"
#include "waiting.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

PyObject* Made(Decision decision, json::Value arguments) {
  return NewDecision({std::move(decision), std::move(arguments)});
}

// What a call waits for. Lives on the caller's stack: the gate is done with it when the decision is there.
struct Wait {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Decision> decision;

  void Put(Decision d) {
    const std::lock_guard lock(mutex);
    decision.emplace(std::move(d));
    ready.notify_one();
  }
  bool IsThere() {
    const std::lock_guard lock(mutex);
    return decision.has_value();
  }
  void Await() {
    std::unique_lock lock(mutex);
    ready.wait(lock, [this] { return decision.has_value(); });
  }
};

// Deciding itself keeps the GIL: giving it away costs more than the few microseconds that it takes. It is
// released only when the decision waits for its event's commit, for a store or for the intent extractor.
Decision Ask(PyObject* self, const CallArguments& call) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  Wait wait;
  gate->AuthorizeAsync(call.ToCall(), [&wait](Decision d) { wait.Put(std::move(d)); });
  if (!wait.IsThere()) {
    WithoutGil([&wait] {
      wait.Await();
      return true;
    });
  }
  return *std::move(wait.decision);
}

// Whether a person answered within the seconds. The wait is in Python, where Ctrl-C and the interpreter's end are
// minded; nothing here owns a reference meanwhile, see WithoutGil.
bool AnsweredInTime(PyObject* self, const Decision& d, double seconds) {
  PyObject* answered = PyObject_CallMethod(self, "_answered_in_time", "ssd", d.tenant.c_str(), d.approval_id.c_str(), seconds);
  if (answered == nullptr) throw py::error_already_set();
  const int is_true = PyObject_IsTrue(answered);
  Py_DECREF(answered);
  if (is_true < 0) throw py::error_already_set();
  return is_true == 1;
}

PyObject* Authorize(PyObject* self, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  return AtEdge([&] {
    CallArguments call = CallArguments::Read(values, positional, names);
    Decision decision = Ask(self, call);
    const bool waits = call.wait_for_approval && decision.verdict == Verdict::kEscalate && !decision.approval_id.empty();
    if (waits && AnsweredInTime(self, decision, *call.wait_for_approval)) {
      const std::string approval_id = decision.approval_id;
      call.approval_id = approval_id;
      decision = Ask(self, call);
    }
    return Made(std::move(decision), std::move(call.arguments));
  });
}

// For the functions that never wait for a person.
CallArguments ReadWithoutWait(PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  CallArguments call = CallArguments::Read(values, positional, names);
  if (call.wait_for_approval) throw py::type_error("wait_for_approval is for authorize and aauthorize only");
  return call;
}

PyObject* Explain(PyObject* self, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  return AtEdge([&] {
    CallArguments call = ReadWithoutWait(values, positional, names);
    const std::shared_ptr<Gate> gate = Borrow(self);
    // An extractor behind HTTP may be asked here.
    Decision decision = WithoutGil([&] { return gate->Explain(call.ToCall()); });
    return Made(std::move(decision), std::move(call.arguments));
  });
}

// Where the callback of a call leaves the decision: with its starter while that is still in the call, else in
// the queue of the starter's event loop.
struct Started {
  std::mutex mutex;
  bool starter_left = false;
  std::optional<Decision> decision;
  json::Value arguments;
  std::uint64_t ticket = 0;
  std::shared_ptr<CompletionQueue> queue;

  void Put(Decision d) {
    const std::lock_guard lock(mutex);
    if (starter_left) {
      queue->Put(ticket, Decided{std::move(d), std::move(arguments)});
    } else {
      decision.emplace(std::move(d));
    }
  }
};

// (completions, tool, args=None, ...) -> Decision, or an int: the ticket under which `completions` will have it.
PyObject* Start(PyObject* self, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  return AtEdge([&]() -> PyObject* {
    if (positional < 1) throw py::type_error("the argument tool is missing");
    const auto started = std::make_shared<Started>();
    started->queue = py::handle(values[0]).cast<std::shared_ptr<CompletionQueue>>();
    if (!started->queue) throw py::type_error("completions must not be None");
    const CallArguments call = ReadWithoutWait(values + 1, positional - 1, names);
    started->arguments = call.arguments;
    const std::shared_ptr<Gate> gate = Borrow(self);
    gate->AuthorizeAsync(call.ToCall(), [started](Decision d) { started->Put(std::move(d)); });
    const std::lock_guard lock(started->mutex);
    if (started->decision) return Made(*std::move(started->decision), std::move(started->arguments));
    started->ticket = started->queue->NewTicket();
    started->starter_left = true;
    return PyLong_FromUnsignedLongLong(started->ticket);
  });
}

// The hot methods, as descriptors beside pybind11's.
PyMethodDef hot_methods[] = {
    {"authorize", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(Authorize)), METH_FASTCALL | METH_KEYWORDS,
     "authorize($self, tool, args=None, token='', *, intent='', session_id='', server='', approval_id='',\n"
     "          wait_for_approval=None)\n--\n\n"
     "Judges one call and records it. Returns a ``Decision`` when the event is as durable as the configuration asks.\n\n"
     "``args`` is a mapping of JSON values, copied first: types that JSON lacks raise ``TypeError``; NaN, a lone\n"
     "surrogate, a cycle or too much raise ``ValueError``. ``token`` is the bearer string without ``Bearer``;\n"
     "``intent`` is what the agent was asked to do; ``server`` is the upstream's name. Waits without the GIL.\n\n"
     "``approval_id`` is that of an earlier escalation of the same call. With ``wait_for_approval`` (seconds) an\n"
     "escalated call waits for a person and is asked again when one has answered; 0 only looks whether one has.\n"
     "Nobody in time: the escalation is returned."},
    {"explain", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(Explain)), METH_FASTCALL | METH_KEYWORDS,
     "explain($self, tool, args=None, token='', *, intent='', session_id='', server='', approval_id='')\n--\n\n"
     "As ``authorize``, with a trace; charges nothing and records nothing. ``print`` it."},
    {"_start", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(Start)), METH_FASTCALL | METH_KEYWORDS,
     "_start($self, completions, tool, args=None, token='', *, intent='', session_id='', server='', approval_id='')\n--\n\n"
     "Begins a call. Returns the ``Decision``, or the ticket under which ``completions`` will have it."},
};

using Sources = std::vector<std::pair<std::string, std::string>>;

std::map<std::string, std::string> VariablesFrom(py::dict environment) {
  std::map<std::string, std::string> variables;
  for (const auto& [name, value] : environment) {
    const std::string of(TextOf(name, "the name of a variable"));
    variables[of] = TextOf(value, ("the variable " + of).c_str());
  }
  return variables;
}

std::optional<Sources> SourcesFrom(py::handle policy) {
  if (policy.is_none()) return std::nullopt;
  py::detail::make_caster<Sources> caster;
  if (!caster.load(policy, true)) throw py::type_error("policy must be texts by name, such as {\"policy.rego\": text}");
  return py::detail::cast_op<Sources&&>(std::move(caster));
}

// Checks its arguments itself, as those of tokens.cc do: settings and the environment hold passwords.
std::unique_ptr<GateHandle> Open(py::handle yaml, py::handle file_name, py::dict environment, py::handle keys, py::handle policy) {
  const KeyRing* ring = keys.is_none() ? nullptr : &RingOf(keys);
  const std::optional<Sources> sources = SourcesFrom(policy);
  SettingsLoad load = LoadGateSettings(std::string(TextOf(yaml, "yaml")), std::string(TextOf(file_name, "config")),
                                       VariablesFrom(std::move(environment)), kServerSections, ring != nullptr);
  if (!load.problems.empty()) {
    std::string message = "the configuration has mistakes:";
    for (const SettingsProblem& problem : load.problems) message += "\n  " + problem.where + ": " + problem.message;
    Raise(Error{ErrorCode::kInvalidArgument, message});
  }
  if (ring != nullptr) load.settings.keys = *ring;
  if (sources) load.settings.policy_sources = *sources;
  Result<std::shared_ptr<Gate>> gate = WithoutGil([&] { return Gate::Open(load.settings); });
  return std::make_unique<GateHandle>(Take(std::move(gate)));
}

void RecordOutcome(py::handle self, py::handle decision, const std::string& outcome, std::int64_t latency_us) {
  const Decision& of = DecisionOf(decision);
  if (!of.allowed()) throw py::value_error("only an allowed call has an outcome");
  Outcome what;
  what.outcome = outcome;
  what.latency_us = latency_us;
  const std::shared_ptr<Gate> gate = Borrow(self);
  // It waits where the events' queue is full and the settings say so.
  Take(WithoutGil([&]() -> Status {
    gate->RecordOutcome(of, what);
    return {};
  }));
}

void Revoke(py::handle self, const std::string& id, const std::string& tenant, const std::string& reason,
            const std::string& actor) {
  const std::shared_ptr<Gate> gate = Borrow(self);
  Take(WithoutGil([&] { return gate->Revoke({tenant, id, reason, actor}, {actor, "", ""}); }));
}

void SetTools(py::handle self, const std::vector<std::tuple<std::string, std::string, std::vector<std::string>>>& tools) {
  std::vector<ToolInfo> catalogue;
  for (const auto& [name, description, parameters] : tools) catalogue.push_back({name, description, parameters});
  Borrow(self)->SetToolCatalogue(std::move(catalogue));
}

py::tuple Health(py::handle self) {
  const GateHealth health = Borrow(self)->Health();
  return py::make_tuple(health.ready, health.problem);
}

}  // namespace

void RegisterGate(py::module_& module) {
  GateType type(module, "GateBase");
  RememberGateType(type);
  RegisterApprovals(type);
  RegisterAudit(type);
  RegisterEvidence(module, type);
  type.def(py::init(&Open), py::arg("yaml"), py::arg("file_name"), py::arg("environment"), py::arg("keys"), py::arg("policy"))
      .def("_record_outcome", &RecordOutcome, py::arg("decision"), py::arg("outcome"), py::arg("latency_us"))
      .def("_revoke", &Revoke, py::arg("id"), py::arg("tenant"), py::arg("reason"), py::arg("actor"))
      .def("_set_tools", &SetTools, py::arg("tools"))
      .def("_health", &Health)
      .def("_describe", [](py::handle self) { return Borrow(self)->Describe(); })
      .def("_visible_tools",
           [](py::handle self, py::handle token, const py::list& tools, py::handle server) {
             std::vector<std::string> names;
             for (const py::handle tool : tools) names.emplace_back(TextOf(tool, "a tool"));
             return Borrow(self)->VisibleTools(TextOf(token, "token"), TextOf(server, "server"), names);
           }, py::arg("token"), py::arg("tools"), py::arg("server"))
      .def("_check_token",
           [](py::handle self, py::handle token) {
             return py::reinterpret_steal<py::object>(Made(Borrow(self)->CheckToken(TextOf(token, "token")), nullptr));
           }, py::arg("token"))
      .def("_set_policy",
           [](py::handle self, const PolicyHandle& policy, const std::string& actor) {
             const std::shared_ptr<Gate> gate = Borrow(self);
             Take(WithoutGil([&] { return gate->SetPolicy(policy.policy, {actor, "", ""}); }));
           }, py::arg("policy"), py::arg("actor"))
      .def("close", [](py::handle self) { HandleOf(self).Close(); },
           "Flushes the chain. Later calls raise ``ValueError``.")
      .def("_await_end", [](py::handle self) { HandleOf(self).AwaitEnd(); })
      .def_property_readonly("closed", [](py::handle self) { return HandleOf(self).closed(); }, "Whether ``close`` was called.");
  for (PyMethodDef& method : hot_methods) {
    const auto descriptor = py::reinterpret_steal<py::object>(PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &method));
    if (!descriptor) throw py::error_already_set();
    type.attr(method.ml_name) = descriptor;
  }
}

}  // namespace intentgate::python
