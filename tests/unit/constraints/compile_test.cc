#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "unit/constraints/constraint_check.h"

namespace intentgate::token {

TEST_CASE("nesting and the number of parts end exactly at their limits") {
  Constraint c = Constraint::Prefix("a");
  for (std::size_t depth = 1; depth < kMaxConstraintDepth; ++depth) c = Constraint::Not(c);
  CHECK(Invalid(c) == "valid");
  const Status deep = ValidateConstraint(Constraint::Not(c));
  REQUIRE_FALSE(deep.ok());
  CHECK(deep.error().code == ErrorCode::kLimitExceeded);
  CHECK(deep.error().message == "prefix: nested over 8 deep");

  std::vector<Constraint> parts(kMaxConstraintNodes - 1, Constraint::Prefix("a"));
  CHECK(Invalid(Constraint::All(parts)) == "valid");
  parts.push_back(Constraint::Prefix("a"));
  CHECK(ValidateConstraint(Constraint::Any(parts)).error().code == ErrorCode::kLimitExceeded);

  CHECK(ValidateConstraint(Constraint::OneOf(std::vector<json::Value>(1025, json::Value(1)))).error().code ==
        ErrorCode::kLimitExceeded);
}

TEST_CASE("combinators without parts are refused") {
  CHECK(Invalid(Constraint::All({})) == "all: needs at least one inner constraint");
  CHECK(Invalid(Constraint::Any({})) == "any: needs at least one inner constraint");
  Constraint two = Constraint::Not(Constraint::Prefix("a"));
  two.inner.push_back(Constraint::Prefix("b"));
  CHECK(Invalid(two) == "not: takes exactly one inner constraint");
}

TEST_CASE("a flaw deep inside is found") {
  const Constraint c =
      Constraint::All({Constraint::Prefix("a"), Constraint::Not(Constraint::Any({Constraint::Glob("[")}))});
  CHECK(Invalid(c).starts_with("glob \"[\": "));
}

TEST_CASE("members of another kind are refused rather than ignored") {
  Constraint c = Constraint::Prefix("a");
  c.max = "5";
  CHECK(Invalid(c) == "prefix: has members that belong to another kind");
  Constraint kind;
  kind.kind = static_cast<ConstraintKind>(99);
  CHECK(Invalid(kind) == "a constraint of an unknown kind");
  Constraint none;
  none.kind = ConstraintKind::kRegex;
  CHECK(Invalid(none) == "regex: needs its text");
  CHECK(Invalid(Constraint::Cidr({})) == "cidr: needs at least one block");
  CHECK(Invalid(Constraint::Prefix("\xff")) == "prefix: a text is not valid UTF-8");
}

}  // namespace intentgate::token
