#include <doctest/doctest.h>

#include "settings/yaml_tree.h"

namespace intentgate::settings {
namespace {

YamlProblem ProblemOf(std::string_view text) {
  const auto read = ReadYaml(text);
  REQUIRE(std::holds_alternative<YamlProblem>(read));
  return std::get<YamlProblem>(read);
}

}  // namespace

TEST_CASE("a tree keeps order, text and places") {
  const auto read = ReadYaml("a:\n  b: 1.10\n  c: [x, ~, 'true']\n");
  REQUIRE(std::holds_alternative<YamlNode>(read));
  const YamlNode& a = std::get<YamlNode>(read).children.at(0);
  CHECK(a.name == "a");
  CHECK(a.children[0].text == "1.10");
  CHECK(a.children[0].place.line == 2);
  CHECK(a.children[0].place.column == 6);
  CHECK(a.children[1].name_place.line == 3);
  CHECK(a.children[1].children[1].kind == YamlKind::kNull);
  CHECK(a.children[1].children[2].text == "true");
}

TEST_CASE("an empty file is nothing") {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n"}) {
    const auto read = ReadYaml(text);
    REQUIRE(std::holds_alternative<YamlNode>(read));
    CHECK(std::get<YamlNode>(read).kind == YamlKind::kNull);
  }
}

TEST_CASE("what two readers may disagree about is refused with its place") {
  CHECK(ProblemOf("a: 1\nb: 2\na: 3\n").message == "\"a\" is given twice; keep one");
  CHECK(ProblemOf("a: 1\nb: 2\na: 3\n").place.line == 3);
  CHECK(ProblemOf("a: &x 1\nb: *x\n").message.find("anchors") == 0);
  CHECK(ProblemOf("a: !!int 1\n").message.find("tags") == 0);
  CHECK(ProblemOf("a: 1\n---\nb: 2\n").message.find("a second document") == 0);
  CHECK(ProblemOf("[1, 2]: 3\n").message == "a name must be plain text");
  CHECK(ProblemOf("a: [1\n").message.find("not YAML") == 0);
  CHECK(ProblemOf("a: b: c\n").place.line == 1);
}

TEST_CASE("a file that is too large or too deep is refused, not read") {
  CHECK(ProblemOf(std::string(kMaxYamlBytes + 1, ' ')).message.find("larger than") != std::string::npos);
  CHECK(ProblemOf(std::string(100'000, '[')).message.find("not YAML") == 0);
}

}  // namespace intentgate::settings
