// One subscriptions/listen at several upstreams: one acknowledgement, one result at the end, and one refusal when none of them has the method.
#include <doctest/doctest.h>

#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kResult = R"({"jsonrpc":"2.0","id":"m1","result":{"resultType":"complete","own":"of the upstream"}})";
constexpr std::string_view kOwnResult =
    R"({"jsonrpc":"2.0","id":"m1","result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":"m1"}}})";

std::string Acknowledged() {
  return OneEvent(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true}}})");
}

std::string Changed(std::string_view what) {
  return OneEvent(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"of":")" + std::string(what) + R"("}})");
}

std::size_t Count(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

struct Listening : TwoUpstreams {
  Listening() {
    upstream.modern = other.modern = true;
    settings.merge_wait_ms = 20'000;
  }
  std::shared_ptr<Caller::Stream> Open(std::string_view wanted = R"("toolsListChanged":true)") {
    const auto stream = caller->Open("POST", "/v1/mcp", Caller::McpHeaders("good", ModernHeaders("subscriptions/listen")),
                                     ModernBody("subscriptions/listen", R"("notifications":{)" + std::string(wanted) + "}"));
    for (FakeUpstream* one : {&upstream, &other}) {
      while (one->seen("subscriptions/listen").empty()) std::this_thread::yield();
    }
    return stream;
  }
  // For when there is nothing to listen to.
  Got OpenInVain() {
    return Start().Mcp("good", ModernBody("subscriptions/listen", R"("notifications":{"toolsListChanged":true})"), ModernHeaders("subscriptions/listen"));
  }
  // Also both upstreams' words are on their way.
  std::shared_ptr<Caller::Stream> OpenAcknowledged() {
    auto stream = Open();
    upstream.Push(Acknowledged());
    other.Push(Acknowledged());
    CHECK(stream->Has("acknowledged"));
    return stream;
  }
};

}  // namespace

TEST_CASE("the result of one upstream ends the stream for all, with one result of the gateway's") {
  Listening g;
  g.Start();
  const auto stream = g.OpenAcknowledged();
  g.other.Push(Changed("before"));
  CHECK(stream->Has("before"));
  g.upstream.Push(OneEvent(kResult) + Changed("after"));
  CHECK(stream->Ends());
  CHECK(Count(stream->text, "acknowledged") == 1);
  CHECK(Count(stream->text, "\"result\"") == 1);
  CHECK(stream->text.ends_with("data: " + std::string(kOwnResult) + "\n\n"));
  CHECK(stream->text.find("after") == std::string::npos);
  while (g.upstream.left == 0 || g.other.left == 0) std::this_thread::yield();
}

TEST_CASE("a result that came before the others had begun ends the stream once they have") {
  Listening g;
  g.Start();
  const auto stream = g.Open();
  g.upstream.Push(Acknowledged() + Changed("early") + OneEvent(kResult));
  g.other.Push(Acknowledged());
  CHECK(stream->Ends());
  CHECK(Count(stream->text, "acknowledged") == 1);
  CHECK(stream->text.find("early") != std::string::npos);
  CHECK(Count(stream->text, "\"result\"") == 1);
  CHECK(stream->text.ends_with("data: " + std::string(kOwnResult) + "\n\n"));
}

TEST_CASE("an answer that is for nobody, or an error, is that upstream's failure and does not go on") {
  for (const std::string bad : {R"({"jsonrpc":"2.0","id":"WRONG","result":{"secret":1}})", R"({"jsonrpc":"2.0","id":"m1","result":"secret"})",
                                R"({"jsonrpc":"2.0","id":"m1","error":{"code":-1,"message":"secret"}})"}) {
    CAPTURE(bad);
    Listening g;
    g.Start();
    const auto stream = g.OpenAcknowledged();
    g.upstream.Push(OneEvent(bad));
    CHECK(stream->Ends());
    CHECK(stream->text.find("secret") == std::string::npos);
    CHECK(stream->text.find("\"result\"") == std::string::npos);
  }
}

TEST_CASE("an upstream that answers without an acknowledgement is left out, and the others go on") {
  for (const std::string answer : {R"({"jsonrpc":"2.0","id":"m1","error":{"code":-32601,"message":"Method not found"}})", R"({"jsonrpc":"2.0","id":"WRONG","result":{}})"}) {
    CAPTURE(answer);
    Listening g;
    g.Start();
    const auto stream = g.Open();
    g.upstream.Push(OneEvent(answer));
    g.other.Push(Acknowledged());
    CHECK(stream->Has("acknowledged"));
    g.upstream.FinishStreams();
    g.other.Push(Changed("later"));
    CHECK(stream->Has("later"));
    CHECK(stream->text.find("Method not found") == std::string::npos);
    CHECK(stream->text.find("WRONG") == std::string::npos);
  }
}

TEST_CASE("when no upstream has the method, the client gets the error that one of them gave") {
  Listening g;
  g.upstream.without_listen = g.other.without_listen = true;
  const Got got = g.OpenInVain();
  CHECK(got.status == 404);
  CHECK(got.code() == -32601);
  CHECK(got.body.find(R"("id":"m1")") != std::string::npos);
}

TEST_CASE("when every upstream says on a stream that it has not the method, so does the gateway, and ends it") {
  Listening g;
  g.Start();
  const auto stream = g.Open();
  for (FakeUpstream* one : {&g.upstream, &g.other}) one->Push(OneEvent(R"({"jsonrpc":"2.0","id":"m1","error":{"code":-32601,"message":"Method not found"}})"));
  CHECK(stream->Ends());
  CHECK(stream->text == OneEvent(R"({"jsonrpc":"2.0","id":"m1","error":{"code":-32601,"message":"Method not found"}})"));
}

TEST_CASE("when no upstream can be reached, the failure is told as JSON-RPC") {
  Listening g;
  g.Break(0);
  g.Break(1);
  const Got got = g.OpenInVain();
  CHECK(got.status == 200);
  CHECK(got.code() == -32603);
  CHECK(got.body.find(R"("id":"m1")") != std::string::npos);
}

TEST_CASE("what has no rule here is asked of none of several upstreams") {
  Listening g;
  g.Start();
  const auto stream = g.Open(R"("everything":true,"toolsListChanged":true)");
  for (FakeUpstream* one : {&g.upstream, &g.other}) CHECK(one->seen("subscriptions/listen")[0].body.find("everything") == std::string::npos);
}

}  // namespace intentgate::test
