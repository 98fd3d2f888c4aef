// The machines of one policy, lent for one evaluation each.
//
// Every slot is one machine that stays where it is; a thread begins to look at a slot of its own, so threads that
// evaluate at once share no lock and no counter. When all slots are taken a machine is made for that evaluation only.
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

#include "rego/vm/machine.h"

namespace intentgate::rego {

class MachinePool {
 private:
  // Apart from its neighbours, so that threads do not write to one cache line.
  struct alignas(64) Slot {
    std::atomic_flag taken;
    std::unique_ptr<Machine> machine;  // of whoever has taken the slot
  };

 public:
  static constexpr std::size_t kSlots = 16;

  // A machine, given back when it dies. REQUIRES: the pool outlives it.
  class Lease {
   public:
    explicit Lease(MachinePool& pool) : slot_(pool.Take()) {
      std::unique_ptr<Machine>& kept = slot_ == nullptr ? own_ : slot_->machine;
      if (kept == nullptr) kept = std::make_unique<Machine>();
      machine_ = kept.get();
    }
    ~Lease() {
      if (slot_ != nullptr) slot_->taken.clear(std::memory_order_release);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Machine& operator*() const { return *machine_; }
    Machine* operator->() const { return machine_; }

   private:
    Slot* slot_;
    std::unique_ptr<Machine> own_;
    Machine* machine_ = nullptr;
  };

 private:
  // nullptr when all are taken.
  Slot* Take() {
    const std::size_t first = std::hash<std::thread::id>{}(std::this_thread::get_id());
    for (std::size_t i = 0; i < kSlots; ++i) {
      Slot& slot = slots_[(first + i) % kSlots];
      if (!slot.taken.test_and_set(std::memory_order_acquire)) return &slot;
    }
    return nullptr;
  }

  std::array<Slot, kSlots> slots_;
};

}  // namespace intentgate::rego
