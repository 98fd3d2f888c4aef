#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "mcp/tool_pins.h"

namespace intentgate::mcp {
namespace {

std::string DigestOf(std::string_view tool) { return DefinitionDigest(*json::Parse(tool)); }

}  // namespace

TEST_CASE("a definition's digest changes with what the tool says and with nothing else") {
  const std::string plain = DigestOf(R"({"name":"t","description":"d","inputSchema":{"type":"object","properties":{"a":{},"b":{}}}})");
  CHECK(plain == DigestOf(R"({"inputSchema":{"properties":{"b":{},"a":{}},"type":"object"},"name":"t","description":"d","icons":[],"_meta":{}})"));
  for (const std::string_view other : {R"({"name":"t","description":"D","inputSchema":{"type":"object","properties":{"a":{},"b":{}}}})",
                                       R"({"name":"t","description":"d","inputSchema":{"type":"object","properties":{"a":{},"b":{"x":1}}}})",
                                       R"({"name":"t","description":"d","inputSchema":{"type":"object","properties":{"a":{},"b":{}}},"annotations":{"readOnlyHint":true}})",
                                       R"({"name":"t","title":"T","description":"d","inputSchema":{"type":"object","properties":{"a":{},"b":{}}}})",
                                       R"({"name":"t","description":"d","inputSchema":{"type":"object","properties":{"a":{},"b":{}}},"outputSchema":{}})"}) {
    CHECK(DigestOf(other) != plain);
  }
}

TEST_CASE("a pin file accepts the definitions that it names, and a broken line is told with its number") {
  const std::string a(64, 'a'), b(64, 'b');
  const Result<ToolPins> pins = ToolPins::Parse("# accepted by ops\n\n" + a + " read file\r\n" + b + "  read file\n" + a + " other");
  REQUIRE(pins.ok());
  CHECK(pins->size() == 2);
  CHECK(pins->Accepts("read file", a));
  CHECK(pins->Accepts("read file", b));
  CHECK(pins->Accepts("other", a));
  CHECK_FALSE(pins->Accepts("other", b));
  CHECK_FALSE(pins->Accepts("unknown", a));
  CHECK(ToolPins::Parse("")->size() == 0);
  for (const std::string& bad : std::vector<std::string>{a, a + " ", a.substr(1) + " t", std::string(64, 'A') + " t", "x t"}) {
    const Result<ToolPins> refused = ToolPins::Parse("# one\n" + bad + "\n");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message.find("line 2") != std::string::npos);
  }
  CHECK_FALSE(ToolPins::Read("/nowhere/pins").ok());
}

TEST_CASE("an accepted definition takes the place of the tool's others and leaves every other line") {
  const std::string a(64, 'a'), b(64, 'b');
  const std::string said = R"({"name":"t"})", digest = DigestOf(said);
  const std::string text = "# ops\r\n" + a + " t\n\n" + b + " t2\n" + b + " t\n";
  const std::string changed = WithPin(text, {"t", digest, said}, false);
  CHECK(changed == "# ops\n\n" + b + " t2\n# definition " + said + "\n" + digest + " t\n");
  CHECK(ToolPins::Parse(changed)->DefinitionOf(digest) == said);
  CHECK(WithPin(changed, {"t", digest, said}, false) == changed);
  const std::string kept = WithPin(text, {"t", digest, said}, true);
  CHECK(ToolPins::Parse(kept)->digests().at("t") == std::vector<std::string>{a, b, digest});
  CHECK(WithPin("", {"t", a, ""}, false) == a + " t\n");
}

TEST_CASE("the text of a definition goes with its last line, and one that several tools share stays") {
  const std::string said = R"({"name":"t"})", digest = DigestOf(said), b(64, 'b');
  const std::string one = WithPin("", {"t", digest, said}, false);
  CHECK(WithPin(one, {"t", b, ""}, false) == b + " t\n");
  const std::string two = WithPin(one, {"p_t", digest, said}, false);
  CHECK(WithPin(two, {"t", b, ""}, false).find("# definition " + said) != std::string::npos);
}

TEST_CASE("a definition's text counts for the digest that it has, whatever stands beside it") {
  const std::string said = R"({"name":"t"})";
  const Result<ToolPins> pins = ToolPins::Parse("# definition " + said + "\n" + std::string(64, 'a') + " t\n# definition nonsense\n");
  REQUIRE(pins.ok());
  CHECK(pins->DefinitionOf(std::string(64, 'a')).empty());
}

TEST_CASE("a name that would be another line is written into no file") {
  const std::string a(64, 'a'), b(64, 'b');
  for (const std::string& name : std::vector<std::string>{"t\n" + b + " evil", " t", "t ", "", "t\r", std::string(1'000, 't')}) {
    CHECK(WithPin(a + " t\n", {name, b, ""}, false) == a + " t\n");
  }
}

}  // namespace intentgate::mcp
