#include "mcp/answer_rewriter.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "mcp/answer.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kMax = 100'000;

// The way through a tree.
Result<RewrittenAnswer> Through(std::string_view text, const AnswerChanges& changes) {
  Result<Answer> answer = ReadAnswer(text, changes.awaited, kMax);
  if (!answer.ok()) return answer.error();
  answer->body.Set("id", changes.id);
  if (changes.note_ms && !answer->rpc_error) AddAllowNote(*answer, *changes.note_ms);
  return RewrittenAnswer{json::Write(answer->body), answer->rpc_error, answer->tool_error};
}

void CheckSame(AnswerRewriter& rewriter, const std::string& text, const AnswerChanges& changes) {
  INFO(text);
  const Result<RewrittenAnswer> expected = Through(text, changes);
  const Result<RewrittenAnswer> found = rewriter.Rewrite(text, changes, kMax);
  REQUIRE(found.ok() == expected.ok());
  if (!expected.ok()) {
    CHECK(found.error().code == expected.error().code);
    CHECK(found.error().message == expected.error().message);
    return;
  }
  CHECK(found->text == expected->text);
  CHECK(found->rpc_error == expected->rpc_error);
  CHECK(found->tool_error == expected->tool_error);
}

std::string Members(int count, const std::string& last) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "\"m" + std::to_string(i) + "\":{\"id\":" + std::to_string(i) + "},";
  return text + "\"" + last + "\":0";
}

std::string With(const std::string& members) { return R"({"jsonrpc":"2.0","id":"7",)" + members + "}"; }

std::vector<std::string> Good() {
  return {With(R"("result":{})"), With(R"( "result" : { "content" : [ ] , "isError" : true } )"), With(R"("result":{"isError":false,"a":[1,[2,{"isError":true}]]})"),
          With(R"("result":{"isError":1}, "more":[true,null,-0.0e1,1.10,123456789012345678901234567890])"),
          With(R"("result":{"content":[{"type":"text","text":"\u00e4\ud83d\ude00\"\\\n\u0001/\/","id":5,"_intentgate":1}]})"),
          With(R"("result":{"_intentgate":{"decision":"deny","x":[{"a":1}]},"n":1})"), With(R"("result":{"n":1,"_intentgate":"fake"})"),
          With(R"("result":{"\u005fintentgate":3,"isErr\u006fr":true})"), With(R"("_intentgate":{"a":1},"result":{"id":"7","result":{"isError":true},"error":{"code":"x"}})"),
          With(R"("error":{"code":-32000,"message":"no","data":{"code":[1],"message":3}})"), With(R"("error":{"data":0,"message":"","code":0})"),
          R"({"result":{"z":0},"id":"7","jsonrpc":"2.0"})", R"({"\u0069d":"\u0037","json\u0072pc":"2.0","result":{}})",
          With("\"result\":{" + Members(40, "last") + "}")};
}

std::vector<std::string> Bad() {
  return {"", "x", "[]", "7", "\"7\"", "null", R"([{"jsonrpc":"2.0","id":"7","result":{}}])", R"({"id":"7","result":{}})", R"({"jsonrpc":2.0,"id":"7","result":{}})",
          R"({"jsonrpc":["2.0"],"id":"7","result":{}})", R"({"jsonrpc":"2.0","result":{}})", R"({"jsonrpc":"2.0","id":7,"result":{}})", R"({"jsonrpc":"2.0","id":null,"result":{}})",
          R"({"jsonrpc":"2.0","id":["7"],"result":{}})", R"({"jsonrpc":"2.0","id":{"id":"7"},"result":{}})", R"({"jsonrpc":"2.0","id":"8","result":{"id":"7"}})",
          With(R"("method":"m")"), With(R"("result":{},"error":{"code":1,"message":"m"})"), With(R"("result":[])"), With(R"("result":[{"isError":true}])"),
          With(R"("result":null)"), With(R"("result":"{}")"), With(R"("error":"no")"), With(R"("error":[{"code":1,"message":"m"}])"), With(R"("error":{"code":1.5,"message":"m"})"),
          With(R"("error":{"code":"1","message":"m"})"), With(R"("error":{"code":1,"message":2})"), With(R"("error":{"in":{"code":1,"message":"m"}})"),
          With(R"("result":{"a":1,"a":2})"), With(R"("result":{"_intentgate":{"a":1,"a":2}})"), With(R"("id":"7","result":{})"), With(R"("result":{},"result":{})"),
          With("\"result\":{" + Members(40, "m3") + "}"), With(R"("result":{"a":01})"), With(R"("result":{"a":"\ud800"})"), With(R"("result":{}) x)"), With(R"("result":{)"),
          With("\"result\":{\"a\":\"\xff\"}"), With("\"result\":" + std::string(5'000, '['))};
}

}  // namespace

TEST_CASE("an answer is rewritten as through a tree, with and without the note, and refused with the same words") {
  AnswerRewriter rewriter;
  const json::Value awaited("7");
  for (const json::Value& id : {json::Value(1), json::Value("a \"b\"")}) {
    for (const std::string& text : Good()) {
      REQUIRE(Through(text, {awaited, id}).ok());
      CheckSame(rewriter, text, {awaited, id});
      CheckSame(rewriter, text, {awaited, id, 12});
    }
    for (const std::string& text : Bad()) {
      REQUIRE_FALSE(Through(text, {awaited, id}).ok());
      CheckSame(rewriter, text, {awaited, id, 12});
    }
  }
}

TEST_CASE("an id that is a number is compared by its text") {
  AnswerRewriter rewriter;
  const json::Value seven(7);
  for (const char* id : {"7", "7.0", "\"7\"", "70"}) CheckSame(rewriter, std::string(R"({"jsonrpc":"2.0","result":{},"id":)") + id + "}", {seven, seven});
  CHECK(rewriter.Rewrite(R"({"jsonrpc":"2.0","result":{},"id":7})", {seven, seven}, kMax).ok());
  CHECK_FALSE(rewriter.Rewrite(R"({"jsonrpc":"2.0","result":{},"id":7.0})", {seven, seven}, kMax).ok());
}

TEST_CASE("every shortened answer is refused as through a tree") {
  AnswerRewriter rewriter;
  const json::Value awaited("7");
  const std::string whole = With(R"("result":{"content":[{"type":"text","text":"\u00e4"}],"isError":true,"_intentgate":[1,{"a":2}]})");
  for (std::size_t size = 0; size <= whole.size(); ++size) CheckSame(rewriter, whole.substr(0, size), {awaited, awaited, 0});
}

TEST_CASE("an answer over the limit is refused, and the next one is not") {
  AnswerRewriter rewriter;
  const json::Value awaited("7");
  const std::string large = With("\"result\":{\"a\":\"" + std::string(70'000, 'x') + "\"}");
  CheckSame(rewriter, large, {awaited, awaited, 1});
  CHECK(rewriter.Rewrite(large, {awaited, awaited}, 1'000).error().code == ErrorCode::kLimitExceeded);
  CheckSame(rewriter, With(R"("result":{})"), {awaited, awaited});
}

}  // namespace intentgate::mcp
