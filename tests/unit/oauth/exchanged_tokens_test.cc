// A token for each caller: what is asked for, whose it is, how long it serves, and what a failure does to the others.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "oauth/exchanged_tokens.h"
#include "oauth/jwt.h"
#include "support/net_fixture.h"
#include "unit/oauth/fake_token_endpoint.h"

namespace intentgate::oauth {
namespace {

using test::Event;
using Told = std::shared_ptr<Event<std::optional<Result<std::string>>>>;

// The private key of RFC 8037's appendix A.
constexpr const char* kKey = R"({"kty":"OKP","crv":"Ed25519","kid":"c1","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
constexpr const char* kPublicKey = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

std::string FieldOf(const std::string& form, const std::string& name) {
  const std::size_t at = ("&" + form).find("&" + name + "=");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 1;
  return form.substr(from, std::min(form.find('&', from), form.size()) - from);
}

std::string Body(const std::string& token, const std::string& type = R"("urn:ietf:params:oauth:token-type:access_token")") {
  return R"({"access_token":")" + token + R"(","token_type":"Bearer","expires_in":300)" + (type.empty() ? "" : R"(,"issued_token_type":)" + type) + "}";
}

// Gives "for-SUBJECT-N", N counting that subject's.
base::HttpFetchReply ForSubject(std::map<std::string, int>& counts, const base::HttpFetchRequest& request) {
  const std::string subject = FieldOf(request.body, "subject_token");
  return {200, Body("for-" + (subject.empty() ? "gateway" : subject) + "-" + std::to_string(++counts[subject]))};
}

struct World {
  config::UpstreamSettings settings;
  std::shared_ptr<FakeTokenEndpoint> endpoint = std::make_shared<FakeTokenEndpoint>();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  std::map<std::string, int> counts;  // under the endpoint's lock
  std::shared_ptr<ExchangedTokens> tokens;

  World() {
    settings.url_text = "https://tools.example.com/mcp";
    settings.oauth.exchange = true;
    settings.oauth.token_url = "https://as.example.com/token";
    settings.oauth.client_id = "gateway";
    settings.oauth.client_secret = crypto::SecretBytes(base::AsBytes("s3cret"));
    endpoint->AnswerBy([this](const base::HttpFetchRequest& request) { return ForSubject(counts, request); });
  }
  void Open() {
    auto made = ExchangedTokens::Create(settings, endpoint, clock, SystemRandom());
    REQUIRE(made.ok());
    tokens = *made;
  }
  Told Ask(const OnBehalfPtr& caller) {
    if (tokens == nullptr) Open();
    const auto told = std::make_shared<Event<std::optional<Result<std::string>>>>();
    tokens->Get(caller, [told](Result<std::string> token) { told->Set(std::move(token)); });
    return told;
  }
  Result<std::string> Get(const OnBehalfPtr& caller) { return *Ask(caller)->Wait(); }
  std::string Asked(std::size_t at, const std::string& name) { return FieldOf(endpoint->asked().at(at).body, name); }
};

OnBehalfPtr Alice(std::string_view token = "alice1") { return OnBehalfOfToken("acme\nalice", token); }
OnBehalfPtr Bob() { return OnBehalfOfToken("acme\nbob", "bob1"); }

}  // namespace

TEST_CASE("the caller's access token is the subject, and the settings say for what") {
  World w;
  w.settings.oauth.scope = "mail.read";
  CHECK(*w.Get(Alice()) == "for-alice1-1");
  CHECK(w.endpoint->asked().at(0).url == "https://as.example.com/token");
  CHECK(w.endpoint->asked().at(0).body ==
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=alice1&"
        "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&"
        "requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&"
        "resource=https%3A%2F%2Ftools.example.com%2Fmcp&scope=mail.read");
  CHECK(w.endpoint->asked().at(0).headers.back().first == "Authorization");

  World with_audience;
  with_audience.settings.oauth.audience = "mail-api";
  CHECK(with_audience.Get(Alice()).ok());
  CHECK(with_audience.Asked(0, "audience") == "mail-api");
  CHECK(with_audience.Asked(0, "resource").empty());
}

TEST_CASE("callers never get each other's token, nor one caller's two tokens the same") {
  World w;
  CHECK(*w.Get(Alice()) == "for-alice1-1");
  CHECK(*w.Get(Bob()) == "for-bob1-1");
  CHECK(*w.Get(Alice()) == "for-alice1-1");
  CHECK(*w.Get(Alice("alice2")) == "for-alice2-1");
  // One text with two owners: whoever shows it is not thereby the other.
  CHECK(*w.Get(OnBehalfOfToken("acme\nmallory", "alice1")) == "for-alice1-2");
  CHECK(*w.Get(Bob()) == "for-bob1-1");
  CHECK(w.tokens->size() == 4);
}

TEST_CASE("one request for all who wait, and nobody waits for another caller's") {
  World w;
  w.endpoint->Hold("subject_token=alice1");
  std::vector<Told> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(w.Ask(Alice()));
  w.endpoint->WaitAsked();
  CHECK(*w.Get(Bob()) == "for-bob1-1");
  w.endpoint->Hold({});
  for (const Told& told : waiting) CHECK(**told->Wait() == "for-alice1-1");
  CHECK(w.endpoint->asked().size() == 2);
}

TEST_CASE("a token serves until shortly before its end, and not when it was dropped") {
  World w;
  CHECK(*w.Get(Alice()) == "for-alice1-1");
  w.clock->AdvanceMicros(269'000'000);
  CHECK(*w.Get(Alice()) == "for-alice1-1");
  w.clock->AdvanceMicros(1'000'000);
  CHECK(*w.Get(Alice()) == "for-alice1-2");
  w.tokens->Drop(Alice(), "for-alice1-1");
  w.tokens->Drop(Bob(), "for-alice1-2");
  w.tokens->Drop(nullptr, "for-alice1-2");
  CHECK(*w.Get(Alice()) == "for-alice1-2");
  w.tokens->Drop(Alice(), "for-alice1-2");
  CHECK(*w.Get(Alice()) == "for-alice1-3");
}

TEST_CASE("a failure is the one caller's, names nothing that was sent, and is tried anew after a while") {
  World w;
  bool down = true;
  w.endpoint->AnswerBy([&](const base::HttpFetchRequest& request) -> base::HttpFetchReply {
    if (down && FieldOf(request.body, "subject_token") == "alice1") return {400, R"({"error":"invalid_grant","error_description":"alice1 s3cret"})"};
    return ForSubject(w.counts, request);
  });
  const Result<std::string> refused = w.Get(Alice());
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kPermissionDenied);
  CHECK(refused.error().message == "the token endpoint refused: status 400, invalid_grant");
  CHECK(*w.Get(Bob()) == "for-bob1-1");
  CHECK_FALSE(w.Get(Alice()).ok());
  CHECK(w.endpoint->asked().size() == 2);
  down = false;
  w.clock->AdvanceMicros(kFailureSeconds * 1'000'000);
  CHECK(*w.Get(Alice()) == "for-alice1-1");
}

