// Access tokens of the gateway's own: what is asked for, how long it serves, and what a failure does.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "oauth/client_tokens.h"
#include "oauth/jwt.h"
#include "support/net_fixture.h"
#include "support/signer.h"
#include "unit/oauth/fake_token_endpoint.h"

namespace intentgate::oauth {
namespace {

using test::Event;

struct World {
  config::UpstreamSettings settings;
  std::shared_ptr<FakeTokenEndpoint> endpoint = std::make_shared<FakeTokenEndpoint>();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  std::shared_ptr<ClientTokens> tokens;

  World() {
    settings.url_text = "https://tools.example.com/mcp";
    settings.oauth.token_url = "https://as.example.com/token";
    settings.oauth.client_id = "gate way";
    settings.oauth.client_secret = crypto::SecretBytes(base::AsBytes("s3cret+/"));
    settings.oauth.scope = "tools read";
  }
  void Open() {
    auto made = ClientTokens::Create(settings, endpoint, clock, SystemRandom());
    REQUIRE(made.ok());
    tokens = *made;
  }
  Result<std::string> Get() {
    if (tokens == nullptr) Open();
    const auto event = std::make_shared<Event<std::optional<Result<std::string>>>>();
    tokens->Get(nullptr, [event](Result<std::string> token) { event->Set(std::move(token)); });
    return *event->Wait();
  }
};

std::string Body(const std::string& token, int seconds) {
  return R"({"access_token":")" + token + R"(","token_type":"bearer","expires_in":)" + std::to_string(seconds) + "}";
}

}  // namespace

TEST_CASE("client credentials go out as the settings say, with the resource and the scopes") {
  World w;
  w.endpoint->Answer(200, Body("t1", 300));
  CHECK(*w.Get() == "t1");
  const base::HttpFetchRequest asked = w.endpoint->asked().at(0);
  CHECK(asked.method == "POST");
  CHECK(asked.url == "https://as.example.com/token");
  CHECK(asked.body == "grant_type=client_credentials&resource=https%3A%2F%2Ftools.example.com%2Fmcp&scope=tools%20read");
  CHECK(asked.headers.back() == std::pair<std::string, std::string>("Authorization", "Basic " + base::Base64Encode(base::AsBytes("gate%20way:s3cret%2B%2F"))));

  World in_body;
  in_body.settings.oauth.secret_in_body = true;
  in_body.settings.oauth.resource = "urn:tools";
  in_body.settings.oauth.scope.clear();
  in_body.endpoint->Answer(200, Body("t1", 300));
  CHECK(*in_body.Get() == "t1");
  CHECK(in_body.endpoint->asked().at(0).body == "grant_type=client_credentials&resource=urn%3Atools&client_id=gate%20way&client_secret=s3cret%2B%2F");
  CHECK(in_body.endpoint->asked().at(0).headers.size() == 2);
}

TEST_CASE("with a key the client signs who it is, and no secret leaves") {
  World w;
  // The private key of RFC 8037's appendix A.
  constexpr const char* kKey = R"({"kty":"OKP","crv":"Ed25519","kid":"c1","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
  w.settings.oauth.client_secret = {};
  w.settings.oauth.client_key = crypto::SecretBytes(base::AsBytes(kKey));
  w.endpoint->Answer(200, Body("t1", 300));
  CHECK(*w.Get() == "t1");
  const std::string body = w.endpoint->asked().at(0).body;
  const std::size_t at = body.find("client_assertion=");
  REQUIRE(at != std::string::npos);
  const std::string assertion = body.substr(at + std::string("client_assertion=").size());
  const Result<Jwt> jwt = ReadJwt(assertion);
  REQUIRE(jwt.ok());
  CHECK(jwt->kid == "c1");
  CHECK(TextOf(jwt->claims, "iss") == "gate way");
  CHECK(TextOf(jwt->claims, "sub") == "gate way");
  CHECK(TextOf(jwt->claims, "aud") == "https://as.example.com/token");
  CHECK(IsSignedBy(*jwt, crypto::ParseJwks(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})")->front()));
  CHECK(body.find("nWGxne") == std::string::npos);
  w.settings.oauth.client_key = crypto::SecretBytes(base::AsBytes("{}"));
  CHECK_FALSE(ClientTokens::Create(w.settings, w.endpoint, w.clock, SystemRandom()).ok());
}

TEST_CASE("a token serves until shortly before its end, and not when it was dropped") {
  World w;
  for (const char* token : {"t1", "t2", "t3"}) w.endpoint->Answer(200, Body(token, 300));
  CHECK(*w.Get() == "t1");
  w.clock->AdvanceMicros(269'000'000);
  CHECK(*w.Get() == "t1");
  w.clock->AdvanceMicros(1'000'000);
  CHECK(*w.Get() == "t2");
  w.tokens->Drop(nullptr, "t1");
  CHECK(*w.Get() == "t2");
  w.tokens->Drop(nullptr, "t2");
  CHECK(*w.Get() == "t3");
}

TEST_CASE("everybody who comes meanwhile waits for the one request") {
  World w;
  w.Open();
  w.endpoint->Answer(200, Body("t1", 300));
  w.endpoint->Hold("grant_type");
  std::vector<std::shared_ptr<Event<std::optional<Result<std::string>>>>> events;
  for (int i = 0; i < 5; ++i) {
    events.push_back(std::make_shared<Event<std::optional<Result<std::string>>>>());
    w.tokens->Get(nullptr, [event = events.back()](Result<std::string> token) { event->Set(std::move(token)); });
    w.endpoint->WaitAsked();
  }
  w.endpoint->Hold({});
  for (const auto& event : events) CHECK(**event->Wait() == "t1");
  CHECK(w.endpoint->asked().size() == 1);
}

TEST_CASE("a failure names no secret, is told for a while without asking again, and then tried anew") {
  World w;
  w.endpoint->Answer(401, R"({"error":"invalid_client","error_description":"s3cret+/ is wrong"})");
  const Result<std::string> refused = w.Get();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnavailable);
  CHECK(refused.error().message == "the token endpoint refused: status 401, invalid_client");
  CHECK_FALSE(w.Get().ok());
  CHECK(w.endpoint->asked().size() == 1);
  w.clock->AdvanceMicros(kFailureSeconds * 1'000'000);
  w.endpoint->Answer(200, Body("t1", 300));
  CHECK(*w.Get() == "t1");
}

TEST_CASE("answers that give no bearer token") {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"access_token":"t","token_type":"DPoP"})", R"({"access_token":"","token_type":"Bearer"})",
                           "{\"access_token\":\"a\\r\\nX: y\",\"token_type\":\"Bearer\"}", R"({"access_token":7,"token_type":"Bearer"})"}) {
    CAPTURE(body);
    World w;
    w.endpoint->Answer(200, body);
    CHECK_FALSE(w.Get().ok());
  }
}

TEST_CASE("a bearer token is of the characters that RFC 6750 gives it, and nothing around it") {
  for (const std::string token : {"a", "aZ09-._~+/", "abc=", "abc==", "eyJh.eyJz.c2ln"}) {
    CAPTURE(token);
    World w;
    w.endpoint->Answer(200, Body(token, 300));
    const Result<std::string> got = w.Get();
    REQUIRE(got.ok());
    CHECK(*got == token);
  }
  for (const std::string token : {"t1 ", " t1", "t1\\t", "t1, Basic eDp5", "a b", "=", "a=b", "\\\"t1\\\"", "t\xc3\xa9", "a|b", "a:b"}) {
    CAPTURE(token);
    World w;
    w.endpoint->Answer(200, Body(token, 300));
    const Result<std::string> got = w.Get();
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().message == "the token endpoint gave an access token that is none for a Bearer field (RFC 6750 section 2.1)");
  }
}

}  // namespace intentgate::oauth
