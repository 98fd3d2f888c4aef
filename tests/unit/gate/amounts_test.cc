#include <doctest/doctest.h>

#include <limits>

#include "gate/amounts.h"

namespace intentgate::gate {

TEST_CASE("an amount is rounded up to whole units, exactly and whatever its spelling") {
  CHECK(RoundedUp("0") == 0);
  CHECK(RoundedUp("-0") == 0);
  CHECK(RoundedUp("-0.00e5") == 0);
  CHECK(RoundedUp("7") == 7);
  CHECK(RoundedUp("7.0000") == 7);
  CHECK(RoundedUp("7.0000000000000000000000000001") == 8);
  CHECK(RoundedUp("1e3") == 1000);
  CHECK(RoundedUp("1.5E+2") == 150);
  CHECK(RoundedUp("1234e-2") == 13);
  CHECK(RoundedUp("1e-300") == 1);
  CHECK(RoundedUp("0e300") == 0);
  CHECK(RoundedUp("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("what is no amount that can be counted is none") {
  for (const char* text : {"-1", "-0.1", "-1e-9", "9223372036854775808", "9223372036854775807.1", "1e19", "1e400", "1e-401",
                           "1e99999999999999999999", "1234567890123456789012345678901234567890"}) {
    INFO(text);
    CHECK_FALSE(RoundedUp(text).has_value());
  }
}

TEST_CASE("the first row that matches a tool is the one that holds") {
  const ToolTable table = ToolTable::Create({{.pattern = "read_*", .cost = 1},
                                             {.pattern = "read_file", .cost = 2},
                                             {.pattern = "pay", .cost = 3},
                                             {.pattern = "pay", .cost = 4},
                                             {.pattern = "p?y", .cost = 5},
                                             {.pattern = "*", .cost = 6}}).value();
  CHECK(table.Find("read_file")->cost == 1);
  CHECK(table.Find("pay")->cost == 3);
  CHECK(table.Find("pxy")->cost == 5);
  CHECK(table.Find("other")->cost == 6);
  CHECK(ToolTable::Create({}).value().Find("x") == nullptr);
  CHECK(ToolTable::Create({{.pattern = "[a"}}).error().message.find("tools[0].match") == 0);
}

TEST_CASE("a cost argument must be there and be an amount") {
  const ToolSettings row{.pattern = "pay", .cost = 9, .cost_argument = "/total/cents"};
  const auto cost = [&](std::string_view text) {
    const json::Value arguments = json::Parse(text).value();
    return CostOf(&row, &arguments);
  };
  CHECK(cost(R"({"total":{"cents":12.5}})") == 13);
  for (const char* text : {"{}", R"({"total":{}})", R"({"total":{"cents":"12"}})", R"({"total":{"cents":null}})",
                           R"({"total":{"cents":true}})", R"({"total":{"cents":-1}})"}) {
    INFO(text);
    CHECK_FALSE(cost(text).has_value());
  }
  CHECK_FALSE(CostOf(&row, nullptr).has_value());
  CHECK(CostOf(nullptr, nullptr) == 0);
}

}  // namespace intentgate::gate
