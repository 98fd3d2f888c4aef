// Equality and lists: equals, one_of, contains, subset. All four are questions to one set of values.
//
// A value of a JSON type that the set does not hold is not "unequal" but unjudged: `not equals "5"`
// must not pass 5 to a tool that reads both the same way. Null is the exception on the set's side, for
// null and any other value cannot be mistaken for each other.

#include <array>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/string_map.h"
#include "token/constraints/canonical.h"
#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

class ValueSet {
 public:
  static Result<ValueSet> Create(const std::vector<json::Value>& values, std::string_view kind) {
    if (values.empty()) {
      return Error{ErrorCode::kInvalidArgument, std::string(kind) + ": needs at least one value"};
    }
    ValueSet set;
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::optional<std::string> text = CanonicalText(values[i]);
      if (!text) {
        return Error{ErrorCode::kInvalidArgument,
                     std::string(kind) + ": value " + std::to_string(i) +
                         " has no exact meaning (an exponent over 1000000, a repeated member or invalid UTF-8)"};
      }
      set.texts_.insert(*std::move(text));
      set.kinds_[static_cast<std::size_t>(values[i].kind())] = true;
    }
    set.only_null_ = set.kinds_[0] && set.texts_.size() == 1;
    return set;
  }

  std::size_t size() const { return texts_.size(); }

  struct Answer {
    Judgement judgement;
    const std::string* entry;  // the member found
  };
  Answer Ask(const json::Value& value) const {
    if (!only_null_ && !kinds_[static_cast<std::size_t>(value.kind())]) return {Judgement::kCannotJudge, nullptr};
    const std::optional<std::string> text = CanonicalText(value);
    if (!text) return {Judgement::kCannotJudge, nullptr};
    const auto found = texts_.find(*text);
    if (found == texts_.end()) return {Judgement::kFails, nullptr};
    return {Judgement::kHolds, &*found};
  }

 private:
  std::unordered_set<std::string, base::StringHash, base::StringEq> texts_;
  std::array<bool, 6> kinds_{};
  bool only_null_ = false;
};

class EqualsConstraint final : public CompiledConstraint {
 public:
  EqualsConstraint(ValueSet set, std::string failure) : set_(std::move(set)), failure_(std::move(failure)) {}

  JudgedValue Judge(const json::Value& value) const override {
    switch (set_.Ask(value).judgement) {
      case Judgement::kHolds: return Holds();
      case Judgement::kFails: return Fails(failure_);
      case Judgement::kCannotJudge: break;
    }
    return CannotJudge(failure_ + ": " + std::string(json::KindName(value.kind())) + " cannot be compared with it");
  }

 private:
  ValueSet set_;
  std::string failure_;
};

class ContainsConstraint final : public CompiledConstraint {
 public:
  ContainsConstraint(ValueSet set, std::string failure) : set_(std::move(set)), failure_(std::move(failure)) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_array()) return WrongType(value, "a list");
    std::unordered_set<const std::string*> found;
    bool unjudged = false;
    for (const json::Value& item : value.array()) {
      const ValueSet::Answer answer = set_.Ask(item);
      if (answer.entry != nullptr) found.insert(answer.entry);
      unjudged = unjudged || answer.judgement == Judgement::kCannotJudge;
      if (found.size() == set_.size()) return Holds();
    }
    if (unjudged) return CannotJudge("has an element that cannot be compared");
    return Fails(failure_);
  }

 private:
  ValueSet set_;
  std::string failure_;
};

class SubsetConstraint final : public CompiledConstraint {
 public:
  SubsetConstraint(ValueSet set, std::string failure) : set_(std::move(set)), failure_(std::move(failure)) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_array()) return WrongType(value, "a list");
    bool outside = false;
    for (const json::Value& item : value.array()) {
      const Judgement judgement = set_.Ask(item).judgement;
      if (judgement == Judgement::kCannotJudge) return CannotJudge("has an element that cannot be compared");
      outside = outside || judgement == Judgement::kFails;
    }
    return outside ? Fails(failure_) : Holds();
  }

 private:
  ValueSet set_;
  std::string failure_;
};

template <typename T>
Result<ConstraintPtr> CompileSet(const Constraint& c, std::string failure) {
  Result<ValueSet> set = ValueSet::Create(c.values, ConstraintKindName(c.kind));
  if (!set.ok()) return std::move(set).error();
  return ConstraintPtr(std::make_shared<T>(*std::move(set), std::move(failure)));
}

}  // namespace

Result<ConstraintPtr> CompileEqualsOrOneOf(const Constraint& c) {
  if (c.kind == ConstraintKind::kEquals && c.values.size() != 1) {
    return Error{ErrorCode::kInvalidArgument, "equals: needs exactly one value; one_of takes several"};
  }
  return CompileSet<EqualsConstraint>(c, "does not satisfy: " + c.Describe());
}

Result<ConstraintPtr> CompileContains(const Constraint& c) {
  return CompileSet<ContainsConstraint>(c, "does not satisfy: " + c.Describe());
}

Result<ConstraintPtr> CompileSubset(const Constraint& c) {
  return CompileSet<SubsetConstraint>(c, "does not satisfy: " + c.Describe());
}

}  // namespace intentgate::token
