// Compiled RE2 programs by their pattern, kept from one evaluation to the next.
//
// What a pattern costs depends on the evaluation alone, never on what earlier ones left here: its first use in each evaluation
// is charged as if it were compiled then, and what is thrown out when the cache is full is what earlier evaluations used.
// Thread-compatible: one cache a thread, held by BuiltinContext.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <re2/re2.h>

#include "base/string_map.h"
#include "rego/builtins/registry.h"

namespace intentgate::rego::builtins {

// Bytes one program may take while it is compiled and run; a pattern that does not fit gets the larger share.
inline constexpr std::int64_t kPatternMemory = std::int64_t{1} << 20;
inline constexpr std::int64_t kLargePatternMemory = 2 * kPatternMemory;
// Programs that are kept, a large one counts as two. One evaluation that uses more throws its own out.
inline constexpr std::size_t kPatternsKept = 64;
inline constexpr std::size_t kMaxPatternBytes = 64 * 1024;

class PatternCache final : public BuiltinCache {
 public:
  // The program made earlier under `key`, or nullptr. Charges for the pattern if this evaluation has not yet.
  const RE2* Find(BuiltinContext& context, std::string_view key);
  // Compiles `pattern` and keeps it under `key`, until the next Add. Never null; ok() tells whether it compiled.
  const RE2* Add(BuiltinContext& context, std::string_view key, std::string_view pattern, bool dot_all = false);

 private:
  struct Entry {
    std::unique_ptr<RE2> program;
    std::uint64_t evaluation = 0;  // that used it last
    std::size_t weight = 0;
  };
  void MakeRoom(std::uint64_t evaluation, std::size_t weight);
  std::size_t weight_ = 0;
  std::unordered_map<std::string, Entry, base::StringHash, base::StringEq> programs_;
};

inline re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view View(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

// Counts one run of a program over text. Small programs become automata, which look at each byte once; a large one
// may look at each byte once for every instruction.
void ChargeRun(BuiltinContext& context, const RE2& program, std::size_t bytes);

// The program for a pattern of the regex builtins; nullptr with the error recorded.
const RE2* CompileRegex(BuiltinContext& context, std::string_view pattern);

}  // namespace intentgate::rego::builtins
