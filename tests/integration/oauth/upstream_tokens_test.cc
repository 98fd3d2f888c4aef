// An upstream that wants an access token of the gateway's own.
#include <doctest/doctest.h>

#include "integration/oauth/fixture.h"
#include "integration/oauth/guarded_tools.h"

namespace intentgate::test {
namespace {

// Gives t1, t2, t3 and so on. Thread-safe.
class TokenEndpoint final : public base::HttpFetcher {
 public:
  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override {
    if (request.url != "https://as.example.com/token") return base::HttpFetchReply{404, {}};
    const std::lock_guard lock(mutex_);
    ++given_;
    if (refuses_) return base::HttpFetchReply{400, R"({"error":"invalid_client"})"};
    return base::HttpFetchReply{200, R"({"access_token":"t)" + std::to_string(given_) + R"(","token_type":"Bearer","expires_in":300})"};
  }
  void Refuse() {
    const std::lock_guard lock(mutex_);
    refuses_ = true;
  }
  int given() const {
    const std::lock_guard lock(mutex_);
    return given_;
  }

 private:
  mutable std::mutex mutex_;
  int given_ = 0;
  bool refuses_ = false;
};

struct World : OAuthGateway {
  GuardedTools tools;
  std::shared_ptr<TokenEndpoint> endpoint = std::make_shared<TokenEndpoint>();
  std::string agent;

  World() {
    settings.oauth.issuers.clear();
    settings.upstream.url_text = tools.url();
    settings.upstream.url = *http::ParseUrl(tools.url());
    settings.upstream.oauth.token_url = "https://as.example.com/token";
    settings.upstream.oauth.client_id = "gateway";
    settings.upstream.oauth.client_secret = crypto::SecretBytes(base::AsBytes("s3cret"));
    fetcher = endpoint;
  }
  ~World() {
    caller.reset();
    service.reset();
  }
  Caller& Begin() {
    Caller& out = Start();
    agent = gate->Mint({.subject = "bot"}, {})->token;
    return out;
  }
};

}  // namespace

TEST_CASE("the gateway calls under its own token, one for all, and the caller's stays here") {
  World w;
  Caller& caller = w.Begin();
  for (int i = 0; i < 3; ++i) {
    const Got got = caller.Mcp(w.agent, CallOf("read_file"));
    INFO(got.body);
    CHECK(got.status == 200);
    CHECK(got.body.find("done") != std::string::npos);
  }
  CHECK(w.tools.calls() == std::vector<std::string>(3, "Bearer t1"));
  CHECK(w.endpoint->given() == 1);
}

TEST_CASE("a token that the upstream does not take any more is got anew, once") {
  World w;
  Caller& caller = w.Begin();
  CHECK(caller.Mcp(w.agent, CallOf("read_file")).body.find("done") != std::string::npos);
  w.tools.AwaitList();
  w.tools.Take("t2");
  CHECK(caller.Mcp(w.agent, CallOf("read_file")).body.find("done") != std::string::npos);
  CHECK(w.tools.calls() == std::vector<std::string>{"Bearer t1", "Bearer t1", "Bearer t2"});
  w.tools.Take("none");
  CHECK(caller.Mcp(w.agent, CallOf("read_file")).code() == -32603);
  CHECK(w.tools.calls().size() == 5);
}

TEST_CASE("without a token nothing is sent, the call fails, and the upstream's calls rest after enough of it") {
  World w;
  w.settings.upstream.breaker_failures = 2;
  w.endpoint->Refuse();
  Caller& caller = w.Begin();
  const Got got = caller.Mcp(w.agent, CallOf("read_file"));
  CHECK(got.code() == -32603);
  CHECK(got.body.find("s3cret") == std::string::npos);
  for (int i = 0; i < 3; ++i) CHECK(caller.Mcp(w.agent, CallOf("read_file")).code() == -32603);
  CHECK(caller.Mcp(w.agent, CallOf("read_file")).body.find("takes no calls now") != std::string::npos);
  CHECK(w.tools.calls().empty());
}

}  // namespace intentgate::test
