#include <doctest/doctest.h>

#include <array>
#include <string>

#include "mcp/call_states.h"

namespace intentgate::mcp {
namespace {

struct Bench {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  CallStates states{crypto::SecretBytes(std::array<std::uint8_t, 32>{1, 2, 3}), clock, SystemRandom()};
  json::Value arguments = json::MakeObject({{"path", "/a"}});
  ToolCall call{.name = "t", .arguments = &arguments, .method = "tools/call", .made = nullptr};
};

}  // namespace

TEST_CASE("a state gives the upstream's back to the same caller and call") {
  Bench b;
  const std::string state = *b.states.Seal("p", b.call, "of the upstream");
  const auto opened = b.states.Open(state, "p", b.call);
  REQUIRE(opened.has_value());
  CHECK(opened->upstream == "of the upstream");
  CHECK(opened->first);
  CHECK_FALSE(b.states.Open(*b.states.Seal("p", b.call, std::nullopt), "p", b.call)->upstream.has_value());
}

TEST_CASE("the second use of a state is told, because it has to be charged") {
  Bench b;
  const std::string state = *b.states.Seal("p", b.call, "s");
  CHECK(b.states.Open(state, "p", b.call)->first);
  CHECK_FALSE(b.states.Open(state, "p", b.call)->first);
}

TEST_CASE("a state of another caller, tool, method or arguments is refused, and so is a changed or old one") {
  Bench b;
  const std::string state = *b.states.Seal("p", b.call, "s");
  CHECK_FALSE(b.states.Open(state, "q", b.call).has_value());
  ToolCall other = b.call;
  other.name = "u";
  CHECK_FALSE(b.states.Open(state, "p", other).has_value());
  other = b.call;
  other.method = "prompts/get";
  CHECK_FALSE(b.states.Open(state, "p", other).has_value());
  const json::Value elsewhere = json::MakeObject({{"path", "/b"}});
  other = b.call;
  other.arguments = &elsewhere;
  CHECK_FALSE(b.states.Open(state, "p", other).has_value());
  other.arguments = nullptr;
  CHECK_FALSE(b.states.Open(state, "p", other).has_value());
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::string changed = state;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(b.states.Open(changed, "p", b.call).has_value());
  }
  for (const std::string text : {"", ".", "a.b", "e30.AAAA"}) CHECK_FALSE(b.states.Open(text, "p", b.call).has_value());
  b.clock->AdvanceMicros((kCallStateSeconds + 1) * 1'000'000);
  CHECK_FALSE(b.states.Open(state, "p", b.call).has_value());
}

}  // namespace intentgate::mcp
