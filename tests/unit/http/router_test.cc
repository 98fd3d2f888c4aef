#include "http/router.h"

#include <doctest/doctest.h>

namespace intentgate::http {
namespace {

// Keeps the answer instead of sending it.
class FakeExchange final : public Exchange {
 public:
  FakeExchange(std::string method, std::string target) {
    head_.method = std::move(method);
    head_.target = std::move(target);
  }
  const RequestHead& request() const override { return head_; }
  std::string_view body() const override { return {}; }
  const std::string& remote_address() const override { return address_; }
  net::Loop& loop() override { return *loop_; }
  void Send(int status, const HeaderList& headers, std::string_view body) override {
    answer = std::to_string(status) + " " + std::string(body);
    allow = headers.Get("Allow").value_or("");
  }
  void Start(int, const HeaderList&) override {}
  bool Write(std::string_view) override { return true; }
  void OnDrain(std::function<void()>) override {}
  void Finish() override {}
  void Abort() override {}
  void OnClose(std::function<void()>) override {}
  bool closed() const override { return false; }

  std::string answer, allow;

 private:
  RequestHead head_;
  std::string address_ = "192.0.2.1";
  std::unique_ptr<net::Loop> loop_ = *net::Loop::Create();
};

HandlerFunction Say(std::string what) {
  return [what](std::shared_ptr<Exchange> exchange) {
    std::string out = what;
    for (const auto& [name, value] : exchange->params()) out += " " + name + "=" + value;
    exchange->Send(200, {}, out);
  };
}

struct Fixture {
  Router router;
  Fixture() {
    router.Add("GET", "/", Say("root"));
    router.Add("GET", "/v1/tokens", Say("list"));
    router.Add("POST", "/v1/tokens", Say("mint"));
    router.Add("GET", "/v1/tokens/{id}", Say("one"));
    router.Add("GET", "/v1/tokens/latest", Say("latest"));
    router.Add("POST", "/v1/approvals/{id}/decide", Say("decide"));
    router.Add("GET", "/console/{path...}", Say("file"));
  }
  std::string Ask(const std::string& method, const std::string& target) {
    auto exchange = std::make_shared<FakeExchange>(method, target);
    router.Handle(exchange);
    allow = exchange->allow;
    return exchange->answer;
  }
  std::string allow;
};

constexpr const char* kNotFound = "404 {\"error\":\"not found\"}";

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a route is found by method and path, without the query") {
  CHECK(Ask("GET", "/") == "200 root");
  CHECK(Ask("GET", "/v1/tokens?limit=3") == "200 list");
  CHECK(Ask("POST", "/v1/tokens") == "200 mint");
  CHECK(Ask("HEAD", "/v1/tokens") == "200 list");
}

TEST_CASE_FIXTURE(Fixture, "parameters are decoded and a literal wins over them") {
  CHECK(Ask("GET", "/v1/tokens/a%20b") == "200 one id=a b");
  CHECK(Ask("GET", "/v1/tokens/latest") == "200 latest");
  CHECK(Ask("POST", "/v1/approvals/42/decide") == "200 decide id=42");
  CHECK(Ask("GET", "/console/a/b.js") == "200 file path=a/b.js");
  CHECK(Ask("GET", "/console/") == "200 file path=");
}

TEST_CASE_FIXTURE(Fixture, "other spellings of a path match nothing") {
  for (const std::string path :
       {"/v1/tokens/", "//v1/tokens", "/v1//tokens", "/V1/tokens", "/v1/./tokens", "/v1/%74okens", "/v1/tokens/a/b",
        "/v1/tokens/a%2fb", "/v1/tokens/%00", "/v1/tokens/%ff", "/v2", "*", "/console/a%2f..%2fb"}) {
    INFO(path);
    CHECK(Ask("GET", path) == kNotFound);
  }
}

TEST_CASE_FIXTURE(Fixture, "a method that the path does not have is refused with the list of those it has") {
  CHECK(Ask("DELETE", "/v1/tokens").starts_with("405 "));
  CHECK(allow == "GET, POST");
  CHECK(Ask("get", "/v1/tokens").starts_with("405 "));
  CHECK(Ask("GET", "/v1/approvals/1/decide").starts_with("405 "));
  CHECK(allow == "POST");
}

}  // namespace intentgate::http
