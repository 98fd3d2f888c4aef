// http.send, net.lookup_ip_addr and opa.runtime over the network, as policies see them.

#include <doctest/doctest.h>

#include <string>

#include <intentgate/rego_host.h>

#include "unit/fetch/local_server.h"

namespace intentgate::rego {
namespace {

using fetch::LocalServer;
using fetch::Reply;

constexpr const char* kPolicy = R"(package p

response := http.send(input.request)

twice := [http.send(input.request), http.send(input.request)]

addresses := net.lookup_ip_addr(input.name)
)";

class Asked {
 public:
  explicit Asked(std::vector<std::string> allow_net) {
    const SourceFile file{"p.rego", kPolicy};
    CompileOptions options;
    options.granted_builtins = {"http.send", "net.lookup_ip_addr"};
    policy_ = CompiledPolicy::Compile({&file, 1}, {}, options).policy;
    REQUIRE(policy_ != nullptr);
    const Result<std::shared_ptr<HostAccess>> host = NetworkHost({.allow_net = std::move(allow_net), .max_response_bytes = 1000, .max_redirects = 3});
    REQUIRE(host.ok());
    host_ = *host;
  }

  EvalResult Eval(const std::string& rule, const std::string& input) const {
    EvalOptions options;
    options.host = host_.get();
    options.strict_builtin_errors = true;
    const Result<json::Value> document = json::Parse(input);
    REQUIRE(document.ok());
    return policy_->Eval("data.p." + rule, *document, options);
  }
  json::Value Response(const std::string& request) const {
    const EvalResult result = Eval("response", "{\"request\": " + request + "}");
    INFO((result.error ? result.error->message : ""));
    REQUIRE(result.ok());
    return result.value;
  }
  std::string Refusal(const std::string& request) const {
    const EvalResult result = Eval("response", "{\"request\": " + request + "}");
    REQUIRE_FALSE(result.ok());
    CHECK(result.error->code == "eval_builtin_error");
    return result.error->message;
  }

 private:
  std::shared_ptr<const CompiledPolicy> policy_;
  std::shared_ptr<HostAccess> host_;
};

std::string Quoted(const std::string& text) { return json::Write(json::Value(text)); }
std::string Get(const std::string& url, const std::string& more = "") { return R"({"method": "get", "url": )" + Quoted(url) + more + "}"; }

const std::string kJson = "Content-Type: application/json; charset=utf-8\r\nX-Twice: a\r\nX-Twice: b\r\n";

}  // namespace

TEST_CASE("http.send: the response has status, headers and the body as JSON where it says so") {
  LocalServer server([](const std::string&) { return Reply("201 Created", R"({"ok": [1.50]})", kJson); });
  const Asked asked({"127.0.0.1"});
  const json::Value response = asked.Response(Get(server.Url("/a?b=c"), R"(, "headers": {"X-Key": "v"}, "timeout": "20s")"));
  CHECK(response.Find("status")->string_value() == "201 Created");
  CHECK(json::Write(*response.Find("status_code")) == "201");
  CHECK(json::Write(*response.Find("body")) == R"({"ok":[1.50]})");
  CHECK(response.Find("raw_body")->string_value() == R"({"ok": [1.50]})");
  CHECK(json::Write(*response.AtPointer("/headers/x-twice")) == R"(["a","b"])");
  const std::string request = server.requests().at(0);
  CHECK(request.starts_with("GET /a?b=c HTTP/1.1\r\n"));
  CHECK(request.find("X-Key: v\r\n") != std::string::npos);
}

TEST_CASE("http.send: bodies are sent as JSON or as they are, and decoded when that is asked for") {
  LocalServer server([](const std::string&) { return Reply("200 OK", "a: 1"); });
  const Asked asked({"127.0.0.1"});
  const std::string post = R"({"method": "POST", "url": )" + Quoted(server.Url());
  CHECK(asked.Response(post + R"(, "body": {"x": [1, "y"]}})").Find("body")->is_null());
  CHECK(server.requests().at(0).ends_with("\r\n\r\n{\"x\":[1,\"y\"]}"));
  CHECK(json::Write(*asked.Response(post + R"(, "body": {}, "raw_body": "text", "force_yaml_decode": true})").Find("body")) == R"({"a":1})");
  CHECK(server.requests().at(1).ends_with("\r\n\r\ntext"));
}

