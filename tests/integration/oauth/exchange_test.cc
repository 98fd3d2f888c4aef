// An upstream that wants a token of each caller (RFC 8693): whatever reaches it for a caller comes under that caller's, in both eras.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "integration/oauth/fixture.h"
#include "integration/oauth/guarded_tools.h"
#include "oauth/jwt.h"

namespace intentgate::test {
namespace {

// The private key of RFC 8037's appendix A.
constexpr const char* kAssertionKey = R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

// Publishes the issuer's keys, and gives "SUBJECT-N" for a subject's token: alice-1, alice-2; gateway-1 for client credentials. Thread-safe.
class Exchanger final : public base::HttpFetcher {
 public:
  explicit Exchanger(std::shared_ptr<Issuer> issuer) : issuer_(std::move(issuer)) {}

  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override {
    if (request.url != "https://as.example.com/token") return issuer_->Fetch(request);
    const std::string token = Field(request.body, "subject_token");
    std::string who = "gateway";
    if (!token.empty()) {
      const Result<oauth::Jwt> jwt = oauth::ReadJwt(token);
      REQUIRE(jwt.ok());
      who = oauth::TextOf(jwt->claims, "sub");
    }
    const std::lock_guard lock(mutex_);
    if (refused_.contains(who)) return base::HttpFetchReply{400, R"({"error":"invalid_grant"})"};
    return base::HttpFetchReply{200, R"({"access_token":")" + who + "-" + std::to_string(++given_[who]) +
                                         R"(","token_type":"Bearer","expires_in":300,"issued_token_type":"urn:ietf:params:oauth:token-type:access_token"})"};
  }
  void Refuse(const std::string& who) {
    const std::lock_guard lock(mutex_);
    refused_.insert(who);
  }
  int given(const std::string& who) const {
    const std::lock_guard lock(mutex_);
    const auto found = given_.find(who);
    return found == given_.end() ? 0 : found->second;
  }

 private:
  static std::string Field(const std::string& form, const std::string& name) {
    const std::size_t at = form.find("&" + name + "=");
    if (at == std::string::npos) return {};
    const std::size_t from = at + name.size() + 2;
    return form.substr(from, std::min(form.find('&', from), form.size()) - from);
  }

  const std::shared_ptr<Issuer> issuer_;
  mutable std::mutex mutex_;
  std::map<std::string, int> given_;
  std::set<std::string> refused_;
};

struct World : OAuthGateway {
  std::shared_ptr<Exchanger> exchanger = std::make_shared<Exchanger>(issuer);

  World() {
    SetExchange(settings.upstream);
    fetcher = exchanger;
  }
  ~World() {
    caller.reset();
    service.reset();
  }

  static void SetExchange(config::UpstreamSettings& one) {
    one.oauth.exchange = true;
    one.oauth.token_url = "https://as.example.com/token";
    one.oauth.client_id = "gateway";
    one.oauth.client_secret = crypto::SecretBytes(base::AsBytes("s3cret"));
  }
  std::string TokenOf(std::string_view who, std::string_view id = "t1") const {
    json::Value claims = Claims("files.read", std::string(who) + std::string(id));
    claims.Set("sub", who);
    return signer.AccessToken(claims);
  }
  void AsModern() { upstream.modern = true; }
};

std::string AuthorizationOf(const FakeUpstream::Seen& seen) {
  constexpr std::string_view kField = "Authorization: ";
  const std::size_t at = seen.headers.find(kField);
  if (at == std::string::npos) return {};
  const std::size_t from = at + kField.size();
  return seen.headers.substr(from, seen.headers.find('\n', from) - from);
}

// Under which tokens the upstream got something of a kind; "GET" and "DELETE" are kinds too.
std::set<std::string> TokensOf(const FakeUpstream& upstream, std::string_view kind) {
  std::set<std::string> tokens;
  for (const FakeUpstream::Seen& one : upstream.seen(kind)) tokens.insert(AuthorizationOf(one));
  return tokens;
}

