#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "unit/constraints/constraint_check.h"

namespace intentgate::token {
namespace {

// Constraints on the value "v" with a known answer.
const Constraint kYes = Constraint::Equals("v");
const Constraint kNo = Constraint::Equals("w");
const Constraint kUnjudged = Constraint::Range("1", std::nullopt);

char Answer(const Constraint& c) {
  const std::string answer = Ask(c, "v");
  return answer.starts_with("holds")      ? 'T'
         : answer.starts_with("fails")    ? 'F'
         : answer.starts_with("unjudged") ? 'U'
                                          : '!';
}

}  // namespace

TEST_CASE("not turns holds and fails around and leaves the unjudged refused") {
  CHECK(Answer(Constraint::Not(kYes)) == 'F');
  CHECK(Answer(Constraint::Not(kNo)) == 'T');
  CHECK(Answer(Constraint::Not(kUnjudged)) == 'U');
  CHECK(Answer(Constraint::Not(Constraint::Not(kUnjudged))) == 'U');
  CHECK(Answer(Constraint::Not(Constraint::Not(kYes))) == 'T');
}

TEST_CASE("all and any follow their tables, in either order") {
  struct Row { Constraint a, b; char all, any; };
  const std::vector<Row> table = {
      {kYes, kYes, 'T', 'T'},      {kYes, kNo, 'F', 'T'},       {kNo, kNo, 'F', 'F'},
      {kYes, kUnjudged, 'U', 'T'}, {kNo, kUnjudged, 'U', 'U'},  {kUnjudged, kUnjudged, 'U', 'U'},
  };
  for (const Row& row : table) {
    CHECK(Answer(Constraint::All({row.a, row.b})) == row.all);
    CHECK(Answer(Constraint::All({row.b, row.a})) == row.all);
    CHECK(Answer(Constraint::Any({row.a, row.b})) == row.any);
    CHECK(Answer(Constraint::Any({row.b, row.a})) == row.any);
  }
}

TEST_CASE("adding a part to all never allows more, adding one to any never allows less") {
  const std::vector<Constraint> parts = {kYes, kNo, kUnjudged, Constraint::Not(kNo), Constraint::Prefix("v")};
  for (const Constraint& a : parts) {
    for (const Constraint& b : parts) {
      CHECK((Answer(Constraint::All({a, b})) != 'T' || Answer(a) == 'T'));
      CHECK((Answer(a) != 'T' || Answer(Constraint::Any({a, b})) == 'T'));
      // No negation passes a value that a part could not read.
      if (Answer(a) == 'U') CHECK(Answer(Constraint::Not(Constraint::All({a, b}))) != 'T');
      if (Answer(a) == 'U') CHECK(Answer(Constraint::Not(Constraint::Any({a, b}))) != 'T');
    }
  }
}

TEST_CASE("a refusal says what was wanted and not what was given") {
  const Constraint c = Constraint::Any({Constraint::Prefix("a"), Constraint::Not(Constraint::Prefix("secret"))});
  CHECK(Ask(c, "secret-value") ==
        "fails: does not start with \"a\"; and does not satisfy: not (starts with \"secret\")");
}

TEST_CASE("the reasons of a long any are cut") {
  CHECK(Ask(Constraint::Any(std::vector<Constraint>(200, Constraint::Prefix("abc"))), "x").size() < 600);
}

}  // namespace intentgate::token
