#include "mcp/question_ids.h"

#include <doctest/doctest.h>

namespace intentgate::mcp {

TEST_CASE("a question's id and its progress token come back as they were") {
  for (const std::string id : {"1", "\"q\"", "\"0~1\"", "1.50", "null"}) {
    const std::string text = R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"roots/list","params":{"_meta":{"progressToken":)" + id + "}}}";
    const auto marked = MarkQuestion(3, *json::Parse(text));
    REQUIRE(marked);
    const json::Value seen = *json::Parse(*marked);
    CHECK(seen.Find("id")->string_value() == "3~" + id);
    const auto answer = UnmarkAnswer(json::MakeObject({{"jsonrpc", "2.0"}, {"id", *seen.Find("id")}, {"result", json::MakeObject({})}}), 4);
    REQUIRE(answer);
    CHECK(answer->upstream == 3);
    CHECK(json::Write(*answer->body.Find("id")) == id);
    const auto progress = UnmarkAnswer(
        json::MakeObject({{"method", "notifications/progress"},
                          {"params", json::MakeObject({{"progressToken", *seen.AtPointer("/params/_meta/progressToken")}})}}), 4);
    REQUIRE(progress);
    CHECK(json::Write(*progress->body.AtPointer("/params/progressToken")) == id);
  }
}

TEST_CASE("what is no question goes on as it came, what carries no mark is nobody's") {
  for (const std::string text : {R"({"id":1,"result":{}})", R"({"method":"notifications/progress","params":{"progressToken":1}})"}) {
    CHECK_FALSE(MarkQuestion(0, *json::Parse(text)));
  }
  CHECK(MarkQuestion(0, *json::Parse(R"({"method":"notifications/cancelled","params":{"requestId":7}})")) ==
        R"({"method":"notifications/cancelled","params":{"requestId":"0~7"}})");
  for (const std::string id : {"1", "\"1\"", "\"~1\"", "\"2~1\"", "\"0~\"", "\"0~x\"", "\"-1~1\"", "\"99999999999999999999~1\"", "{}"}) {
    INFO(id);
    CHECK_FALSE(UnmarkAnswer(*json::Parse(R"({"id":)" + id + R"(,"result":{}})"), 2));
  }
  CHECK_FALSE(UnmarkAnswer(*json::Parse(R"({"method":"notifications/cancelled","params":{"requestId":"mine"}})"), 2));
}

TEST_CASE("an event's id says where its stream came from") {
  const auto event = UnmarkEvent(EventPrefix(1) + "e~5", 2);
  REQUIRE(event);
  CHECK(event->upstream == 1);
  CHECK(event->id == "e~5");
  CHECK_FALSE(UnmarkEvent("e5", 2));
  CHECK_FALSE(UnmarkEvent("2~e5", 2));
}

}  // namespace intentgate::mcp