// Everything came under a token of the authorization server's, and no token of a caller's did.
void CheckAllExchanged(const FakeUpstream& upstream) {
  for (const FakeUpstream::Seen& one : upstream.seen()) {
    CAPTURE(one.rpc_method);
    const std::string token = AuthorizationOf(one);
    CHECK((token.starts_with("Bearer alice-") || token.starts_with("Bearer bob-") || token.starts_with("Bearer gateway-")));
  }
}

http::HeaderList InSession(const std::string& session) {
  return {{"Mcp-Session-Id", session}, {"Accept", "application/json, text/event-stream"}};
}

constexpr const char* kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})";

std::string Modern(std::string_view method, std::string_view params = {}) {
  std::string members =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";
  if (!params.empty()) members += "," + std::string(params);
  return R"({"jsonrpc":"2.0","id":"m1","method":")" + std::string(method) + R"(","params":{)" + members + "}}";
}

http::HeaderList ModernFields(std::string_view method, std::string_view name = {}) {
  http::HeaderList headers{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}, {"Accept", "application/json, text/event-stream"}};
  if (!name.empty()) headers.Add("Mcp-Name", name);
  return headers;
}

std::string Credential(Gate& gate) {
  REQUIRE(gate.Flush().ok());
  AuditFilter outcomes;
  outcomes.kind = "outcome";
  const Result<AuditPage> page = gate.QueryAudit(outcomes, {}, 1);
  REQUIRE(page.ok());
  REQUIRE(page->records.size() == 1);
  return json::Parse(page->records.front().canonical)->Find("outcome")->string_value();
}

}  // namespace

TEST_CASE("two callers without a handshake: each has an upstream session and a token of its own") {
  World w;
  Caller& caller = w.Start();
  const std::string alice = w.TokenOf("alice"), bob = w.TokenOf("bob");
  for (int i = 0; i < 3; ++i) {
    for (const std::string& token : {alice, bob}) CHECK(caller.Mcp(token, CallOf("read_file")).body.find("done") != std::string::npos);
  }
  CHECK(caller.Mcp(alice, kList).status == 200);
  CheckAllExchanged(w.upstream);
  // What one session got came under one caller's token, the handshake's as well as the calls'.
  std::map<std::string, std::set<std::string>> of_session;
  for (const FakeUpstream::Seen& one : w.upstream.seen()) {
    if (one.rpc_method != "initialize") of_session[one.session].insert(AuthorizationOf(one));
  }
  for (const auto& [session, tokens] : of_session) CHECK(tokens.size() == 1);
  CHECK(TokensOf(w.upstream, "tools/call") == std::set<std::string>{"Bearer alice-1", "Bearer bob-1"});
  const std::set<std::string> opened = TokensOf(w.upstream, "initialize");
  CHECK(opened.contains("Bearer alice-1"));
  CHECK(opened.contains("Bearer bob-1"));
  CHECK(w.exchanger->given("alice") == 1);
  CHECK(w.exchanger->given("bob") == 1);
}

TEST_CASE("a session of a client's own is its caller's from the handshake to the end") {
  World w;
  Caller& caller = w.Start();
  const std::string alice = w.TokenOf("alice"), bob = w.TokenOf("bob");
  const std::string session = caller.Mcp(alice, kInitialize).header("Mcp-Session-Id");
  REQUIRE_FALSE(session.empty());
  CHECK(caller.Mcp(alice, R"({"jsonrpc":"2.0","method":"notifications/initialized"})", InSession(session)).status == 202);
  CHECK(caller.Mcp(alice, kList, InSession(session)).status == 200);
  CHECK(caller.Mcp(alice, CallOf("read_file"), InSession(session)).body.find("done") != std::string::npos);
  CHECK(caller.Mcp(alice, R"({"jsonrpc":"2.0","id":4,"method":"logging/setLevel","params":{"level":"info"}})", InSession(session)).status == 200);
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders(alice, InSession(session)));
  REQUIRE(stream->Starts());
  CHECK(stream->status == 200);
  // A renewed token of the same caller goes on in the session, under a token that was got for it.
  CHECK(caller.Mcp(w.TokenOf("alice", "t2"), CallOf("read_file"), InSession(session)).status == 200);
  CHECK(caller.Mcp(bob, CallOf("read_file"), InSession(session)).status == 404);
  caller.Leave(*stream);
  CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders(alice, InSession(session))).status == 204);
  CheckAllExchanged(w.upstream);
  std::vector<FakeUpstream::Seen> all = w.upstream.seen();
  std::erase_if(all, [&](const FakeUpstream::Seen& one) { return one.session != session; });
  CHECK(all.size() >= 7);
  for (const FakeUpstream::Seen& one : all) {
    CAPTURE(one.rpc_method);
    CHECK(AuthorizationOf(one).starts_with("Bearer alice-"));
  }
  CHECK(TokensOf(w.upstream, "GET") == std::set<std::string>{"Bearer alice-1"});
  CHECK(TokensOf(w.upstream, "DELETE") == std::set<std::string>{"Bearer alice-1"});
  CHECK(TokensOf(w.upstream, "tools/call") == std::set<std::string>{"Bearer alice-1", "Bearer alice-2"});
  CHECK(w.exchanger->given("bob") == 0);
}

