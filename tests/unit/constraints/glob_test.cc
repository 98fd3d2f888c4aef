#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "unit/constraints/constraint_check.h"

namespace intentgate::token {
namespace {

// The definition, spelled out: slow, and without doubt.
bool Reference(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.starts_with("**")) {
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (Reference(pattern.substr(2), text.substr(i))) return true;
    }
    return false;
  }
  if (pattern[0] == '*') {
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (i > 0 && text[i - 1] == '/') return false;
      if (Reference(pattern.substr(1), text.substr(i))) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  if (pattern[0] == '?') return text[0] != '/' && Reference(pattern.substr(1), text.substr(1));
  return pattern[0] == text[0] && Reference(pattern.substr(1), text.substr(1));
}

std::string Holds(const char* pattern, const char* text) { return Ask(Constraint::Glob(pattern), text); }

}  // namespace

TEST_CASE("tool globs answer as Go's path.Match does, case by case") {
  std::ifstream file(std::string(INTENTGATE_TEST_DATA) + "/golden/glob/path_match.json");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Result<json::Value> cases = json::Parse(text);
  REQUIRE(cases.ok());
  REQUIRE(cases->array().size() > 1000);
  for (const json::Value& row : cases->array()) {
    const std::string& pattern = row.array()[0].string_value();
    const std::string& name = row.array()[1].string_value();
    const std::int64_t want = *row.array()[2].AsInt64();  // 1, 0, or -1 for a malformed pattern
    INFO(pattern, "  ", name);
    CHECK(ValidateGlob(pattern, true).ok() == (want >= 0));
    CHECK(GlobMatch(pattern, name, true) == (want == 1));
  }
}

TEST_CASE("one star and a question mark stop at a slash, two stars do not") {
  CHECK(Holds("/data/*.csv", "/data/a.csv") == "holds");
  CHECK(Holds("/data/*.csv", "/data/x/a.csv") == "fails: does not match the glob \"/data/*.csv\"");
  CHECK(Holds("/data/**/*.csv", "/data/x/y/a.csv") == "holds");
  CHECK(Holds("/data/**/*.csv", "/data/a.csv").starts_with("fails"));
  CHECK(Holds("/data/?", "/data/\xc3\xa9") == "holds");
  CHECK(Holds("a?b", "a/b").starts_with("fails"));
  CHECK(Holds("a**b", "a/x/b") == "holds");
  CHECK(Holds("**", "") == "holds");
  CHECK(Holds("", "") == "holds");
  CHECK(Holds("", "x").starts_with("fails"));
}

TEST_CASE("classes match one character of theirs and never a slash") {
  CHECK(Holds("[a-c]x", "bx") == "holds");
  CHECK(Holds("[!a-c]x", "dx") == "holds");
  CHECK(Holds("[!a-c]x", "ax").starts_with("fails"));
  CHECK(Holds("a[!x]b", "a/b").starts_with("fails"));
  CHECK(Holds("a[+-9]b", "a/b").starts_with("fails"));
  CHECK(Holds("[\\]\\-]", "-") == "holds");
  CHECK(Holds("[\\^]", "^") == "holds");
  CHECK(Holds("[\xc3\xa0-\xc3\xaf]", "\xc3\xa9") == "holds");
  CHECK(Holds("\\*", "*") == "holds");
  CHECK(Holds("\\*", "x").starts_with("fails"));
}

TEST_CASE("a malformed glob is refused and says where") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a[b", "a class without its `]` at byte 2"},
      {"[", "a class without its `]` at byte 0"},
      {"[]", "needs a backslash at byte 1"},
      {"[a-]", "needs a backslash at byte 3"},
      {"[-a]", "needs a backslash at byte 1"},
      {"a\\", "a backslash with nothing to escape at byte 1"},
      {"[z-a]", "a range that runs backwards at byte 1"},
      {"[^a]", "`[^` is not a negation here"},
      {"a***", "more than two stars"},
  };
  for (const auto& [pattern, message] : cases) {
    INFO(pattern);
    CHECK(Invalid(Constraint::Glob(pattern)).find(message) != std::string::npos);
    CHECK_FALSE(ValidateGlob(pattern, false).ok());
    CHECK_FALSE(GlobMatch(pattern, pattern, false));
  }
  CHECK(Invalid(Constraint::Glob(std::string(513, 'a'))) == "glob: a pattern has at most 512 bytes");
}

TEST_CASE("a glob over paths does not let dot components or encoded ones through") {
  const std::string flaw = "unjudged: has a `.` or `..` component, a backslash or an encoded separator";
  for (const char* text : {"/data/../etc/passwd", "/data/..", "/data/./x", "/data/%2e%2e/x", "/data/%2E%2E/x",
                           "/data/..%2fx", "/data/a\\..\\b", "/data/%5cx", "/data/%252e", "/data/x%00"}) {
    INFO(text);
    CHECK(Holds("/data/**", text) == flaw);
    CHECK(Ask(Constraint::Not(Constraint::Glob("/etc/**")), text) == flaw);
  }
  CHECK(Holds("/data/**", "/data/..x/a") == "holds");
  CHECK(Holds("*", "..") == "holds");
  CHECK(Ask(Constraint::Glob("*.csv"), json::Value(std::string("a\0.csv", 6))) == "unjudged: has a NUL character");
  CHECK(Ask(Constraint::Glob("**"), std::string(4097, 'a')) == "unjudged: is over 4096 bytes, too long for a glob");
  CHECK(AskText(Constraint::Glob("*"), "5") == "unjudged: is a number, not a string");
}

TEST_CASE("the matcher agrees with the definition on every small case") {
  std::mt19937 random(11);
  const auto pick = [&random](std::string_view alphabet, std::size_t longest) {
    std::string out;
    for (std::size_t n = random() % (longest + 1); n > 0; --n) out += alphabet[random() % alphabet.size()];
    return out;
  };
  for (int i = 0; i < 20000; ++i) {
    const std::string pattern = pick("ab/**?", 7);
    const std::string text = pick("ab/", 7);
    if (pattern.find("***") != std::string::npos) continue;
    INFO(pattern, "  ", text);
    CHECK(GlobMatch(pattern, text, false) == Reference(pattern, text));
  }
}

TEST_CASE("a hundred stars cost no more than pattern times text") {
  std::string stars;
  for (int i = 0; i < 100; ++i) stars += "*a";
  const std::string text(4000, 'a');
  // Backtracking over these would not end in this test's lifetime.
  CHECK_FALSE(GlobMatch(stars + "b", text, false));
  CHECK_FALSE(GlobMatch(stars + "b", text, true));
  std::string globstars;
  for (int i = 0; i < 100; ++i) globstars += "**a";
  CHECK_FALSE(GlobMatch(globstars + "b", text, false));
  CHECK(GlobMatch(globstars, text, false));
}

}  // namespace intentgate::token