TEST_CASE("http.send: hosts that are not allowed are not reached, not even by a redirect") {
  LocalServer other([](const std::string&) { return Reply("200 OK", "secret"); });
  const std::string by_name = "http://localhost" + other.Url().substr(std::string("http://127.0.0.1").size());
  LocalServer server([&](const std::string& request) {
    if (request.starts_with("GET /away")) return Reply("302 Found", "", "Location: " + by_name + "\r\n");
    if (request.starts_with("GET /loop")) return Reply("302 Found", "", "Location: /loop\r\n");
    if (request.starts_with("POST /near")) return Reply("303 See Other", "", "Location: there\r\n");
    return Reply("200 OK", "here");
  });
  const Asked asked({"127.0.0.1"});
  CHECK(asked.Refusal(Get(by_name)).find("unallowed host: localhost") != std::string::npos);
  CHECK(asked.Refusal(Get(by_name, R"(, "raise_error": false)")).find("unallowed host") != std::string::npos);
  CHECK(asked.Refusal(Get(server.Url("/away"), R"(, "enable_redirect": true)")).find("unallowed host: localhost") != std::string::npos);
  CHECK(asked.Refusal(Get("http://127.0.0.1@localhost:" + other.Url().substr(17))).find("unallowed host: localhost") != std::string::npos);
  CHECK(other.requests().empty());
  CHECK(json::Write(*asked.Response(Get(server.Url("/away"))).Find("status_code")) == "302");
  CHECK(asked.Refusal(Get(server.Url("/loop"), R"(, "enable_redirect": true)")).find("more redirects than 3") != std::string::npos);
  const std::string near = R"({"method": "POST", "raw_body": "b", "enable_redirect": true, "url": )" + Quoted(server.Url("/near")) + "}";
  CHECK(asked.Response(near).Find("raw_body")->string_value() == "here");
  CHECK(server.requests().back().starts_with("GET /there HTTP/1.1"));
}

TEST_CASE("http.send: credentials stay with the host that they are for") {
  LocalServer other([](const std::string&) { return Reply("200 OK", ""); });
  const std::string by_name = "http://localhost" + other.Url().substr(std::string("http://127.0.0.1").size());
  LocalServer server([&](const std::string&) { return Reply("307 Temporary Redirect", "", "Location: " + by_name + "\r\n"); });
  const Asked asked({"*"});
  asked.Response(Get(server.Url(), R"(, "enable_redirect": true, "headers": {"Authorization": "Bearer s", "X-Other": "o"})"));
  CHECK(server.requests().at(0).find("Bearer s") != std::string::npos);
  CHECK(other.requests().at(0).find("Bearer s") == std::string::npos);
  CHECK(other.requests().at(0).find("X-Other: o") != std::string::npos);
}

TEST_CASE("http.send: equal requests of one evaluation are sent once, those of the next one again") {
  int count = 0;
  LocalServer server([&](const std::string&) { return Reply("200 OK", std::to_string(++count)); });
  const Asked asked({"127.0.0.1"});
  const std::string input = "{\"request\": " + Get(server.Url()) + "}";
  for (const char* expected : {"1", "2"}) {
    const EvalResult result = asked.Eval("twice", input);
    REQUIRE(result.ok());
    CHECK(result.value.array()[0].Find("raw_body")->string_value() == expected);
    CHECK(result.value.array()[0] == result.value.array()[1]);
  }
}

TEST_CASE("http.send: failures are errors, or answers where raise_error is false") {
  LocalServer server([](const std::string& request) { return request.starts_with("GET /large") ? Reply("200 OK", std::string(2000, 'x')) : ""; });
  const Asked asked({"127.0.0.1"});
  CHECK(asked.Refusal(Get(server.Url())).find("broke off") != std::string::npos);
  CHECK(asked.Refusal(Get(server.Url("/large"))).find("over 1000 bytes") != std::string::npos);
  const json::Value quiet = asked.Response(Get(server.Url(), R"(, "raise_error": false)"));
  CHECK(json::Write(*quiet.Find("status_code")) == "0");
  CHECK(quiet.AtPointer("/error/code")->string_value() == "eval_http_send_network_error");
  CHECK(asked.Refusal(Get("file:///etc/passwd")).find("neither http nor https") != std::string::npos);
  CHECK(asked.Refusal(Get(server.Url(), R"(, "timeout": "soon")")).find("\"timeout\" must be") != std::string::npos);
  CHECK(asked.Refusal(Get(server.Url(), R"(, "tls_ca_cert_file": "/etc/passwd")")).find("tls_ca_cert_file is not supported") != std::string::npos);
  CHECK(asked.Refusal(Get(server.Url(), R"(, "headers": {"X": "a\r\nY: b"})")).find("a header has a character") != std::string::npos);
}

TEST_CASE("http.send: a request without an answer ends with its time") {
  LocalServer server([](const std::string&) { return std::string("hang"); });
  CHECK(Asked({"127.0.0.1"}).Refusal(Get(server.Url(), R"(, "timeout": 30000000)")).find("no whole answer in time") != std::string::npos);
}

TEST_CASE("net.lookup_ip_addr asks for allowed names only") {
  const Asked asked({"localhost"});
  const EvalResult found = asked.Eval("addresses", R"({"name": "localhost"})");
  REQUIRE(found.ok());
  CHECK(found.value.array().size() >= 1);
  const EvalResult refused = asked.Eval("addresses", R"({"name": "127.0.0.1"})");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error->message.find("unallowed host: 127.0.0.1") != std::string::npos);
}

TEST_CASE("without a host to allow there is no access") { CHECK(NetworkHost({}).error().message.find("allow_net is empty") != std::string::npos); }

}  // namespace intentgate::rego