TEST_CASE("the modern era: discovery, lists, calls and streams are under the caller's own") {
  World w;
  w.AsModern();
  Caller& caller = w.Start();
  for (const char* who : {"alice", "bob"}) {
    const std::string token = w.TokenOf(who);
    CHECK(caller.Mcp(token, Modern("server/discover"), ModernFields("server/discover")).status == 200);
    CHECK(caller.Mcp(token, Modern("tools/list"), ModernFields("tools/list")).status == 200);
    CHECK(caller.Mcp(token, Modern("tools/call", R"("name":"read_file")"), ModernFields("tools/call", "read_file")).status == 200);
    const auto stream = caller.Open("POST", "/v1/mcp", Caller::McpHeaders(token, ModernFields("subscriptions/listen")),
                                    Modern("subscriptions/listen", R"("notifications":{"toolsListChanged":true})"));
    REQUIRE(stream->Starts());
    CHECK(stream->status == 200);
    caller.Leave(*stream);
  }
  CheckAllExchanged(w.upstream);
  for (const char* method : {"server/discover", "tools/call", "subscriptions/listen"}) {
    CAPTURE(method);
    CHECK(TokensOf(w.upstream, method) == std::set<std::string>{"Bearer alice-1", "Bearer bob-1"});
  }
}

TEST_CASE("several upstreams: the callers' tokens go to the one that wants them, and nothing of them to the other") {
  World w;
  FakeUpstream other;
  const auto add = [&w](const char* name, const FakeUpstream& upstream, bool exchange) {
    config::UpstreamSettings one;
    one.name = name;
    one.prefix = "read_" + std::string(name) + "_";
    one.url_text = upstream.url();
    one.url = *http::ParseUrl(upstream.url());
    if (exchange) World::SetExchange(one);
    w.settings.upstreams.push_back(std::move(one));
  };
  add("a", w.upstream, true);
  add("b", other, false);
  Caller& caller = w.Start();
  const std::string alice = w.TokenOf("alice"), bob = w.TokenOf("bob");
  const std::string session = caller.Mcp(alice, kInitialize).header("Mcp-Session-Id");
  REQUIRE_FALSE(session.empty());
  CHECK(caller.Mcp(alice, kList, InSession(session)).body.find("read_a_read_file") != std::string::npos);
  CHECK(caller.Mcp(alice, CallOf("read_a_read_file"), InSession(session)).body.find("done") != std::string::npos);
  CHECK(caller.Mcp(alice, R"({"jsonrpc":"2.0","id":4,"method":"logging/setLevel","params":{"level":"info"}})", InSession(session)).status == 200);
  CHECK(caller.Mcp(alice, R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})", InSession(session)).status == 202);
  const auto stream = caller.Open("GET", "/v1/mcp", Caller::McpHeaders(alice, InSession(session)));
  REQUIRE(stream->Starts());
  CHECK(caller.Mcp(bob, CallOf("read_a_read_file")).body.find("done") != std::string::npos);
  CHECK(caller.Mcp(bob, kList).status == 200);
  // A part that the upstream forgot is opened anew, by whoever's session it is.
  w.upstream.ForgetSessions();
  CHECK(caller.Mcp(alice, CallOf("read_a_read_file"), InSession(session)).body.find("done") != std::string::npos);
  caller.Leave(*stream);
  CHECK(caller.Do("DELETE", "/v1/mcp", Caller::McpHeaders(alice, InSession(session))).status == 204);
  CheckAllExchanged(w.upstream);
  for (const FakeUpstream::Seen& one : other.seen()) CHECK(AuthorizationOf(one).empty());
  for (const char* kind : {"GET", "logging/setLevel", "notifications/roots/list_changed"}) {
    CAPTURE(kind);
    CHECK(TokensOf(w.upstream, kind) == std::set<std::string>{"Bearer alice-1"});
  }
  CHECK(TokensOf(w.upstream, "tools/call") == std::set<std::string>{"Bearer alice-1", "Bearer bob-1"});
}