TEST_CASE("the gateway vouches for a caller with a capability token when it has a key to sign with, and only then") {
  World without;
  const OnBehalfPtr agent = OnBehalfOfAgent("acme\nroot1", "acme", "agent-7");
  const Result<std::string> refused = without.Get(agent);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kPermissionDenied);
  CHECK(refused.error().message.find("oauth_assertion_key_file is not set") != std::string::npos);
  CHECK(without.endpoint->asked().empty());

  World w;
  w.settings.oauth.assertion_key = crypto::SecretBytes(base::AsBytes(kKey));
  REQUIRE(w.Get(agent).ok());
  CHECK(w.Asked(0, "subject_token_type") == "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt");
  const std::string text = w.Asked(0, "subject_token");
  const Result<Jwt> assertion = ReadJwt(text);
  REQUIRE(assertion.ok());
  CHECK(IsSignedBy(*assertion, crypto::ParseJwks(kPublicKey)->front()));
  CHECK(TextOf(assertion->claims, "iss") == "gateway");
  CHECK(TextOf(assertion->claims, "sub") == "agent-7");
  CHECK(TextOf(assertion->claims, "tenant") == "acme");
  CHECK(TextOf(assertion->claims, "aud") == "https://as.example.com/token");
  CHECK(*assertion->claims.Find("exp")->AsInt64() == w.clock->UnixSeconds() + 60);
  // The same agent's next call needs none; another agent, tenant or root does.
  CHECK(w.Get(OnBehalfOfAgent("acme\nroot1", "acme", "agent-7")).ok());
  CHECK(w.endpoint->asked().size() == 1);
  CHECK(w.Get(OnBehalfOfAgent("acme\nroot1", "acme", "agent-8")).ok());
  CHECK(w.Get(OnBehalfOfAgent("acme\nroot2", "acme", "agent-7")).ok());
  CHECK(w.endpoint->asked().size() == 3);

  w.settings.oauth.assertion_key = crypto::SecretBytes(base::AsBytes(kPublicKey));
  CHECK_FALSE(ExchangedTokens::Create(w.settings, w.endpoint, w.clock, SystemRandom()).ok());
}

