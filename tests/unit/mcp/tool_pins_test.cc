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

}  // namespace intentgate::mcp
