// not, all, any, in three values. What cannot be judged weighs more than what fails in `all`, so that
// `not all` does not pass a value that one part could not read.

#include <string>
#include <vector>

#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

// Behind this, `any` adds no more reasons to its message.
constexpr std::size_t kMaxWhyBytes = 400;

class NotConstraint final : public CompiledConstraint {
 public:
  NotConstraint(ConstraintPtr inner, std::string failure) : inner_(std::move(inner)), failure_(std::move(failure)) {}

  JudgedValue Judge(const json::Value& value) const override {
    JudgedValue judged = inner_->Judge(value);
    switch (judged.judgement) {
      case Judgement::kHolds: return Fails(failure_);
      case Judgement::kFails: return Holds();
      case Judgement::kCannotJudge: break;
    }
    return judged;
  }

 private:
  ConstraintPtr inner_;
  std::string failure_;
};

class AllConstraint final : public CompiledConstraint {
 public:
  explicit AllConstraint(std::vector<ConstraintPtr> parts) : parts_(std::move(parts)) {}

  JudgedValue Judge(const json::Value& value) const override {
    JudgedValue out = Holds();
    for (const ConstraintPtr& part : parts_) {
      JudgedValue judged = part->Judge(value);
      if (judged.judgement == Judgement::kCannotJudge) return judged;
      if (judged.judgement == Judgement::kFails && out.judgement == Judgement::kHolds) out = std::move(judged);
    }
    return out;
  }

 private:
  std::vector<ConstraintPtr> parts_;
};

class AnyConstraint final : public CompiledConstraint {
 public:
  explicit AnyConstraint(std::vector<ConstraintPtr> parts) : parts_(std::move(parts)) {}

  JudgedValue Judge(const json::Value& value) const override {
    JudgedValue out = Fails({});
    for (const ConstraintPtr& part : parts_) {
      JudgedValue judged = part->Judge(value);
      if (judged.judgement == Judgement::kHolds) return judged;
      if (judged.judgement == Judgement::kCannotJudge) out.judgement = Judgement::kCannotJudge;
      if (out.why.size() > kMaxWhyBytes) continue;
      if (!out.why.empty()) out.why += "; and ";
      out.why += judged.why;
    }
    return out;
  }

 private:
  std::vector<ConstraintPtr> parts_;
};

}  // namespace

ConstraintPtr MakeNot(ConstraintPtr inner, std::string description) {
  return std::make_shared<NotConstraint>(std::move(inner), "does not satisfy: " + description);
}
ConstraintPtr MakeAll(std::vector<ConstraintPtr> parts) { return std::make_shared<AllConstraint>(std::move(parts)); }
ConstraintPtr MakeAny(std::vector<ConstraintPtr> parts) { return std::make_shared<AnyConstraint>(std::move(parts)); }

}  // namespace intentgate::token
