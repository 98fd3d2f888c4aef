// Regular expressions, by RE2: time linear in the text for every pattern, memory bounded at compile
// time. This is the one file that sees RE2.

#include <memory>
#include <string>

#include <re2/re2.h>

#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

// Compiled program and DFA cache together.
constexpr std::int64_t kMaxRegexMemory = std::int64_t{1} << 20;

RE2::Options Options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexMemory);
  options.set_never_nl(true);
  options.set_never_capture(true);
  return options;
}

class RegexConstraint final : public CompiledConstraint {
 public:
  RegexConstraint(std::unique_ptr<const RE2> regex, std::string pattern)
      : regex_(std::move(regex)), pattern_(std::move(pattern)) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_string()) return WrongType(value, "a string");
    const std::string& text = value.string_value();
    if (text.size() > kMaxRegexTextBytes) {
      return CannotJudge("is over " + std::to_string(kMaxRegexTextBytes) + " bytes, too long for a regex");
    }
    // A pattern's writer thinks of one line: `.` and `$` mean other things in other engines beyond it.
    if (text.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos) {
      return CannotJudge("has a NUL character or a line end");
    }
    if (!RE2::FullMatch(text, *regex_)) return Fails("does not match the regex " + Quote(pattern_));
    return Holds();
  }

 private:
  std::unique_ptr<const RE2> regex_;
  std::string pattern_;
};

}  // namespace

Result<ConstraintPtr> CompileRegex(const Constraint& c) {
  const std::string& pattern = c.texts.front();
  if (pattern.size() > kMaxRegexBytes) {
    return Error{ErrorCode::kLimitExceeded,
                 "regex: a pattern has at most " + std::to_string(kMaxRegexBytes) + " bytes"};
  }
  auto regex = std::make_unique<const RE2>(pattern, Options());
  if (!regex->ok()) {
    const bool too_large = regex->error_code() == RE2::ErrorPatternTooLarge;
    return Error{too_large ? ErrorCode::kLimitExceeded : ErrorCode::kInvalidArgument,
                 "regex " + Quote(pattern) + " is not RE2 syntax: " + regex->error()};
  }
  if (regex->ProgramSize() > static_cast<int>(kMaxRegexProgram)) {
    return Error{ErrorCode::kLimitExceeded, "regex " + Quote(pattern) + " compiles to " +
                                                std::to_string(regex->ProgramSize()) + " steps; at most " +
                                                std::to_string(kMaxRegexProgram) + " are allowed"};
  }
  return ConstraintPtr(std::make_shared<RegexConstraint>(std::move(regex), pattern));
}

}  // namespace intentgate::token
