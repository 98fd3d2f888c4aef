#include "decision.h"

#include <structmember.h>

#include <new>
#include <string>
#include <utility>

#include "raise.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

struct DecisionObject {
  PyObject_HEAD
  Decided decided;
  PyObject* args;    // made at the first reading
  PyObject* trace;
};

// Set once by RegisterDecision and kept for the life of the process.
PyTypeObject* decision_type = nullptr;
PyTypeObject* trace_step_type = nullptr;

DecisionObject& Self(PyObject* self) { return *reinterpret_cast<DecisionObject*>(self); }
const Decision& Of(PyObject* self) { return Self(self).decided.decision; }

PyObject* Str(std::string_view text) {
  // A reason can carry a stranger's bytes.
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
}

PyObject* NewTrace(const Decision& d) {
  PyObject* out = PyTuple_New(static_cast<Py_ssize_t>(d.trace.size()));
  for (std::size_t i = 0; out != nullptr && i < d.trace.size(); ++i) {
    PyObject* step = PyStructSequence_New(trace_step_type);
    if (step == nullptr) {
      Py_DECREF(out);
      return nullptr;
    }
    PyStructSequence_SetItem(step, 0, Str(CheckName(d.trace[i].check)));
    PyStructSequence_SetItem(step, 1, PyBool_FromLong(d.trace[i].passed ? 1 : 0));
    PyStructSequence_SetItem(step, 2, Str(d.trace[i].detail));
    PyTuple_SET_ITEM(out, static_cast<Py_ssize_t>(i), step);
  }
  return out;
}

PyObject* GetArgs(PyObject* self, void*) {
  DecisionObject& object = Self(self);
  if (object.args == nullptr) {
    object.args = AtEdge([&] { return ToPython(object.decided.arguments).release().ptr(); });
  }
  Py_XINCREF(object.args);
  return object.args;
}

PyObject* GetTrace(PyObject* self, void*) {
  DecisionObject& object = Self(self);
  if (object.trace == nullptr) object.trace = NewTrace(Of(self));
  Py_XINCREF(object.trace);
  return object.trace;
}

template <std::string Decision::*kField>
PyObject* GetText(PyObject* self, void*) {
  return Str(Of(self).*kField);
}

PyGetSetDef attributes[] = {
    {"verdict", [](PyObject* s, void*) { return Str(VerdictName(Of(s).verdict)); }, nullptr,
     "``\"allow\"``, ``\"block\"`` or ``\"escalate\"``", nullptr},
    {"allowed", [](PyObject* s, void*) { return PyBool_FromLong(Of(s).allowed() ? 1 : 0); }, nullptr,
     "Whether the call may be made.", nullptr},
    {"check", [](PyObject* s, void*) { return Str(CheckName(Of(s).check)); }, nullptr,
     "Who refused: ``\"capability\"``, ``\"intent\"``, ``\"policy\"``, ``\"budget\"``; ``\"\"`` for an allow.", nullptr},
    {"code", [](PyObject* s, void*) { return Str(ReasonName(Of(s).code)); }, nullptr,
     "The stable name of the reason, such as ``\"capability.argument_refused\"``.", nullptr},
    {"reason", GetText<&Decision::reason>, nullptr, "A sentence, safe to show to the agent.", nullptr},
    {"rule", GetText<&Decision::rule>, nullptr,
     "What decided, such as ``\"caveat 2 (arg) of hop 1\"``; ``\"\"`` for an allow.", nullptr},
    {"requires_step_up", [](PyObject* s, void*) { return PyBool_FromLong(Of(s).requires_step_up ? 1 : 0); }, nullptr,
     "Whether the policy asks for a second factor.", nullptr},
    {"approval_id", GetText<&Decision::approval_id>, nullptr,
     "An escalation: the approval that the call waits for. An allow: the one that it has used. Else ``\"\"``.", nullptr},
    {"event_id", GetText<&Decision::event_id>, nullptr, "The decision's event in the audit chain; ``\"\"`` if there is none.",
     nullptr},
    {"tenant", GetText<&Decision::tenant>, nullptr, "The token's tenant.", nullptr},
    {"agent_id", GetText<&Decision::agent_id>, nullptr, "The token's subject.", nullptr},
    {"jti", GetText<&Decision::jti>, nullptr, "The token's id.", nullptr},
    {"root_jti", GetText<&Decision::root_jti>, nullptr, "The id of the token it was made from.", nullptr},
    {"latency_us", [](PyObject* s, void*) { return PyLong_FromLongLong(Of(s).latency_us); }, nullptr,
     "Microseconds that deciding took, without the wait for the event's commit.", nullptr},
    {"args", GetArgs, nullptr, "The snapshot of the arguments that was judged: hand it to the tool.", nullptr},
    {"trace", GetTrace, nullptr, "The questions in order as ``TraceStep``; empty unless ``explain`` made the decision.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyObject* Require(PyObject* self, PyObject*) {
  if (Of(self).allowed()) return Py_NewRef(self);
  return AtEdge([&]() -> PyObject* {
    const py::object type = py::module_::import("libintentgate.errors").attr("Denied");
    PyErr_SetObject(type.ptr(), type(py::handle(self)).ptr());
    return nullptr;
  });
}

PyMethodDef methods[] = {
    {"require", Require, METH_NOARGS, "require($self, /)\n--\n\nReturns the decision if it is an allow, else raises ``Denied``."},
    {nullptr, nullptr, 0, nullptr}};

PyObject* Repr(PyObject* self) {
  const Decision& d = Of(self);
  return Str("<Decision " + std::string(VerdictName(d.verdict)) + " " + std::string(ReasonName(d.code)) + ">");
}

// For people: the verdict, what decided, and a line for each question that was asked.
PyObject* ToText(PyObject* self) {
  const Decision& d = Of(self);
  std::string out(VerdictName(d.verdict));
  if (!d.allowed()) out += " (" + std::string(ReasonName(d.code)) + ")";
  out += ": " + d.reason;
  if (!d.rule.empty()) out += "\n  decided by " + d.rule;
  if (d.verdict == Verdict::kEscalate && !d.approval_id.empty()) out += "\n  waits for approval " + d.approval_id;
  for (const TraceStep& step : d.trace) {
    std::string name(CheckName(step.check));
    name.resize(11, ' ');
    out += "\n  " + name + (step.passed ? "pass    " : "refuse  ") + step.detail;
  }
  return Str(out);
}

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(Self(self).args);
  return 0;
}

