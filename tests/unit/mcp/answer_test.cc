#include <doctest/doctest.h>

#include <string>

#include "mcp/answer.h"
#include "mcp/answer_reader.h"

namespace intentgate::mcp {
namespace {

bool Good(std::string_view text) { return ReadAnswer(text, json::Value(1), 10'000).ok(); }

}  // namespace

TEST_CASE("only an answer to this request, in the protocol's shape, is one") {
  CHECK(Good(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
  CHECK(Good(R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m"}})"));
  for (const std::string text : {R"({"jsonrpc":"2.0","id":2,"result":{}})", R"({"jsonrpc":"2.0","id":"1","result":{}})",
                                 R"({"id":1,"result":{}})", R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","id":1,"result":[]})",
                                 R"({"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}})",
                                 R"({"jsonrpc":"2.0","id":1,"error":"no"})", R"([])", R"(x)",
                                 R"({"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}})"}) {
    INFO(text);
    CHECK_FALSE(Good(text));
  }
}

TEST_CASE("the note replaces one that the upstream made up") {
  Answer answer = *ReadAnswer(R"({"jsonrpc":"2.0","id":1,"result":{"_intentgate":{"decision":"fake"},"n":1.10}})", json::Value(1), 1000);
  AddAllowNote(answer, 2);
  CHECK(json::Write(*answer.body.Find("result")) ==
        R"({"_intentgate":{"decision":"allow","reason":"forwarded","check":"","latency_ms":2},"n":1.10})");
}

TEST_CASE("an answer is the same however its stream is cut") {
  const std::string stream =
      "id: 0\ndata:\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n";
  for (std::size_t step = 1; step <= stream.size(); step += 7) {
    AnswerReader reader(json::Value(1), 1000);
    http::ResponseHead head;
    head.status = 200;
    head.headers = {{"Content-Type", "text/event-stream; charset=utf-8"}, {"Mcp-Session-Id", "s"}};
    reader.Head(head);
    CHECK(reader.promising());
    CHECK(reader.session_id() == "s");
    std::vector<json::Value> others;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      CHECK(reader.Body(std::string_view(stream).substr(at, step), others).ok());
    }
    CHECK(reader.End().ok());
    CHECK(others.size() == 1);
  }
}

TEST_CASE("too long, a second answer and no answer are rubbish") {
  http::ResponseHead json_head;
  json_head.status = 200;
  json_head.headers = {{"Content-Type", "application/json"}};
  AnswerReader reader(json::Value(1), 10);
  reader.Head(json_head);
  std::vector<json::Value> others;
  CHECK_FALSE(reader.Body("{\"jsonrpc\":", others).ok());
  http::ResponseHead sse_head;
  sse_head.status = 200;
  sse_head.headers = {{"Content-Type", "text/event-stream"}};
  AnswerReader twice(json::Value(1), 1000);
  twice.Head(sse_head);
  const std::string event = "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n";
  CHECK(twice.Body(event, others).ok());
  CHECK_FALSE(twice.Body(event, others).ok());
  AnswerReader never(json::Value(1), 1000);
  never.Head(sse_head);
  CHECK_FALSE(never.End().ok());
}

TEST_CASE("initialize advertises what the gateway carries") {
  Answer answer = *ReadAnswer(
      R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true},"prompts":{},"tasks":{"cancel":{}},"experimental":{"x":{}},"extensions":{"io.modelcontextprotocol/tasks":{},"x/y":{}}}}})",
      json::Value(1), 1000);
  CHECK(NarrowInitialize(answer).ok());
  CHECK(json::Write(*answer.body.AtPointer("/result/capabilities")) == R"({"tools":{"listChanged":true},"prompts":{},"tasks":{"cancel":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}})");
  answer.body.Find("result")->Set("protocolVersion", "1999-01-01");
  CHECK_FALSE(NarrowInitialize(answer).ok());
  CHECK(OwnInitializeResult("2025-03-26", "1").Find("protocolVersion")->string_value() == "2025-03-26");
}

}  // namespace intentgate::mcp
