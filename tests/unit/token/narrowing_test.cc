// The property that attenuation rests on: whatever a child adds, it allows no call that its parent
// refuses. Random tokens of all formats, random caveats - also wider ones than the parent's -, random calls.

#include "unit/token/support.h"

#include <random>

namespace intentgate {
namespace {

using namespace token_test;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t Below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine_); }
  std::string Pick(std::vector<std::string> from) { return from[Below(from.size())]; }

 private:
  std::mt19937_64 engine_;
};

const std::vector<std::string> kTools = {"read", "read_x", "write", "sap.pay", "del/all", "*"};
const std::vector<std::string> kPatterns = {"read", "*", "read*", "w?ite", "[a-s]*", "sap.*", "del/*", "write"};

Constraint RandomConstraint(Dice& dice, int depth) {
  switch (dice.Below(depth > 0 ? 9 : 6)) {
    case 0: return Constraint::Equals(static_cast<std::int64_t>(dice.Below(4)));
    case 1: return Constraint::OneOf({json::Value("a"), json::Value(static_cast<std::int64_t>(dice.Below(4)))});
    case 2: return Constraint::Range("1", std::to_string(1 + dice.Below(3)));
    case 3: return Constraint::Prefix(dice.Pick({"a", "/da", "/"}));
    case 4: return Constraint::Subpath(dice.Pick({"/data", "/data/q3"}));
    case 5: return Constraint::Length(1, static_cast<std::int64_t>(1 + dice.Below(8)));
    case 6: return Constraint::Not(RandomConstraint(dice, depth - 1));
    case 7: return Constraint::All({RandomConstraint(dice, depth - 1), RandomConstraint(dice, depth - 1)});
    default: return Constraint::Any({RandomConstraint(dice, depth - 1), RandomConstraint(dice, depth - 1)});
  }
}

Caveat RandomCaveat(Dice& dice, TokenFormat format) {
  const std::size_t kinds = format == TokenFormat::kV3 ? 5 : format == TokenFormat::kV4 ? 8 : 10;
  switch (dice.Below(kinds)) {
    case 0: return Caveat::ToolAllow({dice.Pick(kPatterns), dice.Pick(kPatterns)});
    case 1: return Caveat::ToolDeny({dice.Pick(kPatterns)});
    case 2: return Caveat::AgentLock(dice.Pick({"agent-7", "agent-8"}));
    case 3: return Caveat::Expires(kNow - 2 + static_cast<std::int64_t>(dice.Below(50)));
    case 4: return Caveat::MaxCalls(3);
    case 5: return Caveat::ServerAllow({dice.Pick({"sap", "read", "x"})});
    case 6: return Caveat::CalleeAllow({dice.Pick({"c1", "c2"})}, {"z1"});
    case 7: return Caveat::RiskMax(static_cast<std::int64_t>(dice.Below(3)));
    default:
      return Caveat::Argument(dice.Pick({"/a", "/b/0", ""}), RandomConstraint(dice, 2), dice.Pick({"", "read", "write"}));
  }
}

}  // namespace

TEST_CASE("a child never allows a call that its parent refuses") {
  const std::vector<json::Value> arguments = {
      *json::Parse("{}"), *json::Parse(R"({"a":"/data/q3/x","b":["a"]})"), *json::Parse(R"({"a":2,"b":[1]})"),
      *json::Parse(R"({"a":"a","b":[3]})"), *json::Parse(R"({"a":"/data","b":[]})"), *json::Parse(R"({"a":null})")};
  std::size_t allowed = 0, narrowed = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    Dice dice(seed);
    const TokenFormat format = static_cast<TokenFormat>(3 + dice.Below(3));
    std::vector<std::string> chain = {MintText({.format = format, .subject = "agent-7", .caveats = {}})};
    for (std::size_t hops = 1 + dice.Below(3); hops > 0; --hops) {
      std::vector<Caveat> caveats = {RandomCaveat(dice, format)};
      if (dice.Below(2) == 0) caveats.push_back(RandomCaveat(dice, format));
      chain.push_back(Child(chain.back(), caveats));
    }
    for (int calls = 0; calls < 12; ++calls) {
      const std::string tool = dice.Pick(kTools), server = dice.Pick({"", "sap"}), callee = dice.Pick({"", "c1", "c2"});
      CaveatContext context;
      context.tool = tool;
      context.arguments = &arguments[dice.Below(arguments.size())];
      context.server = server;
      context.callee = callee;
      context.risk = static_cast<std::int64_t>(dice.Below(3));
      context.now = kNow + static_cast<std::int64_t>(dice.Below(20));
      bool parent_allows = true;
      for (const std::string& text : chain) {
        const bool allows = CallReason(text, context) == Reason::kAllowed;
        INFO(seed);
        CHECK((parent_allows || !allows));
        if (parent_allows && !allows) ++narrowed;
        if (allows) ++allowed;
        parent_allows = allows;
      }
    }
  }
  // The dice must reach both sides, or the property is empty.
  CHECK(allowed > 5000);
  CHECK(narrowed > 5000);
}

}  // namespace intentgate