int Clear(PyObject* self) {
  Py_CLEAR(Self(self).args);
  return 0;
}

void Dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Clear(self);
  Py_CLEAR(Self(self).trace);
  Self(self).decided.~Decided();
  type->tp_free(self);
  Py_DECREF(type);
}

template <typename Function>
void* Slot(Function* function) {
  return reinterpret_cast<void*>(function);
}

PyType_Slot slots[] = {
    {Py_tp_dealloc, Slot(Dealloc)}, {Py_tp_traverse, Slot(Traverse)}, {Py_tp_clear, Slot(Clear)},
    {Py_tp_repr, Slot(Repr)},       {Py_tp_str, Slot(ToText)},        {Py_tp_getset, attributes},
    {Py_tp_methods, methods},       {Py_nb_bool, Slot(+[](PyObject* s) { return Of(s).allowed() ? 1 : 0; })},
    {Py_tp_doc, const_cast<char*>("What the gate said. ``bool(decision)`` is true only for an allow; ``str(decision)`` is for people.")},
    {0, nullptr}};

PyType_Spec spec = {"libintentgate.Decision", sizeof(DecisionObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE, slots};

PyStructSequence_Field step_fields[] = {{"check", "which question"},
                                        {"passed", "whether it let the call through"},
                                        {"detail", "what was asked and what came out"},
                                        {nullptr, nullptr}};
PyStructSequence_Desc step_description = {"libintentgate.TraceStep", "One question of the gate and its answer.", step_fields, 3};

}  // namespace

void RegisterDecision(py::module_& module) {
  decision_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  trace_step_type = PyStructSequence_NewType(&step_description);
  if (decision_type == nullptr || trace_step_type == nullptr) throw py::error_already_set();
  module.attr("Decision") = py::handle(reinterpret_cast<PyObject*>(decision_type));
  module.attr("TraceStep") = py::handle(reinterpret_cast<PyObject*>(trace_step_type));
}

PyObject* NewDecision(Decided decided) {
  DecisionObject* object = PyObject_GC_New(DecisionObject, decision_type);
  if (object == nullptr) return nullptr;
  new (&object->decided) Decided(std::move(decided));
  object->args = nullptr;
  object->trace = nullptr;
  PyObject_GC_Track(reinterpret_cast<PyObject*>(object));
  return reinterpret_cast<PyObject*>(object);
}

const Decision& DecisionOf(py::handle object) {
  if (Py_TYPE(object.ptr()) != decision_type) {
    throw py::type_error(std::string("a Decision is wanted, not a ") + Py_TYPE(object.ptr())->tp_name);
  }
  return Of(object.ptr());
}

}  // namespace intentgate::python