TEST_CASE("a token that cannot be had is its caller's trouble: the call fails, the chain says why, the others go on") {
  World w;
  w.settings.upstream.breaker_failures = 1;
  w.exchanger->Refuse("alice");
  Caller& caller = w.Start();
  for (int i = 0; i < 3; ++i) {
    const Got got = caller.Mcp(w.TokenOf("alice"), CallOf("read_file"));
    CHECK(got.status == 200);
    CHECK(got.code() == -32603);
    CHECK(got.body.find("no access token for this caller") != std::string::npos);
  }
  CHECK(Credential(*w.gate) == "credential");
  CHECK(caller.Mcp(w.TokenOf("bob"), CallOf("read_file")).body.find("done") != std::string::npos);
  CHECK(TokensOf(w.upstream, "tools/call") == std::set<std::string>{"Bearer bob-1"});
}

TEST_CASE("a capability token is refused where nobody vouches for it, and vouched for with a key") {
  World refusing;
  Caller& to_refusing = refusing.Start();
  const std::string token = refusing.gate->Mint({.subject = "alice"}, {})->token;
  CHECK(to_refusing.Mcp(token, CallOf("read_file")).body.find("no access token for this caller") != std::string::npos);
  CHECK(refusing.upstream.seen("tools/call").empty());

  World w;
  w.settings.upstream.oauth.assertion_key = crypto::SecretBytes(base::AsBytes(kAssertionKey));
  Caller& caller = w.Start();
  const std::string agent = w.gate->Mint({.subject = "bob"}, {})->token;
  CHECK(caller.Mcp(agent, CallOf("read_file")).body.find("done") != std::string::npos);
  CHECK(TokensOf(w.upstream, "tools/call") == std::set<std::string>{"Bearer bob-1"});
}

TEST_CASE("a caller's token that the upstream does not take any more is got anew, once") {
  World w;
  GuardedTools tools;
  w.settings.upstream.url_text = tools.url();
  w.settings.upstream.url = *http::ParseUrl(tools.url());
  w.settings.upstream.oauth.own_token = false;
  w.settings.threads = 1;  // each loop makes a handshake of its own, which would meet the 401 first
  tools.Take("alice-1");
  Caller& caller = w.Start();
  const std::string alice = w.TokenOf("alice");
  CHECK(caller.Mcp(alice, CallOf("read_file")).body.find("done") != std::string::npos);
  tools.Take("alice-2");
  CHECK(caller.Mcp(alice, CallOf("read_file")).body.find("done") != std::string::npos);
  tools.Take("none");
  CHECK(caller.Mcp(alice, CallOf("read_file")).code() == -32603);
  std::string calls;
  for (const std::string& one : tools.calls()) calls += one.substr(7) + " ";
  CHECK(calls == "alice-1 alice-1 alice-2 alice-2 alice-3 ");
}

TEST_CASE("with oauth_own_grant: none the gateway asks nothing before a caller does") {
  World w;
  w.settings.upstream.oauth.own_token = false;
  Caller& caller = w.Start();
  CHECK(caller.Mcp(w.TokenOf("alice"), CallOf("read_file")).body.find("done") != std::string::npos);
  CHECK(w.exchanger->given("gateway") == 0);
  for (const FakeUpstream::Seen& one : w.upstream.seen()) CHECK(AuthorizationOf(one) == "Bearer alice-1");
}

}  // namespace intentgate::test
