#include <doctest/doctest.h>

#include <string>

#include "mcp/message.h"

namespace intentgate::mcp {
namespace {

int CodeOf(std::string_view text) {
  const auto read = ReadMessage(text, 1 << 20);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return refusal->code;
  const Message& message = std::get<Message>(read);
  if (message.method() != "tools/call") return 0;
  const auto call = ReadToolCall(message);
  const auto* refusal = std::get_if<Refusal>(&call);
  return refusal == nullptr ? 0 : refusal->code;
}

}  // namespace

TEST_CASE("requests, notifications and answers are told apart") {
  const auto kind = [](std::string_view text) { return std::get<Message>(ReadMessage(text, 1000)).kind(); };
  CHECK(kind(R"({"jsonrpc":"2.0","id":1,"method":"m"})") == MessageKind::kRequest);
  CHECK(kind(R"({"jsonrpc":"2.0","method":"m"})") == MessageKind::kNotification);
  CHECK(kind(R"({"jsonrpc":"2.0","id":"a","result":{}})") == MessageKind::kResponse);
  CHECK(kind(R"({"jsonrpc":"2.0","id":"a","error":{}})") == MessageKind::kResponse);
}

TEST_CASE("a repeated member has a code of its own, which the reader's sentence decides") {
  CHECK(CodeOf(R"({"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"m"})") == kInvalidParams);
  CHECK(CodeOf(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":{"b":1,"b":1}}})") == kInvalidParams);
  CHECK(CodeOf(R"({"jsonrpc":"2.0","id":1,"method":"m")") == kParseError);
  CHECK(CodeOf("\xff") == kParseError);
}

TEST_CASE("case variants of the protocol's members are refused, the tool's own arguments are not") {
  CHECK(CodeOf(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","Name":"u"}})") == kInvalidParams);
  CHECK(CodeOf(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","Params":{"name":"t"}})") == kInvalidRequest);
  CHECK(CodeOf(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"Name":1,"name":2}}})") == 0);
}

TEST_CASE("a member of any method's params by which the gateway decides has no case variant") {
  const auto code = [](std::string_view params) { return CodeOf(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{)" + std::string(params) + "}}"); };
  for (const std::string params : {R"("taskId":"a","TaskId":"b")", R"("TASKID":"b")", R"("requestId":1,"RequestId":2)", R"("progressToken":1,"progresstoken":2)",
                                   R"("_meta":{"progressToken":1,"ProgressToken":2})", R"("_meta":{"io.modelcontextprotocol/ProtocolVersion":"2026-07-28"})",
                                   R"("_meta":{"io.modelcontextprotocol/clientcapabilities":{}})", R"("_meta":{"IO.modelcontextprotocol/related-task":{}})"}) {
    INFO(params);
    CHECK(code(params) == kInvalidParams);
  }
  CHECK(code(R"("taskId":"a","requestId":1,"progressToken":2,"_meta":{"progressToken":3,"Example.com/Own":1,"example.com/own":2})") == 0);
  CHECK(CodeOf(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"requestID":2}})") == kInvalidParams);
}

TEST_CASE("a refusal keeps what could be read, for the chain") {
  const auto read = ReadMessage(R"({"jsonrpc":"2.0","id":"i","method":"tools/call","params":{"name":"t","NAME":"u"}})", 1000);
  const Refusal& refusal = std::get<Refusal>(read);
  CHECK(refusal.tool == "t");
  CHECK(refusal.method == "tools/call");
  CHECK(refusal.id.string_value() == "i");
  CHECK(ErrorReply(refusal) ==
        R"({"jsonrpc":"2.0","id":"i","error":{"code":-32602,"message":"Invalid params","data":"JSON: the member \"NAME\" differs only by case from \"name\""}})");
}

TEST_CASE("limits hold at their edge") {
  const auto named = [](std::size_t n) {
    return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + std::string(n, 'a') + "\"}}";
  };
  CHECK(CodeOf(named(kMaxToolNameBytes)) == 0);
  CHECK(CodeOf(named(kMaxToolNameBytes + 1)) == kInvalidParams);
  CHECK(CodeOf(R"({"jsonrpc":"2.0","id":")" + std::string(kMaxIdBytes + 1, 'a') + R"(","method":"m"})") == kInvalidRequest);
  CHECK(CodeOf(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(kMaxMethodBytes + 1, 'a') + R"("})") == kInvalidRequest);
}

TEST_CASE("a method that moves data is judged under its own name, with what it is about") {
  const auto judged = [](std::string_view method, std::string_view params) -> std::string {
    const auto read = ReadMessage(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" + std::string(params) + "}", 1 << 20);
    REQUIRE(std::holds_alternative<Message>(read));
    const auto call = ReadToolCall(std::get<Message>(read));
    if (const auto* refusal = std::get_if<Refusal>(&call)) return "refused: " + refusal->reason;
    const ToolCall& asked = std::get<ToolCall>(call);
    return std::string(asked.name) + " " + std::string(asked.method) + " " + (asked.arguments ? json::Write(*asked.arguments) : "-");
  };
  CHECK(judged("resources/read", R"({"uri":"a:1","_meta":{},"x":1})") == R"(resources/read resources/read {"uri":"a:1"})");
  CHECK(judged("resources/subscribe", R"({"uri":"a:1"})") == R"(resources/subscribe resources/subscribe {"uri":"a:1"})");
  CHECK(judged("prompts/get", R"({"name":"p","arguments":{"n":1.10}})") == R"(prompts/get prompts/get {"name":"p","arguments":{"n":1.10}})");
  CHECK(judged("completion/complete", R"({"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"n","value":"v"}})") ==
        R"(completion/complete completion/complete {"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"n","value":"v"}})");
  CHECK(judged("tools/call", R"({"name":"t"})") == "t tools/call -");
  for (const std::string bad : {R"({})", R"({"uri":1})", R"({"uri":""})", R"({"uri":"a\u0000b"})", R"({"Uri":"a"})"}) {
    const auto read = ReadMessage(R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":)" + bad + "}", 1000);
    const auto* message = std::get_if<Message>(&read);
    CHECK((message == nullptr || std::holds_alternative<Refusal>(ReadToolCall(*message))));
  }
  CHECK(judged("completion/complete", R"({"ref":{"type":"ref/prompt","Name":"p","name":"q"},"argument":{}})").starts_with("refused"));
  CHECK(judged("completion/complete", R"({"ref":{"type":"ref/resource","uri":"u"}})").starts_with("refused"));
  for (const std::string more : {R"("argument":{"name":"n","value":"v","Value":"w"})", R"("argument":{"NAME":"n","value":"v"})",
                                 R"("argument":{"name":"n","value":"v"},"context":{"Arguments":{}})", R"("argument":{},"context":[])"}) {
    INFO(more);
    CHECK(judged("completion/complete", R"({"ref":{"type":"ref/prompt","name":"p"},)" + more + "}").starts_with("refused"));
  }
  CHECK(judged("prompts/get", R"({"name":"p","arguments":[]})").starts_with("refused"));
  // A token that names the method would cover a tool of that name.
  CHECK(judged("tools/call", R"({"name":"resources/read"})") == "refused: no tool can have the name of a method");
}

}  // namespace intentgate::mcp
