// Constraints on argument values: from the description (Constraint, caveat.h) to a verdict.
//
//   auto compiled = CompileConstraint(Constraint::Subpath("/data/q3"));
//   ConstraintVerdict v = Evaluate(**compiled, *arguments.AtPointer("/path"));
//   if (!v.holds) Refuse(v.why);   // `is not under "/data/q3"`
//
// A constraint answers in three ways: it holds, it fails, or it cannot judge the value: the wrong
// type, or a spelling that two programs may read differently (`/data/../x`, a URL with userinfo).
// What cannot be judged is refused, and stays refused under `not`; so a deny list cannot be passed by
// writing the forbidden thing in a strange way. `all` cannot judge when one of its parts cannot, `any`
// holds when one part holds whatever the others say.
//
// Texts are compared as bytes: NFC and NFD of one word are two words.
//
// Cost: linear in the value for every family but glob, which is pattern length times text length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <intentgate/caveat.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::token {

// A description may not carry more than these; kLimitExceeded from CompileConstraint.
inline constexpr std::size_t kMaxConstraintItems = 1024;  // values, texts, hosts, ports of one constraint, each
inline constexpr std::size_t kMaxGlobBytes = 512;
inline constexpr std::size_t kMaxRegexProgram = 2048;     // RE2 instructions

// A value beyond these cannot be judged.
inline constexpr std::size_t kMaxGlobTextBytes = 4096;
inline constexpr std::size_t kMaxRegexTextBytes = 16 * 1024;
inline constexpr std::size_t kMaxPathBytes = 4096;
inline constexpr std::size_t kMaxUrlBytes = 8192;

enum class Judgement : std::uint8_t { kHolds, kFails, kCannotJudge };

struct JudgedValue {
  Judgement judgement = Judgement::kCannotJudge;
  std::string why;  // empty when it holds; never quotes the value
};

// A constraint with its patterns compiled. Immutable, thread-safe.
class CompiledConstraint {
 public:
  virtual ~CompiledConstraint() = default;
  // Held by shared_ptr and shared between threads, so it has no copies.
  CompiledConstraint(const CompiledConstraint&) = delete;
  CompiledConstraint& operator=(const CompiledConstraint&) = delete;

  virtual JudgedValue Judge(const json::Value& value) const = 0;

 protected:
  CompiledConstraint() = default;
};

// kInvalidArgument: what could never hold or would say nothing (an empty list, a malformed pattern, a
// private address among the hosts, a member of another kind); kLimitExceeded: depth, nodes, items,
// pattern size. The message names the constraint and the way out.
Result<std::shared_ptr<const CompiledConstraint>> CompileConstraint(const Constraint& constraint);

// CompileConstraint's errors without its result.
Status ValidateConstraint(const Constraint& constraint);

struct ConstraintVerdict {
  bool holds = false;
  std::string why;  // why it does not hold; safe to show, quotes the constraint and not the value
};
ConstraintVerdict Evaluate(const CompiledConstraint& constraint, const json::Value& value);

// Two rules for globs. Both work on code points; an invalid UTF-8 byte counts as one U+FFFD.
//   public_rules = true: Go's path.Match, for tool names in tokens. `*` any run without `/`, `?` one
//     character but `/`, `[a-z]`, `[^a]` (classes may match `/`), backslash escapes.
//   public_rules = false: Constraint::Glob. As caveat.h says; a class never matches `/`.
// kInvalidArgument with the position when the pattern is malformed.
Status ValidateGlob(std::string_view pattern, bool public_rules);
// False for a malformed pattern: a deny list must call ValidateGlob first and refuse what it refuses.
// Time: pattern length times text length, no recursion. The caller bounds both.
bool GlobMatch(std::string_view pattern, std::string_view text, bool public_rules);

}  // namespace intentgate::token
