// Requests that two parsers could read differently, and what does not belong on the endpoint.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

std::string Call(std::string_view params) {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)" + std::string(params) + "}";
}

}  // namespace

TEST_CASE("a call that parsers may read differently is refused with -32602 and audited") {
  Gateway g;
  Caller& caller = g.Start();
  std::size_t audited = 0;
  for (const std::string& body : {
           Call(R"({"name":"delete_all","Name":"read_file"})"),
           Call(R"({"Name":"read_file","name":"delete_all"})"),
           Call(R"({"name":"read_file","name":"delete_all"})"),
           Call(R"({"name":"read_file","n\u0061me":"delete_all"})"),
           Call(R"({"name":"read_file","arguments":{},"arguments":{"a":1}})"),
           Call(R"({"name":"read_file","arguments":{},"Arguments":{"a":1}})"),
           Call(R"({"name":"read_file","arguments":{"a":1,"a":2}})"),
           Call(R"({"name":"read_file","_Meta":{}})"),
           Call(R"({"name":"read_file\u0000"})"),
           Call(R"({"name":"read_file\n"})"),
           Call(R"({"name":""})"),
           Call(R"({"name":["read_file"]})"),
           Call(R"({"name":"read_file","arguments":[]})"),
           Call(R"({"name":"read_file","arguments":null})"),
           Call(R"({})"),
           Call(R"(["read_file"])"),
           Call(R"({"name":")" + std::string(300, 'a') + R"("})"),
           std::string(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file"},"params":{"name":"delete_all"}})"),
           std::string(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})"),
           Call(R"({"name":"read_file","arguments":{"a":)" + std::string(200, '[') + std::string(200, ']') + "}}"),
       }) {
    INFO(body);
    const Got got = caller.Mcp("good", body);
    CHECK(got.status == 200);
    CHECK(got.code() == -32602);
    CHECK(got.json().AtPointer("/error/data")->is_string());
    CHECK(g.gate->refused().size() == ++audited);
  }
  CHECK(g.gate->refused()[0].tool == "delete_all");
  CHECK(g.gate->refused()[0].method == "tools/call");
  CHECK(g.gate->refused()[0].why.find("differs only by case") != std::string::npos);
  CHECK(g.gate->calls().empty());
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("a message that is none is refused with 400") {
  Gateway g;
  Caller& caller = g.Start();
  struct Row {
    std::string body;
    std::int64_t code;
  };
  for (const Row& row : {Row{"", -32700}, Row{"{", -32700}, Row{"nonsense", -32700}, Row{"{} {}", -32700},
                         Row{"[]", -32600}, Row{"[" + CallBody("read_file") + "]", -32600}, Row{"1", -32600}, Row{"{}", -32600},
                         Row{R"({"jsonrpc":"1.0","id":1,"method":"ping"})", -32600},
                         Row{R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600},
                         Row{R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600},
                         Row{R"({"jsonrpc":"2.0","id":1,"method":1})", -32600},
                         Row{R"({"jsonrpc":"2.0","id":1,"Method":"ping"})", -32600},
                         Row{R"({"jsonrpc":"2.0","ID":1,"method":"tools/call","params":{"name":"read_file"}})", -32600},
                         Row{R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})", -32600},
                         Row{R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"read_file"}})", -32600}}) {
    INFO(row.body);
    const Got got = caller.Mcp("good", row.body);
    CHECK(got.status == 400);
    CHECK(got.code() == row.code);
  }
  CHECK(g.gate->calls().empty());
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("foreign origins, foreign hosts, other types and unknown revisions are turned away") {
  Gateway g;
  g.settings.allowed_origins = {"https://app.example.com"};
  Caller& caller = g.Start();
  const std::string own = "http://" + g.service->address();
  struct Row {
    http::HeaderList headers;
    int status;
  };
  for (const Row& row : {Row{{{"Origin", "https://evil.example"}}, 403}, Row{{{"Origin", "null"}}, 403},
                         Row{{{"Origin", "https://app.example.com"}}, 200}, Row{{{"Origin", own}}, 200},
                         Row{{{"Origin", own}, {"Origin", "https://evil.example"}}, 403}, Row{{{"Origin", own}, {"Origin", own}}, 403},
                         Row{{{"Content-Type", "text/plain"}}, 415}, Row{{{"MCP-Protocol-Version", "2024-11-05"}}, 400},
                         Row{{{"MCP-Protocol-Version", "2025-11-25"}}, 200}}) {
    CHECK(caller.Mcp("good", CallBody("read_file"), row.headers).status == row.status);
  }
  CHECK(g.upstream.seen("tools/call").size() == 3);
  RawClient raw(static_cast<std::uint16_t>(std::stoi(g.service->address().substr(10))));
  raw.Send("POST /v1/mcp HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  CHECK(raw.ReceiveUntil("\r\n").find("403") != std::string::npos);
}

TEST_CASE("a body over the limit is turned away unread") {
  Gateway g;
  g.settings.limits.max_body_bytes = 4096;
  Caller& caller = g.Start();
  CHECK(caller.Mcp("good", CallBody("read_file", "1", R"({"x":")" + std::string(8192, 'x') + "\"}")).status == 413);
  CHECK(g.gate->calls().empty());
}

TEST_CASE("methods without a rule are refused and audited") {
  Gateway g;
  Caller& caller = g.Start();
  for (const std::string method : {"tasks/update", "server/discover", "subscriptions/listen", "roots/list", "x"}) {
    const Got got = caller.Mcp("good", R"({"jsonrpc":"2.0","id":5,"method":")" + method + R"("})");
    CHECK(got.status == 200);
    CHECK(got.code() == -32601);
    CHECK(got.json().Find("id")->number_text() == "5");
    CHECK(g.gate->refused().back().method == method);
    CHECK(caller.Mcp("", R"({"jsonrpc":"2.0","id":5,"method":")" + method + R"("})").status == 401);
    CHECK(g.upstream.seen(method).empty());
  }
}

TEST_CASE("other HTTP methods and paths are not served") {
  Gateway g;
  Caller& caller = g.Start();
  const Got get = caller.Do("GET", "/v1/mcp", Caller::McpHeaders("good"));
  CHECK(get.status == 405);
  CHECK(get.header("Allow").find("POST") != std::string::npos);
  CHECK(caller.Do("POST", "/v1/mcp/", Caller::McpHeaders("good"), CallBody("read_file")).status == 404);
  CHECK(g.gate->calls().empty());
}

}  // namespace intentgate::test
