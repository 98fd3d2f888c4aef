#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/encoding.h"
#include "mcp/call_states.h"

namespace intentgate::mcp {
namespace {

struct Bench {
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  std::shared_ptr<CallStates> Replica(const std::vector<std::string>& secrets) const {
    std::vector<crypto::SecretBytes> keys;
    for (const std::string& secret : secrets) keys.emplace_back(base::AsBytes(secret));
    auto replica = CallStates::Create(keys, clock, SystemRandom());
    REQUIRE(replica.ok());
    return *replica;
  }
  std::shared_ptr<CallStates> made = Replica({});
  CallStates& states = *made;
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

TEST_CASE("a round goes on at another gateway with the secret, and is charged there: how often it was used is not known") {
  const Bench b;
  const auto first = b.Replica({"one"}), second = b.Replica({"two", "one"}), stranger = b.Replica({"two"});
  const std::string state = *first->Seal("p", b.call, "of the upstream");
  const auto opened = second->Open(state, "p", b.call);
  REQUIRE(opened.has_value());
  CHECK(opened->upstream == "of the upstream");
  CHECK_FALSE(opened->first);
  CHECK(first->Open(state, "p", b.call)->first);
  CHECK_FALSE(second->Open(state, "q", b.call).has_value());
  CHECK_FALSE(stranger->Open(state, "p", b.call).has_value());
  CHECK_FALSE(b.Replica({})->Open(state, "p", b.call).has_value());
  // A new secret in front: what it makes, those that have it read.
  CHECK(stranger->Open(*second->Seal("p", b.call, "s"), "p", b.call).has_value());
  CHECK_FALSE(first->Open(*second->Seal("p", b.call, "s"), "p", b.call).has_value());
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
