#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fetch/curl_fetcher.h"
#include "unit/fetch/local_server.h"

namespace intentgate::fetch {
namespace {

Result<base::HttpFetchReply> Get(CurlFetcher& fetcher, const std::string& url, std::int64_t timeout_ms = 20'000,
                                 std::size_t max_bytes = 1000) {
  base::HttpFetchRequest request;
  request.url = url;
  request.timeout_ms = timeout_ms;
  request.max_response_bytes = max_bytes;
  return fetcher.Fetch(request);
}

}  // namespace

TEST_CASE("a request goes out as it was given and the answer comes back") {
  LocalServer server([](const std::string&) { return Reply("201 Created", "{\"a\":1}"); });
  auto fetcher = *CurlFetcher::Create();
  base::HttpFetchRequest request;
  request.method = "POST";
  request.url = server.Url("/v1/extract");
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  request.body = std::string("{\"prompt\":\"a\0b\"}", 16);
  const Result<base::HttpFetchReply> reply = fetcher->Fetch(request);
  REQUIRE(reply.ok());
  CHECK(reply->status == 201);
  CHECK(reply->body == "{\"a\":1}");
  const std::string seen = server.requests().at(0);
  CHECK(seen.starts_with("POST /v1/extract HTTP/1.1\r\n"));
  CHECK(seen.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(seen.find("\r\nX-Empty:\r\n") != std::string::npos);
  CHECK(seen.find("Expect") == std::string::npos);
  CHECK(seen.ends_with("\r\n\r\n" + request.body));
}

TEST_CASE("the connection is reused and forgets the request before") {
  LocalServer server([](const std::string&) { return Reply("200 OK", "x"); });
  auto fetcher = *CurlFetcher::Create();
  base::HttpFetchRequest post;
  post.method = "POST";
  post.url = server.Url("/a");
  post.headers = {{"Authorization", "Bearer secret"}};
  post.body = "body";
  REQUIRE(fetcher->Fetch(post).ok());
  REQUIRE(Get(*fetcher, server.Url("/b")).ok());
  CHECK(server.connections() == 1);
  const std::string second = server.requests().at(1);
  CHECK(second.starts_with("GET /b HTTP/1.1\r\n"));
  CHECK(second.find("secret") == std::string::npos);
  CHECK(second.find("body") == std::string::npos);
}

TEST_CASE("the answer's header fields come back, names in lower case, and no more of them than the limit") {
  LocalServer server([](const std::string& request) {
    const bool large = request.find("/large") != std::string::npos;
    return Reply("200 OK", "x", "Cache-Control:  max-age=300 \r\n" + (large ? "X-Large: " + std::string(base::kMaxReplyHeaderBytes, 'x') + "\r\n" : std::string()) + "X-Last: 1\r\n");
  });
  auto fetcher = *CurlFetcher::Create();
  using Fields = std::vector<std::pair<std::string, std::string>>;
  CHECK(Get(*fetcher, server.Url())->headers == Fields{{"content-length", "1"}, {"cache-control", "max-age=300"}, {"x-last", "1"}});
  CHECK(Get(*fetcher, server.Url("/large"))->headers == Fields{{"content-length", "1"}, {"cache-control", "max-age=300"}});
}

TEST_CASE("a redirect is an answer and is not followed") {
  LocalServer server([](const std::string&) { return Reply("302 Found", "", "Location: /elsewhere\r\n"); });
  auto fetcher = *CurlFetcher::Create();
  const Result<base::HttpFetchReply> reply = Get(*fetcher, server.Url());
  REQUIRE(reply.ok());
  CHECK(reply->status == 302);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("an answer over the limit ends the exchange, announced or not") {
  const std::string body(1001, 'x');
  for (const std::string& reply : {Reply("200 OK", body), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body}) {
    LocalServer server([&reply](const std::string&) { return reply; });
    auto fetcher = *CurlFetcher::Create();
    const Result<base::HttpFetchReply> over = Get(*fetcher, server.Url(), 20'000, 1000);
    REQUIRE_FALSE(over.ok());
    CHECK(over.error().code == ErrorCode::kLimitExceeded);
    CHECK(over.error().message == "the answer is over 1000 bytes");
    CHECK(Get(*fetcher, server.Url(), 20'000, 1001)->body == body);
  }
}

TEST_CASE("a server that says nothing runs into the timeout") {
  LocalServer server([](const std::string&) { return std::string("hang"); });
  auto fetcher = *CurlFetcher::Create();
  const Result<base::HttpFetchReply> late = Get(*fetcher, server.Url(), 50);
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().code == ErrorCode::kTimeout);
}

TEST_CASE("no server, half an answer, no name: unavailable, and the message names no address") {
  int free_port = 0;
  {
    LocalServer gone([](const std::string&) { return std::string(); });
    free_port = std::stoi(gone.Url("").substr(17));
    auto fetcher = *CurlFetcher::Create();
    CHECK(Get(*fetcher, gone.Url()).error().message == "the connection broke off");
  }
  LocalServer half([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc");
  });
  auto fetcher = *CurlFetcher::Create();
  CHECK(Get(*fetcher, half.Url()).error().message == "the connection broke off");
  CHECK(Get(*fetcher, "http://127.0.0.1:" + std::to_string(free_port) + "/").error().message ==
        "the connection was refused");
  const Result<base::HttpFetchReply> nobody = Get(*fetcher, "http://name.invalid/");
  REQUIRE_FALSE(nobody.ok());
  CHECK(nobody.error().code == ErrorCode::kUnavailable);
  CHECK(nobody.error().message.find("invalid") == std::string::npos);
}

TEST_CASE("what cannot be sent safely is refused before anything is sent") {
  LocalServer server([](const std::string&) { return Reply("200 OK", ""); });
  auto fetcher = *CurlFetcher::Create();
  const auto code = [&](const std::function<void(base::HttpFetchRequest&)>& change) {
    base::HttpFetchRequest request;
    request.url = server.Url();
    change(request);
    const Result<base::HttpFetchReply> reply = fetcher->Fetch(request);
    return reply.ok() ? "sent" : reply.error().message;
  };
  CHECK(code([](auto& r) { r.url = "file:///etc/passwd"; }) == "HTTP request: the URL is neither http nor https");
  CHECK(code([](auto& r) { r.url = "gopher://127.0.0.1/"; }) == "HTTP request: the URL is neither http nor https");
  CHECK(code([](auto& r) { r.url += "\r\nX: y"; }) == "HTTP request: the URL has a blank or control character");
  CHECK(code([](auto& r) { r.method = "GET /x"; }) == "HTTP request: the method is no word in capitals");
  CHECK(code([](auto& r) { r.method = ""; }) == "HTTP request: the method is no word in capitals");
  CHECK(code([](auto& r) { r.headers = {{"A", "b\r\nC: d"}}; }) ==
        "HTTP request: a header has a character that it may not have");
  CHECK(code([](auto& r) { r.headers = {{"A:", "b"}}; }) ==
        "HTTP request: a header has a character that it may not have");
  CHECK(code([](auto& r) { r.headers = {{"", "b"}}; }) ==
        "HTTP request: a header has a character that it may not have");
  CHECK(code([](auto& r) { r.timeout_ms = 0; }).starts_with("HTTP request: the timeout"));
  CHECK(server.requests().empty());
}

TEST_CASE("a proxy of the environment is used only when the options say so") {
  LocalServer proxy([](const std::string&) { return Reply("200 OK", "from the proxy"); });
  LocalServer server([](const std::string&) { return Reply("200 OK", "direct"); });
  ::setenv("http_proxy", proxy.Url().c_str(), 1);
  ::unsetenv("no_proxy");
  ::unsetenv("NO_PROXY");
  CHECK(Get(**CurlFetcher::Create(), server.Url())->body == "direct");
  CHECK(Get(**CurlFetcher::Create({.proxy_from_environment = true}), server.Url())->body == "from the proxy");
  ::unsetenv("http_proxy");
}

TEST_CASE("a CA file that is not there is refused when the fetcher is made") {
  const auto fetcher = CurlFetcher::Create({.ca_file = "/nonexistent/ca.pem"});
  REQUIRE_FALSE(fetcher.ok());
  CHECK(fetcher.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("threads fetch side by side through one fetcher") {
  LocalServer server(
      [](const std::string& request) { return Reply("200 OK", request.substr(4, request.find(' ', 4) - 4)); });
  auto fetcher = *CurlFetcher::Create({.max_idle_connections = 2});
  std::vector<std::thread> threads;
  std::vector<int> good(8, 0);
  for (std::size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        const Result<base::HttpFetchReply> reply = Get(*fetcher, server.Url(path));
        good[t] += reply.ok() && reply->body == path;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : good) CHECK(count == 20);
}

}  // namespace intentgate::fetch
