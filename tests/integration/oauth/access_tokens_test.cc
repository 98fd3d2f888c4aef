// JWT access tokens at the gateway's door.
#include <doctest/doctest.h>

#include "integration/oauth/fixture.h"

namespace intentgate::test {

TEST_CASE("an access token calls what its scopes reach, and the upstream never sees it") {
  OAuthGateway g;
  const std::string token = g.Token();
  Caller& caller = g.Start();
  const Got got = caller.Mcp(token, CallOf("read_file"));
  INFO(got.body);
  CHECK(got.status == 200);
  CHECK(got.json().Find("result") != nullptr);
  CHECK(g.LastEvent().find("jti=t1 agent=alice") != std::string::npos);
  for (const auto& seen : g.upstream.seen()) CHECK(seen.headers.find(token) == std::string::npos);
  const Got list = caller.Mcp(token, kList);
  CHECK(list.status == 200);
  CHECK(list.body.find("read_file") != std::string::npos);
  CHECK(list.body.find("move_file") == std::string::npos);
}

TEST_CASE("a tool that another scope reaches is 403 with all scopes; one that none reaches is a refusal") {
  OAuthGateway g;
  g.settings.oauth.issuers[0].required_scopes = {"files.read"};
  Caller& caller = g.Start();
  const Got more = caller.Mcp(g.Token(), CallOf("move_file"));
  CHECK(more.status == 403);
  CHECK(more.header("WWW-Authenticate") ==
        R"(Bearer realm="intentgate", error="insufficient_scope", resource_metadata="https://gw.example.com/.well-known/oauth-protected-resource/v1/mcp", )"
        R"(scope="files.read files.write")");
  CHECK(g.LastEvent() == "block capability.tool_not_allowed jti=t1 agent=alice");
  CHECK(caller.Mcp(g.Token("files.read files.write", "t2"), CallOf("move_file")).status == 200);
  const Got never = caller.Mcp(g.Token(), CallOf("drop_table"));
  CHECK(never.status == 200);
  CHECK(never.code() == -32010);
  const Got none = caller.Mcp(g.Token("openid", "t3"), kList);
  CHECK(none.status == 403);
  CHECK(none.header("WWW-Authenticate").find(R"(error="insufficient_scope")") != std::string::npos);
  CHECK(none.header("WWW-Authenticate").find(R"(scope="files.read")") != std::string::npos);
}

TEST_CASE("a token with the required scope that reaches no tool is told the scopes that do") {
  OAuthGateway g;
  g.settings.oauth.issuers[0].required_scopes = {"mcp"};
  Caller& caller = g.Start();
  for (const std::string& body : {CallOf("read_file"), std::string(kList)}) {
    const Got none = caller.Mcp(g.Token("mcp"), body);
    CHECK(none.status == 403);
    CHECK(none.body.find("no scope that reaches a tool") != std::string::npos);
    CHECK(none.header("WWW-Authenticate").ends_with(R"(, scope="mcp files.read files.write")"));
    const Got without = caller.Mcp(g.Token("files.read", "t2"), body);
    CHECK(without.status == 403);
    CHECK(without.header("WWW-Authenticate").ends_with(R"(, scope="mcp files.read")"));
  }
  CHECK(caller.Mcp(g.Token("mcp files.read", "t3"), CallOf("read_file")).status == 200);
}

TEST_CASE("an access token that is not good is 401 with a challenge, an event, and no call") {
  OAuthGateway g;
  const Signer stranger("ES256", "k1");
  Caller& caller = g.Start();
  json::Value expired = g.Claims(), elsewhere = g.Claims(), foreign = g.Claims();
  expired.Set("exp", g.Now() - 61);
  elsewhere.Set("aud", "https://other.example.com");
  foreign.Set("iss", "https://evil.example.com");
  const std::vector<std::pair<std::string, std::string>> bad = {{g.signer.AccessToken(expired), "capability.token_expired"},
                                                                {g.signer.AccessToken(elsewhere), "capability.token_wrong_audience"},
                                                                {g.signer.AccessToken(foreign), "capability.token_wrong_issuer"},
                                                                {stranger.AccessToken(g.Claims()), "capability.token_bad_mac"},
                                                                {g.Token() + "x", "capability.token_malformed"}};
  for (const auto& [token, code] : bad) {
    CAPTURE(code);
    for (const std::string& body : {CallOf("read_file"), std::string(kList)}) {
      const Got got = caller.Mcp(token, body);
      CHECK(got.status == 401);
      CHECK(got.header("WWW-Authenticate").starts_with(R"(Bearer realm="intentgate", error="invalid_token", resource_metadata="https://gw.example.com/)"));
      CHECK(g.LastEvent().starts_with("block " + code));
    }
  }
  CHECK(g.upstream.seen("tools/call").empty());
}

TEST_CASE("revoking an access token by its jti ends it at once") {
  OAuthGateway g;
  Caller& caller = g.Start();
  REQUIRE(caller.Mcp(g.Token(), CallOf("read_file")).status == 200);
  REQUIRE(g.gate->Revoke({.tenant = "default", .id = "t1"}, {}).ok());
  CHECK(caller.Mcp(g.Token(), CallOf("read_file")).status == 401);
  CHECK(g.LastEvent() == "block capability.token_revoked jti=t1 agent=alice");
  CHECK(caller.Mcp(g.Token("files.read", "t2"), CallOf("read_file")).status == 200);
}

TEST_CASE("a session goes on with a renewed token, and with nobody else's") {
  OAuthGateway g;
  Caller& caller = g.Start();
  const Got opened = caller.Mcp(g.Token(), R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})");
  const std::string session = opened.header("Mcp-Session-Id");
  REQUIRE_FALSE(session.empty());
  CHECK(caller.Mcp(g.Token("files.read", "t2"), CallOf("read_file"), {{"Mcp-Session-Id", session}}).status == 200);
  json::Value bob = g.Claims("files.read", "t3");
  bob.Set("sub", "bob");
  CHECK(caller.Mcp(g.signer.AccessToken(bob), CallOf("read_file"), {{"Mcp-Session-Id", session}}).status == 404);
}

TEST_CASE("a token under a new key waits for the issuer's keys, once in a while") {
  OAuthGateway g;
  const Signer next("ES256", "k2"), unknown("ES256", "k3");
  Caller& caller = g.Start();
  REQUIRE(caller.Mcp(g.Token(), CallOf("read_file")).status == 200);
  const int before = g.issuer->asked();
  g.issuer->Publish({&g.signer, &next});
  // The keys are young: nothing is fetched, and a stranger cannot make the gateway fetch.
  CHECK(caller.Mcp(next.AccessToken(g.Claims("files.read", "t2")), CallOf("read_file")).status == 401);
  CHECK(g.issuer->asked() == before);
  g.clock->AdvanceMicros(10'000'000);
  CHECK(caller.Mcp(next.AccessToken(g.Claims("files.read", "t2")), CallOf("read_file")).status == 200);
  CHECK(g.issuer->asked() == before + 1);
  for (int i = 0; i < 5; ++i) CHECK(caller.Mcp(unknown.AccessToken(g.Claims("files.read", "t3")), CallOf("read_file")).status == 401);
  CHECK(g.issuer->asked() == before + 1);
}

TEST_CASE("while the issuer's keys cannot be had its tokens are 503, and capability tokens go on") {
  OAuthGateway g;
  g.issuer = std::make_shared<Issuer>();
  Caller& caller = g.Start();
  const Got got = caller.Mcp(g.Token(), CallOf("read_file"));
  CHECK(got.status == 503);
  CHECK(got.header("Retry-After") == "10");
  CHECK(g.LastEvent().starts_with("block capability.issuer_unavailable"));
  const Result<MintedToken> own = g.gate->Mint({.subject = "bot"}, {});
  REQUIRE(own.ok());
  CHECK(caller.Mcp(own->token, CallOf("read_file")).status == 200);
}

TEST_CASE("the metadata names the issuers and their scopes") {
  OAuthGateway g;
  Caller& caller = g.Start();
  const json::Value document = caller.Do("GET", "/.well-known/oauth-protected-resource/v1/mcp").json();
  CHECK(json::Write(*document.Find("authorization_servers")) == R"(["https://as.example.com"])");
  CHECK(json::Write(*document.Find("scopes_supported")) == R"(["files.read","files.write"])");
}

}  // namespace intentgate::test
