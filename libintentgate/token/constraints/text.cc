// Prefixes.

#include <string>

#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

class PrefixConstraint final : public CompiledConstraint {
 public:
  explicit PrefixConstraint(std::string prefix) : prefix_(std::move(prefix)) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_string()) return WrongType(value, "a string");
    // A tool written in C would see another text.
    if (value.string_value().find('\0') != std::string::npos) return CannotJudge("has a NUL character");
    if (!value.string_value().starts_with(prefix_)) return Fails("does not start with " + Quote(prefix_));
    return Holds();
  }

 private:
  std::string prefix_;
};

}  // namespace

Result<ConstraintPtr> CompilePrefix(const Constraint& c) {
  if (c.texts.front().empty()) {
    return Error{ErrorCode::kInvalidArgument, "prefix: is empty, so it would restrict nothing"};
  }
  if (c.texts.front().find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument, "prefix: has a NUL character, so nothing could hold"};
  }
  return ConstraintPtr(std::make_shared<PrefixConstraint>(c.texts.front()));
}

}  // namespace intentgate::token
