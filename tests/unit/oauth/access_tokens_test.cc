// Which access tokens are accepted, what they become, and why the others are refused.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "oauth/access_tokens.h"
#include "support/signer.h"
#include "unit/oauth/fake_issuer.h"

namespace intentgate::oauth {
namespace {

using test::Signer;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kKeys = "https://as.example.com/jwks";

struct World {
  config::OAuthIssuer settings;
  Signer signer{"ES256"};
  std::shared_ptr<FakeIssuer> issuer = std::make_shared<FakeIssuer>();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(kNow * 1'000'000);
  std::shared_ptr<IssuerKeys> keys;
  std::shared_ptr<AccessTokens> tokens;

  World() {
    settings.issuer = "https://as.example.com";
    settings.jwks_uri = kKeys;
    settings.scope_tools = {{"files.read", {"read_*", "list"}}, {"files.write", {"write_file"}}};
    issuer->pages[kKeys] = test::KeySetOf({&signer});
  }
  AccessTokens& Open() {
    keys = std::make_shared<IssuerKeys>(settings, issuer, clock);
    REQUIRE(keys->Fetch().ok());
    tokens = std::make_shared<AccessTokens>(std::vector<AccessTokens::Issuer>{{{"https://gw.example.com/v1/mcp"}, keys}}, clock);
    return *tokens;
  }
  // A good token's claims.
  static json::Value Claims() {
    return json::MakeObject({{"iss", "https://as.example.com"}, {"sub", "alice"}, {"aud", "https://gw.example.com/v1/mcp"}, {"exp", kNow + 300},
                             {"iat", kNow - 5}, {"jti", "t1"}, {"client_id", "agent-app"}, {"scope", "files.read"}});
  }
  static json::Value With(std::string_view claim, json::Value value) {
    json::Value claims = Claims();
    claims.Set(claim, std::move(value));
    return claims;
  }
  static json::Value Without(std::string_view claim) {
    const json::Value all = Claims();
    json::Object left;
    for (const json::Member& member : all.object()) {
      if (member.name != claim) left.push_back(member);
    }
    return json::Value(std::move(left));
  }
  std::string Said(const std::string& token) {
    if (tokens == nullptr) Open();
    const auto read = tokens->Verify(token);
    const auto* refusal = std::get_if<TokenRefusal>(&read);
    return refusal == nullptr ? "accepted" : std::string(ReasonName(refusal->reason));
  }
  std::string Said(const json::Value& claims) { return Said(signer.AccessToken(claims)); }
  TokenContent Content(const json::Value& claims) {
    if (tokens == nullptr) Open();
    const auto read = tokens->Verify(signer.AccessToken(claims));
    REQUIRE(std::holds_alternative<ForeignToken>(read));
    return std::get<ForeignToken>(read).content;
  }
};

}  // namespace

TEST_CASE("a good access token is accepted under each of the usual algorithms") {
  for (const char* alg : {"RS256", "PS256", "ES256", "EdDSA"}) {
    CAPTURE(alg);
    World w;
    w.signer = Signer(alg);
    w.issuer->pages[kKeys] = test::KeySetOf({&w.signer});
    CHECK(w.Said(World::Claims()) == "accepted");
    std::string changed = w.signer.AccessToken(World::Claims());
    const std::size_t at = changed.rfind('.') + 3;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK(w.Said(changed) == "capability.token_bad_mac");
  }
}

TEST_CASE("an access token becomes a capability: root the caller, hop the token") {
  World w;
  w.settings.agent_prefix = "idp/";
  w.settings.max_calls = 5;
  w.settings.calls_per_minute = 60;
  w.settings.servers = {"files"};
  const TokenContent one = w.Content(World::Claims());
  CHECK(one.format == TokenFormat::kForeign);
  CHECK(one.issuer == "https://as.example.com");
  CHECK(one.subject == "idp/alice");
  CHECK(one.client == "agent-app");
  CHECK(one.tenant == "default");
  CHECK(one.jti == "t1");
  CHECK(one.expires_at == kNow + 300 + 60);
  REQUIRE(one.hops.size() == 2);
  CHECK(one.hops[0].id == one.root_jti);
  CHECK(one.hops[1].id == "t1");
  // The rate is the caller's, the number of calls the token's.
  REQUIRE(one.hops[0].caveat_count == 1);
  CHECK(one.caveats[0].kind == CaveatKind::kRateLimit);
  REQUIRE(one.caveats.size() == 4);
  CHECK(one.caveats[1].tools == std::vector<std::string>{"read_*", "list"});
  CHECK(one.caveats[2].servers == std::vector<std::string>{"files"});
  CHECK(one.caveats[3].max_calls == 5);

  const TokenContent renewed = w.Content(World::With("jti", "t2"));
  CHECK(renewed.root_jti == one.root_jti);
  CHECK(renewed.jti == "t2");
  CHECK(w.Content(World::With("sub", "bob")).root_jti != one.root_jti);
  CHECK(w.Content(World::With("client_id", "other-app")).root_jti != one.root_jti);
  // Without an id of its own a token is known by its text.
  CHECK(w.Content(World::Without("jti")).jti.starts_with("jwt-"));
}

TEST_CASE("what an access token is refused for") {
  World w;
  const auto said = [&w](std::string_view claim, json::Value value) { return w.Said(World::With(claim, std::move(value))); };
  CHECK(said("iss", "https://evil.example.com") == "capability.token_wrong_issuer");
  CHECK(said("iss", "https://as.example.com/") == "capability.token_wrong_issuer");
  CHECK(said("aud", "https://other.example.com") == "capability.token_wrong_audience");
  CHECK(said("aud", json::Array{"https://other.example.com"}) == "capability.token_wrong_audience");
  CHECK(said("aud", json::Array{"x", "https://gw.example.com/v1/mcp"}) == "accepted");
  CHECK(w.Said(World::Without("aud")) == "capability.token_wrong_audience");
  CHECK(said("exp", kNow - 60) == "capability.token_expired");
  CHECK(said("exp", kNow - 59) == "accepted");
  CHECK(said("exp", "soon") == "capability.token_malformed");
  CHECK(w.Said(World::Without("exp")) == "capability.token_malformed");
  CHECK(said("exp", kNow + 86'400 + 61) == "capability.token_ttl_too_long");
  CHECK(said("nbf", kNow + 61) == "capability.token_not_yet_valid");
  CHECK(said("iat", kNow + 61) == "capability.token_not_yet_valid");
  CHECK(w.Said(World::Without("sub")) == "capability.token_malformed");
  CHECK(said("sub", "a\nb") == "capability.token_malformed");
  CHECK(said("jti", std::string(300, 'x')) == "capability.token_malformed");
  CHECK(said("scope", "openid") == "capability.token_scope");
  CHECK(said("cnf", json::MakeObject({{"x5t#S256", "abc"}})) == "capability.proof_refused");
  CHECK(said("cnf", "abc") == "capability.proof_refused");
}

TEST_CASE("tokens that lie about how they are signed are refused") {
  World w;
  w.Open();
  const json::Value claims = World::Claims();
  const auto text = [](const json::Value& value) { return base::Base64UrlEncode(base::AsBytes(json::Write(value))); };
  const auto unsigned_token = [&](const char* alg) {
    return text(json::MakeObject({{"alg", alg}, {"typ", "at+jwt"}, {"kid", "k1"}})) + "." + text(claims) + ".";
  };
  CHECK(w.Said(unsigned_token("none")) == "capability.token_wrong_type");
  CHECK(w.Said(unsigned_token("None")) == "capability.token_wrong_type");
  // The public key as the secret of an HMAC.
  const auto secret = crypto::OctetsKey(base::AsBytes(json::Write(w.signer.Jwk())));
  CHECK(w.Said(*WriteJwt(json::MakeObject({{"typ", "at+jwt"}, {"kid", "k1"}}), claims, "HS256", secret)) == "capability.token_wrong_type");
  // A key that the token itself brings is no key of the issuer.
  const Signer own("ES256", "own");
  json::Value header = json::MakeObject({{"typ", "at+jwt"}, {"kid", "own"}});
  header.Set("jwk", own.Jwk());
  CHECK(w.Said(own.Sign(header, claims)) == "capability.token_unknown_key");
  CHECK(w.Said(Signer("ES256").AccessToken(claims)) == "capability.token_bad_mac");
  CHECK(w.Said(w.signer.Sign(json::MakeObject({{"typ", "JWT"}, {"kid", "k1"}}), claims)) == "capability.token_wrong_type");
  CHECK(w.Said(w.signer.Sign(json::MakeObject({{"typ", "application/AT+JWT"}, {"kid", "k1"}}), claims)) == "accepted");
  json::Value critical = json::MakeObject({{"typ", "at+jwt"}, {"kid", "k1"}});
  critical.Set("crit", json::Array{"exp"});
  CHECK(w.Said(w.signer.Sign(critical, claims)) == "capability.token_malformed");
}

TEST_CASE("algorithms are pinned") {
  World w;
  w.settings.algorithms = {"RS256"};
  CHECK(w.Said(World::Claims()) == "capability.token_wrong_type");
}

TEST_CASE("a type other than at+jwt is accepted only where the settings say so") {
  World w;
  w.settings.any_type = true;
  CHECK(w.Said(w.signer.Sign(json::MakeObject({{"typ", "JWT"}, {"kid", "k1"}}), World::Claims())) == "accepted");
}

TEST_CASE("a payload with a repeated member, or too large, is refused") {
  World w;
  w.Open();
  const std::string header = base::Base64UrlEncode(base::AsBytes(R"({"alg":"ES256","typ":"at+jwt","kid":"k1"})"));
  const std::string twice = base::Base64UrlEncode(base::AsBytes(R"({"iss":"https://as.example.com","sub":"a","sub":"b"})"));
  CHECK(w.Said(header + "." + twice + ".AAAA") == "capability.token_malformed");
  CHECK(w.Said(World::With("pad", std::string(kMaxJwtBytes, 'x'))) == "capability.token_too_large");
}

TEST_CASE("scopes add tools; scp is read as well, as text and as list") {
  World w;
  CHECK(w.Content(World::With("scope", "files.read files.write")).caveats[0].tools == std::vector<std::string>{"read_*", "list", "write_file"});
  json::Value claims = World::Without("scope");
  claims.Set("scp", json::Array{"files.write"});
  CHECK(w.Content(claims).caveats[0].tools == std::vector<std::string>{"write_file"});
  CHECK(w.tokens->ScopesFor(w.signer.AccessToken(claims), "read_file") == std::vector<std::string>{"files.read"});
  CHECK(w.tokens->ScopesFor(w.signer.AccessToken(claims), "drop_table").empty());
}

TEST_CASE("required scopes and claims") {
  World w;
  w.settings.required_scopes = {"mcp"};
  w.settings.required_claims = {{"/org/id", "acme"}};
  w.settings.tenant_claim = "/org/id";
  json::Value claims = World::With("scope", "files.read mcp");
  CHECK(w.Said(claims) == "capability.token_malformed");
  claims.Set("org", json::MakeObject({{"id", "acme"}}));
  CHECK(w.Said(claims) == "accepted");
  CHECK(w.Content(claims).tenant == "acme");
  claims.Set("scope", "files.read");
  CHECK(w.Said(claims) == "capability.token_scope");
  const std::string token = w.signer.AccessToken(claims);
  // Clients may ask for what the challenge says in place of what they have.
  CHECK(w.tokens->ScopesNeeded(token) == std::vector<std::string>{"mcp", "files.read"});
  CHECK(w.tokens->ScopesFor(token, "write_file") == std::vector<std::string>{"mcp", "files.write"});
}

TEST_CASE("the scopes that a token needs to be accepted are enough for one that has them") {
  using Scopes = std::vector<std::string>;
  World w;
  const auto needed = [&w](std::string_view scope) {
    const json::Value claims = World::With("scope", scope);
    CHECK(w.Said(claims) == "capability.token_scope");
    return w.tokens->ScopesNeeded(w.signer.AccessToken(claims));
  };
  CHECK(needed("openid") == Scopes{"files.read", "files.write"});

  w.settings.required_scopes = {"mcp", "agent"};
  w.Open();
  CHECK(needed("openid") == Scopes{"mcp", "agent", "files.read", "files.write"});
  CHECK(needed("mcp agent") == Scopes{"mcp", "agent", "files.read", "files.write"});
  CHECK(needed("mcp") == Scopes{"mcp", "agent", "files.read", "files.write"});
  CHECK(needed("files.write openid") == Scopes{"mcp", "agent", "files.write"});

  // A required scope may reach tools itself.
  w.settings.required_scopes = {"files.read"};
  w.Open();
  CHECK(needed("openid") == Scopes{"files.read"});
  CHECK(needed("files.write") == Scopes{"files.read"});

  w.settings.required_scopes = {"mcp"};
  w.settings.tools = {"list"};
  w.Open();
  CHECK(needed("openid") == Scopes{"mcp"});
  CHECK(needed("files.write") == Scopes{"mcp"});
}

TEST_CASE("an issuer can narrow with caveats of its own, and one that cannot be read refuses") {
  World w;
  w.settings.caveats_claim = "intentgate_caveats";
  const json::Value rule = json::MakeObject({{"t", "arg"}, {"at", "/path"}, {"is", json::MakeObject({{"subpath", "/data"}})}});
  CHECK(w.Content(World::With("intentgate_caveats", json::Array{rule})).caveats.back().kind == CaveatKind::kArgument);
  CHECK(w.Said(World::With("intentgate_caveats", json::Array{json::MakeObject({{"t", "newer"}})})) == "capability.token_malformed");
  CHECK(w.Said(World::With("intentgate_caveats", "none")) == "capability.token_malformed");
}

TEST_CASE("a token bound to a key carries a holder caveat") {
  World w;
  const Signer holder("ES256");
  const TokenContent content = w.Content(World::With("cnf", json::MakeObject({{"jkt", holder.Thumbprint()}})));
  REQUIRE(content.caveats.back().kind == CaveatKind::kHolder);
  CHECK(content.caveats.back().holder == holder.Thumbprint());
}

TEST_CASE("which tokens are worth a fetch of the issuer's keys") {
  World w;
  AccessTokens& tokens = w.Open();
  const Signer next("ES256", "k2");
  CHECK(tokens.Lacking(w.signer.AccessToken(World::Claims())) == -1);
  CHECK(tokens.Lacking(next.AccessToken(World::Claims())) == 0);
  CHECK(tokens.Lacking(next.AccessToken(World::With("iss", "https://other.example.com"))) == -1);
  CHECK(tokens.Lacking(next.Sign(json::MakeObject({{"typ", "JWT"}, {"kid", "k2"}}), World::Claims())) == -1);
  CHECK(tokens.Lacking("rubbish") == -1);
}

}  // namespace intentgate::oauth
