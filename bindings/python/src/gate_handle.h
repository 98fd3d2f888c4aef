// The C++ gate inside a Gate object, for all files that give the type its methods.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <future>
#include <memory>

#include <intentgate/gate.h>

#include "waiting.h"

namespace intentgate::python {

// A gate that can be closed while other threads still use it. The GIL guards `gate_`.
class GateHandle {
 public:
  explicit GateHandle(std::shared_ptr<Gate> gate);
  ~GateHandle() { Release(); }
  GateHandle(const GateHandle&) = delete;  // owns the gate's end
  GateHandle& operator=(const GateHandle&) = delete;

  // Raises ValueError when it is closed, RuntimeError in a forked child.
  std::shared_ptr<Gate> Borrow() const;
  bool closed() const { return gate_ == nullptr; }
  // Flushes the chain; without the GIL.
  void Close();
  // Returns when no call uses the gate any more and its threads have ended; without the GIL, but minding Ctrl-C.
  // REQUIRES: closed; no native function of the gate above the caller.
  void AwaitEnd() const;

 private:
  // Null when there is nothing to end. In a forked child the gate's threads are missing, so ending it would
  // wait for ever; it stays in memory.
  std::shared_ptr<Gate> Release();

  std::shared_ptr<Gate> gate_;
  std::shared_future<void> ended_;
  const std::uint64_t forks_ = ForkGeneration();
};

using GateType = pybind11::class_<GateHandle>;

// Tells HandleOf the type; once, when the module is loaded.
void RememberGateType(const GateType& type);

// The handle inside a Gate object, which may be one whose __init__ was never run (ValueError), or no Gate at all
// (TypeError).
GateHandle& HandleOf(pybind11::handle self);
std::shared_ptr<Gate> Borrow(pybind11::handle self);

}  // namespace intentgate::python
