#include "gate_handle.h"

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "raise.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

// Set once by RememberGateType and kept for the life of the process.
PyTypeObject* gate_type = nullptr;

}  // namespace

GateHandle::GateHandle(std::shared_ptr<Gate> gate) {
  const auto ended = std::make_shared<std::promise<void>>();
  ended_ = ended->get_future().share();
  Gate* const raw = gate.get();
  gate_ = std::shared_ptr<Gate>(raw, [gate = std::move(gate), ended](Gate*) mutable {
    gate.reset();
    ended->set_value();
  });
}

std::shared_ptr<Gate> GateHandle::Borrow() const {
  if (forks_ != ForkGeneration()) {
    throw std::runtime_error("the gate was opened before fork(), and its threads are not in this process; open a gate here");
  }
  if (!gate_) throw py::value_error("the gate is closed");
  return gate_;
}

void GateHandle::Close() {
  std::shared_ptr<Gate> last = Release();
  if (!last) return;
  Take(WithoutGil([&] {
    Status flushed = last->Flush();
    last.reset();
    return flushed;
  }));
}

void GateHandle::AwaitEnd() const {
  if (forks_ != ForkGeneration()) return;
  constexpr std::chrono::milliseconds kSignalsEvery(100);
  const std::shared_future<void> ended = ended_;
  while (WithoutGil([&] { return ended.wait_for(kSignalsEvery); }) != std::future_status::ready) {
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
}

std::shared_ptr<Gate> GateHandle::Release() {
  std::shared_ptr<Gate> last = std::exchange(gate_, nullptr);
  if (last && forks_ != ForkGeneration()) {
    new std::shared_ptr<Gate>(std::move(last));
    return nullptr;
  }
  return last;
}

void RememberGateType(const GateType& type) { gate_type = reinterpret_cast<PyTypeObject*>(type.ptr()); }

GateHandle& HandleOf(py::handle self) {
  if (PyObject_TypeCheck(self.ptr(), gate_type) == 0) {
    throw py::type_error(std::string("a Gate is wanted, not a ") + Py_TYPE(self.ptr())->tp_name);
  }
  auto* instance = reinterpret_cast<py::detail::instance*>(self.ptr());
  const py::detail::value_and_holder value = instance->get_value_and_holder();
  if (!value.holder_constructed()) throw py::value_error("the gate is not open: its __init__ was not run");
  return *value.value_ptr<GateHandle>();
}

std::shared_ptr<Gate> Borrow(py::handle self) { return HandleOf(self).Borrow(); }

}  // namespace intentgate::python
