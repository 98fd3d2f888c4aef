// The memory of one evaluation: a bump allocator with a ceiling.
//
// Everything an evaluation makes lives here and dies at once, so values carry no reference counts and
// need no destructors. Crossing the ceiling throws EvalAbort, which only the engine's front door
// catches: no `not`, `default` or `else` of a policy can swallow it.
// Thread-compatible. Owned by the evaluation (or by the compiled policy, for constants).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace intentgate::rego {

// Ends an evaluation: a limit, a conflict, a strict builtin error. Never leaves the module.
struct EvalAbort {
  std::string code;     // OPA's code, such as "eval_conflict_error"
  std::string message;  // without the code
  std::uint32_t file = 0;
  std::uint32_t line = 0;  // 0 while the place is unknown; the engine fills it in
  std::uint32_t column = 0;
};

class Arena {
 public:
  static constexpr std::size_t kDefaultLimit = std::size_t{64} << 20;

  explicit Arena(std::size_t limit = kDefaultLimit) : limit_(limit) {}
  Arena(const Arena&) = delete;  // values point into it
  Arena& operator=(const Arena&) = delete;

  // Uninitialised memory. Throws EvalAbort beyond the limit.
  void* Allocate(std::size_t bytes, std::size_t align) {
    const std::size_t at = (used_ + align - 1) & ~(align - 1);
    if (at + bytes <= capacity_ && bytes <= capacity_) {
      used_ = at + bytes;
      return current_ + at;
    }
    return AllocateSlow(bytes);
  }

  template <typename T>
  T* New() {
    static_assert(std::is_trivially_destructible_v<T>);
    return ::new (Allocate(sizeof(T), alignof(T))) T();
  }
  // `count` default-constructed objects.
  template <typename T>
  T* NewArray(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count > limit_ / sizeof(T)) FailLimit();
    T* out = static_cast<T*>(Allocate(sizeof(T) * count, alignof(T)));
    for (std::size_t i = 0; i < count; ++i) ::new (out + i) T();
    return out;
  }
  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* out = static_cast<char*>(Allocate(text.size(), 1));
    std::memcpy(out, text.data(), text.size());
    return {out, text.size()};
  }

  // Throws EvalAbort if `bytes` more would cross the limit. For builtins that build outside the arena.
  void CheckRoom(std::size_t bytes) const {
    if (bytes > limit_ || total_ + used_ > limit_ - bytes) FailLimit();
  }
  // Bytes handed out and reserved so far.
  std::size_t bytes_used() const { return total_ + used_; }
  // Forgets everything and keeps one chunk for the next evaluation.
  void Reset();
  void set_limit(std::size_t limit) { limit_ = limit; }

 private:
  void* AllocateSlow(std::size_t bytes);
  [[noreturn]] static void FailLimit();

  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  std::size_t limit_;
  std::byte* current_ = nullptr;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
  std::size_t total_ = 0;  // bytes in chunks before the current one
  std::vector<Chunk> chunks_;
};

}  // namespace intentgate::rego
