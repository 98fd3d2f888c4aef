#include "rego/arena.h"

#include <algorithm>

#include "rego/memory_limit.h"

namespace intentgate::rego {
namespace {
constexpr std::size_t kFirstChunk = 16 * 1024;
constexpr std::size_t kLargestStep = std::size_t{1} << 20;
constexpr const char* kOverLimit = "the policy used more memory than an evaluation may (max_memory_bytes)";
}  // namespace

void* Arena::AllocateSlow(std::size_t bytes) {
  CheckRoom(bytes);
  const std::size_t step = std::clamp(capacity_ * 2, kFirstChunk, kLargestStep);
  const std::size_t size = std::max(bytes, step);
  total_ += used_;
  // Uninitialised on purpose: every object is constructed by its user.
  chunks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
  current_ = chunks_.back().bytes.get();
  capacity_ = size;
  used_ = bytes;
  return current_;
}

void Arena::FailLimit() {
  throw EvalAbort{"eval_limit_error", kOverLimit};
}

bool IsMemoryLimit(const EvalAbort& abort) { return abort.message == kOverLimit; }

void Arena::Reset() {
  if (chunks_.size() > 1) {
    std::swap(chunks_.front(), *std::max_element(chunks_.begin(), chunks_.end(),
                                                 [](const Chunk& a, const Chunk& b) { return a.size < b.size; }));
    if (chunks_.front().size > kLargestStep) {
      chunks_.clear();
    } else {
      chunks_.resize(1);
    }
  }
  total_ = 0;
  used_ = 0;
  current_ = chunks_.empty() ? nullptr : chunks_.front().bytes.get();
  capacity_ = chunks_.empty() ? 0 : chunks_.front().size;
}

}  // namespace intentgate::rego
