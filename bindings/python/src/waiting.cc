#include "waiting.h"

#include <pthread.h>

#include <atomic>

namespace intentgate::python {
namespace {

// A fork concerns the whole process, and its handler gets no argument: the only state of the module.
std::atomic<std::uint64_t> generation{0};

}  // namespace

std::uint64_t ForkGeneration() { return generation.load(std::memory_order_relaxed); }

void WatchForks() {
  pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });
}

}  // namespace intentgate::python
