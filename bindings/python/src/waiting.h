// Waiting without the interpreter's lock, and knowing that the process was forked.
#pragma once

#include <Python.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

namespace intentgate::python {

// Runs `work` without the GIL and returns what it returns. The lock is taken again here and in no destructor:
// while the interpreter ends, that ends this thread by unwinding, which must not pass a noexcept function. For
// the same reason callers hold no Python reference of their own across it.
template <typename Work>
auto WithoutGil(Work&& work) {
  std::optional<decltype(work())> result;
  std::exception_ptr error;
  PyThreadState* state = PyEval_SaveThread();
  try {
    result.emplace(work());
  } catch (const std::exception&) {
    error = std::current_exception();
  }
  PyEval_RestoreThread(state);
  if (error) std::rethrow_exception(error);
  return *std::move(result);
}

// How often this process and its parents were forked since the module was loaded. Threads do not survive a
// fork, so what owns some compares this with the number it was made under.
std::uint64_t ForkGeneration();
// Once, when the module is loaded.
void WatchForks();

}  // namespace intentgate::python