TEST_CASE("the gateway's own questions go under its own token, or not at all, and never for nobody") {
  World w;
  CHECK(*w.Get(OnBehalfOfGateway()) == "for-gateway-1");
  CHECK(w.Asked(0, "grant_type") == "client_credentials");
  w.tokens->Drop(OnBehalfOfGateway(), "for-gateway-1");
  CHECK(*w.Get(OnBehalfOfGateway()) == "for-gateway-2");
  CHECK(w.Get(nullptr).error().code == ErrorCode::kPermissionDenied);
  CHECK(w.endpoint->asked().size() == 2);

  World silent;
  silent.settings.oauth.own_token = false;
  CHECK(silent.Get(OnBehalfOfGateway()).error().code == ErrorCode::kPermissionDenied);
  CHECK(silent.endpoint->asked().empty());

  // Nor does its trouble count as the upstream's.
  World down;
  down.endpoint->AnswerBy([](const base::HttpFetchRequest&) { return base::HttpFetchReply{500, {}}; });
  CHECK(down.Get(OnBehalfOfGateway()).error().code == ErrorCode::kPermissionDenied);
}

TEST_CASE("an answer that is no token for the upstream") {
  for (const std::string& body : {Body("alice1"), Body("alice1 "), Body(" alice1"), Body("alice1\\t"), Body("alice1, t1"), Body("t1", {}), Body("t1", R"("urn:ietf:params:oauth:token-type:id_token")"), Body("t1", "7"),
                                  Body(std::string(kMaxAccessTokenBytes + 1, 'a')), std::string("{}"), std::string("rubbish")}) {
    CAPTURE(body.substr(0, 200));
    World w;
    w.endpoint->AnswerBy([&](const base::HttpFetchRequest&) { return base::HttpFetchReply{200, body}; });
    const Result<std::string> refused = w.Get(Alice());
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::kPermissionDenied);
    CHECK(refused.error().message.find("alice1") == std::string::npos);
  }
}

TEST_CASE("the caller's own token does not come back, however its end is spelt") {
  const std::string own = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlQQ";
  // Lenient readers of base64url take padding, and any of the bits that the last character does not need.
  for (const std::string& given : {own, own + " ", own + "=", own + "==", own.substr(0, own.size() - 1) + "R"}) {
    CAPTURE(given);
    World w;
    w.endpoint->AnswerBy([&](const base::HttpFetchRequest&) { return base::HttpFetchReply{200, Body(given)}; });
    const Result<std::string> refused = w.Get(Alice(own));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::kPermissionDenied);
  }
  World w;
  const std::string other = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImF1ZCI6Im1haWwifQ.c2lnbmF0dXJlQQ";
  w.endpoint->AnswerBy([&](const base::HttpFetchRequest&) { return base::HttpFetchReply{200, Body(other)}; });
  CHECK(*w.Get(Alice(own)) == other);
}

TEST_CASE("what is kept is bounded, and whoever was away longest is asked for anew") {
  World w;
  const auto caller = [](std::size_t i) { return OnBehalfOfToken("acme\nalice", "a" + std::to_string(i)); };
  for (std::size_t i = 0; i < kMaxExchangedTokens; ++i) REQUIRE(w.Get(caller(i)).ok());
  CHECK(w.Get(caller(0)).ok());
  CHECK(w.endpoint->asked().size() == kMaxExchangedTokens);
  CHECK(w.Get(Bob()).ok());
  CHECK(w.tokens->size() == kMaxExchangedTokens);
  CHECK(*w.Get(caller(0)) == "for-a0-1");
  CHECK(*w.Get(caller(1)) == "for-a1-2");
}

TEST_CASE("more callers than may wait are refused at once, and the others get their token") {
  World w;
  w.endpoint->Hold("subject_token");
  std::vector<Told> waiting;
  for (std::size_t i = 0; i < kMaxWaitingForToken; ++i) waiting.push_back(w.Ask(Alice()));
  CHECK(w.Get(Alice()).error().message == "too many calls wait for an access token");
  CHECK_FALSE(w.Get(Bob()).ok());
  w.endpoint->Hold({});
  for (const Told& told : waiting) CHECK((*told->Wait()).ok());
  CHECK(w.Get(Bob()).ok());
}

}  // namespace intentgate::oauth
