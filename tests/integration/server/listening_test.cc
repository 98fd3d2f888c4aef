// subscriptions/listen in front of one upstream, whichever form its answer has: what is told of others' tasks does not reach the listener.
#include <doctest/doctest.h>

#include "integration/server/upstreams_fixture.h"

namespace intentgate::test {
namespace {

constexpr std::string_view kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})";

std::string Listen(const std::string& notifications) {
  return Ask("subscriptions/listen", R"({"notifications":{)" + notifications + "}," + std::string(kMeta) + "}");
}

std::string Told(std::string_view task, std::string_view text = "x") {
  return R"({"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":")" + std::string(task) + R"(","result":")" + std::string(text) + R"("}})";
}

constexpr std::string_view kNews = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"n":1.10}})";
constexpr std::string_view kLast = R"({"jsonrpc":"2.0","method":"notifications/last"})";

struct Listened : Gateway {
  explicit Listened(bool sealed = false) {
    upstream.modern = true;
    if (sealed) settings.session_keys.emplace_back(base::AsBytes("first-0123456789abcdef0123456789abcdef"));
    upstream.set_mode("task");
    Start();
  }

  // The id that the caller gets for a task of its own.
  std::string Begin(std::string_view token) {
    const std::string body = Ask("tools/call", R"({"name":"read_file","arguments":{},)" + std::string(kMeta) + "}");
    return caller->Mcp(token, body, ModernHeaders("tools/call", "read_file")).json().AtPointer("/result/taskId")->string_value();
  }
  std::shared_ptr<Caller::Stream> Open(const std::string& notifications = R"("toolsListChanged":true)") {
    const std::size_t before = upstream.seen("subscriptions/listen").size();
    auto stream = caller->Open("POST", "/v1/mcp", Caller::McpHeaders("good2", ModernHeaders("subscriptions/listen")), Listen(notifications));
    while (upstream.seen("subscriptions/listen").size() == before) std::this_thread::yield();
    return stream;
  }
};

std::string Text(Caller::Stream& stream) {
  const std::lock_guard lock(stream.mutex);
  return stream.text;
}

}  // namespace

TEST_CASE("JSON lines to a listener leave out what is told of others' tasks, each goes on at once and as it came") {
  Listened g;
  g.Begin("good");
  const std::string own = g.Begin("good2");
  g.upstream.set_mode("lines");
  const auto stream = g.Open(R"("toolsListChanged":true,"taskIds":[")" + own + "\"]");
  g.upstream.Push(Told("t1", "SECRET") + "\n" + std::string(kNews) + "\r\n" + Told("x", "SECRET").substr(0, 50));
  REQUIRE(stream->Has(kNews));
  CHECK(stream->status == 200);
  // A line in two pieces, and a message over several lines, which is one line to the client.
  g.upstream.Push(Told("x", "SECRET").substr(50) + "\n" + Told(own).substr(0, 20));
  g.upstream.Push(Told(own).substr(20) + "\n\n{\n\"jsonrpc\":\"2.0\",\r\n\"method\":\"notifications/last\"}\n");
  REQUIRE(stream->Has(Told(own) + "\n"));
  CHECK(stream->Has("{ \"jsonrpc\":\"2.0\",  \"method\":\"notifications/last\"}\n"));
  CHECK(Text(*stream).find("SECRET") == std::string::npos);
}

TEST_CASE("JSON lines to a listener name its own tasks by the ids that it has") {
  Listened g(true);
  g.Begin("good");
  const std::string own = g.Begin("good2");
  g.upstream.set_mode("lines");
  const auto stream = g.Open(R"("taskIds":[")" + own + "\"]");
  g.upstream.Push(Told("t1", "SECRET") + "\n" + Told("t2") + "\n" +
                  R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":["t1","t2"]}}})" + "\n" +
                  std::string(kLast) + "\n");
  REQUIRE(stream->Has(kLast));
  CHECK(Text(*stream) == Told(own) + "\n" + R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":[")" +
                             own + "\"]}}}\n" + std::string(kLast) + "\n");
}

TEST_CASE("the last line may come without a line end, and is looked at all the same") {
  for (const bool foreign : {true, false}) {
    Listened g;
    g.Begin("good");
    g.upstream.set_mode("lines");
    const auto stream = g.Open();
    g.upstream.Push(std::string(kNews) + "\n" + (foreign ? Told("t1", "SECRET") : std::string(kLast)));
    REQUIRE(stream->Has(kNews));
    g.upstream.FinishStreams();
    REQUIRE(stream->Ends());
    CHECK(stream->text == std::string(kNews) + "\n" + (foreign ? "" : std::string(kLast)));
  }
}

TEST_CASE("a listener's stream ends with its answer, however long the upstream keeps its own open") {
  Listened g;
  g.upstream.set_mode("lines");
  const auto stream = g.Open();
  const std::string answer = R"({"jsonrpc":"2.0","id":2,"result":{"resultType":"complete"}})";
  g.upstream.Push(std::string(kNews) + "\n" + answer + "\n");
  REQUIRE(stream->Ends());
  CHECK(stream->text == std::string(kNews) + "\n" + answer + "\n");
}

TEST_CASE("what cannot be looked at ends a listener's stream and is not passed on, in every form") {
  const std::string large = Told("t1", "SECRET" + std::string(2u << 20, 'x'));
  for (const bool lines : {true, false}) {
    const auto framed = [&](std::string_view text) { return lines ? std::string(text) + "\n" : OneEvent(text); };
    for (const std::string& bad : {large, std::string("SECRET"), std::string(R"(["SECRET"])"), Told("t1", "SECRET") + Told("t1", "SECRET"),
                                   std::string(R"({"jsonrpc":"2.0","id":9,"method":"SECRET"})"), std::string(R"({"jsonrpc":"2.0","id":9,"result":{"a":"SECRET"}})")}) {
      Listened g;
      g.Begin("good");
      g.upstream.set_mode(lines ? "lines" : "stream");
      const auto stream = g.Open();
      g.upstream.Push(framed(kNews));
      REQUIRE(stream->Has(kNews));
      g.upstream.Push(framed(bad));
      g.upstream.FinishStreams();
      REQUIRE(stream->Ends());
      CHECK(stream->text.find("SECRET") == std::string::npos);
      CHECK(stream->text.find("-32603") != std::string::npos);
    }
  }
}

TEST_CASE("a listener whose upstream answers with one JSON body gets an answer, and rubbish in its place is none") {
  const std::string error = R"({"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}})";
  for (const auto& [said, code] : {std::pair<std::string, int>{error, -32601}, {"{\n" + error.substr(1) + "\n", -32601}, {"<html>", -32603}, {"", -32603}}) {
    Listened g;
    g.upstream.set_reply({200, said});
    const Got got = g.caller->Mcp("good2", Listen(R"("toolsListChanged":true)"), ModernHeaders("subscriptions/listen"));
    CHECK(got.code() == code);
    CHECK(got.header("Content-Type") == "application/json");
  }
}

}  // namespace intentgate::test
