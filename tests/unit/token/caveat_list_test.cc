// Caveats from the text of a JSON list: the plain reader and the tree give one answer.

#include "unit/token/support.h"

#include <intentgate/caveat_list.h>

namespace intentgate {
namespace {

// What the tree says of the same text: a blank in front takes the plain reader out of the way.
Result<std::vector<Caveat>> ThroughTree(const std::string& text) { return CaveatsFromJson(" " + text); }

std::string Written(const std::vector<Caveat>& caveats) {
  json::Array list;
  for (const Caveat& caveat : caveats) list.push_back(caveat.ToJson());
  return json::Write(json::Value(std::move(list)));
}

}  // namespace

TEST_CASE("a list of caveats comes back as it was written") {
  const std::vector<std::string> texts = {
      R"([])",
      R"([{"t":"max_calls","max_calls":3}])",
      R"([{"t":"exp","exp":1795875660},{"t":"tool_allow","tools":["a","b.*"]},{"t":"tool_deny","tools":["c"]}])",
      R"([{"t":"agent_lock","agent":"bot"},{"t":"step_up","step_up_at":5},{"t":"mcp_allow","servers":["s"]}])",
      R"([{"t":"callee_allow","callees":["a"],"callee_zones":["z"]},{"t":"rate_limit","rate_per_min":1}])",
      R"([{"t":"max_cost","max_cents":9},{"t":"risk_max","risk_max":7}])",
      R"([{"t":"arg","at":"/path","is":{"subpath":"/data"}},{"t":"max_calls","max_calls":999999999999999999}])",
  };
  for (const std::string& text : texts) {
    INFO(text);
    const Result<std::vector<Caveat>> read = CaveatsFromJson(text);
    REQUIRE(read.ok());
    CHECK(Written(*read) == text);
    CHECK(Written(*ThroughTree(text)) == text);
  }
}

TEST_CASE("what a tree refuses or reads otherwise, the list does too") {
  const std::vector<std::pair<std::string, std::string>> refused = {
      {R"({"t":"max_calls"})", "not a list"},
      {R"([{"t":"max_calls","max_calls":3},5])", "caveats[1]: caveat: not an object"},
      {R"([{"t":"max_calls","max_calls":3,"max_calls":4}])", "appears twice"},
      {R"([{"t":"max_calls","exp":3}])", "does not belong"},
      {R"([{"t":"max_calls","max_calls":3,"risk_max":0}])", "does not belong"},
      {R"([{"t":"arg"}])", "\"at\" is missing"},
      {R"([{"max_calls":3}])", "\"t\" is missing"},
      {R"([{"t":"max_calls","max_calls":1.5}])", "no 64-bit integer"},
      {R"([{"t":"tool_allow","tools":["\ud800"]}])", "JSON"},
      {R"([{"t":"max_calls","max_calls":3}]])", "JSON"},
      {R"([{"t":"max_calls","max_calls":3},])", "JSON"},
      {R"([{"t":"max_calls","max_calls":3})", "JSON"},
      {"", "JSON"},
  };
  for (const auto& [text, message] : refused) {
    INFO(text);
    const Result<std::vector<Caveat>> read = CaveatsFromJson(text);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().message.find(message) != std::string::npos);
  }
  for (const std::string text : {R"([{"t":"max_calls","max_calls":0}])", R"([{"max_calls":3,"t":"max_calls"}])", R"([{"t":"tool_allow","tools":["<&>\u00e9"]}])",
                                 R"([{"t":"tomorrow"}])", R"([{"t":"tool_allow","tools":[]}])"}) {
    INFO(text);
    REQUIRE(CaveatsFromJson(text).ok());
    CHECK(Written(*CaveatsFromJson(text)) == Written(*ThroughTree(text)));
  }
}

}  // namespace intentgate
