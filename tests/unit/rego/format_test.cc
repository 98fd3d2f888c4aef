// The formatter. Texts in the usual layout were held against `opa fmt`; tests/conformance/libraries does it with 2,400 files.

#include <doctest/doctest.h>

#include <string>

#include <intentgate/rego_format.h>

namespace intentgate::rego {
namespace {

std::string Formatted(std::string_view text, LanguageVersion version = LanguageVersion::kV1) {
  const Result<std::string> out = Format(text, version);
  REQUIRE(out.ok());
  const Result<std::string> again = Format(*out, version);
  REQUIRE(again.ok());
  CHECK(*again == *out);
  return *out;
}

}  // namespace

TEST_CASE("blanks, semicolons and one-line bodies are laid out; comments stay") {
  CHECK(Formatted("package   p\n\n\n\nimport data.x\n# why\nallow if{input.a==1;  not  x.f( 1,2 )  # last\n}\nn:=-1+x[0]\n") ==
        "package p\n"
        "\n"
        "import data.x\n"
        "# why\n"
        "allow if {\n"
        "\tinput.a == 1\n"
        "\tnot x.f(1, 2) # last\n"
        "}\n"
        "n := -1 + x[0]\n");
}

TEST_CASE("what is spread over lines is indented by its brackets and ends with a comma") {
  CHECK(Formatted("package p\nx := {\"a\": [{\n\"b\":1},\n2]}\ny := f(\n  1,\n2)\nz := {k: v |\nsome k, v in x\nv > 1}\n") ==
        "package p\n"
        "x := {\"a\": [{\n"
        "\t\"b\": 1,\n"
        "},\n"
        "\t2]}\n"
        "y := f(\n"
        "\t1,\n"
        "\t2,\n"
        ")\n"
        "z := {k: v |\n"
        "\tsome k, v in x\n"
        "\tv > 1\n"
        "}\n");
}

TEST_CASE("every, else, with and a line that goes on") {
  CHECK(Formatted("package p\na if {\n every x in [1,2] { x>0 }\n} else := 2 if { b }\nb if\n c with input as 1\n with data.x as 2\nd :=\n 1 +\n 2\n") ==
        "package p\n"
        "a if {\n"
        "\tevery x in [1, 2] {\n"
        "\t\tx > 0\n"
        "\t}\n"
        "} else := 2 if {\n"
        "\tb\n"
        "}\n"
        "b if c with input as 1\n"
        "\twith data.x as 2\n"
        "d := 1 + 2\n");
}

TEST_CASE("v0 bodies, and strings as they were written") {
  CHECK(Formatted("package p\np[x]{x:=`a\n  b`}\nq = {\"s\\u0041\"} { true }\n", LanguageVersion::kV0) ==
        "package p\n"
        "p[x] {\n"
        "\tx := `a\n"
        "  b`\n"
        "}\n"
        "q = {\"s\\u0041\"} {\n"
        "\ttrue\n"
        "}\n");
}

TEST_CASE("a keyword at the end of an import is a name, and the line ends there") {
  const std::string text = "package p\n\nimport future.keywords.in\n\nimport future.keywords.not\n\nimport data.x.contains\n\nimport data.y\n";
  CHECK(Formatted(text) == text);
}

TEST_CASE("comments around everything") {
  CHECK(Formatted("# top\n\n# METADATA\n# title: x\npackage p # same\n\nx := [ # open\n1, # one\n# two\n2\n# end\n]\n# last") ==
        "# top\n"
        "\n"
        "# METADATA\n"
        "# title: x\n"
        "package p # same\n"
        "\n"
        "x := [ # open\n"
        "\t1, # one\n"
        "\t# two\n"
        "\t2,\n"
        "\t# end\n"
        "]\n"
        "# last\n");
}

TEST_CASE("what does not parse is left alone, with the place") {
  const Result<std::string> out = Format("package p\nx := [\n");
  REQUIRE_FALSE(out.ok());
  CHECK(out.error().code == ErrorCode::kMalformed);
  CHECK(out.error().message.find("rego_parse_error") != std::string::npos);
}

}  // namespace intentgate::rego
