// Where an issuer's keys come from, how long they serve, and what is never fetched.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "oauth/issuer_keys.h"
#include "support/signer.h"
#include "unit/oauth/fake_issuer.h"

namespace intentgate::oauth {
namespace {

using test::Signer;

struct World {
  config::OAuthIssuer settings;
  Signer signer{"EdDSA"};
  std::shared_ptr<FakeIssuer> issuer = std::make_shared<FakeIssuer>();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  std::unique_ptr<IssuerKeys> keys;

  World() { settings.issuer = "https://as.example.com/realms/a"; }
  IssuerKeys& Open() {
    keys = std::make_unique<IssuerKeys>(settings, issuer, clock);
    return *keys;
  }
  void Metadata(const std::string& url, const std::string& jwks_uri, const std::string& name = "https://as.example.com/realms/a") {
    issuer->pages[url] = json::Write(json::MakeObject({{"issuer", name}, {"jwks_uri", jwks_uri}}));
  }
  void Seconds(std::int64_t seconds) { clock->AdvanceMicros(seconds * 1'000'000); }
};

constexpr const char* kOAuthPlace = "https://as.example.com/.well-known/oauth-authorization-server/realms/a";
constexpr const char* kOpenIdPlace = "https://as.example.com/realms/a/.well-known/openid-configuration";
constexpr const char* kKeys = "https://as.example.com/keys";

}  // namespace

TEST_CASE("keys are found through either metadata") {
  for (const char* place : {kOAuthPlace, kOpenIdPlace}) {
    World w;
    w.Metadata(place, kKeys);
    w.issuer->pages[kKeys] = test::KeySetOf({&w.signer});
    IssuerKeys& keys = w.Open();
    CHECK(keys.Current() == nullptr);
    REQUIRE(keys.Fetch().ok());
    REQUIRE(keys.Current() != nullptr);
    CHECK(keys.Current()->Find("k1", "EdDSA") != nullptr);
  }
}

TEST_CASE("metadata of another issuer, and keys on another host, are not followed") {
  World w;
  w.issuer->pages[kKeys] = test::KeySetOf({&w.signer});
  w.Metadata(kOAuthPlace, kKeys, "https://evil.example.com");
  CHECK_FALSE(w.Open().Fetch().ok());
  for (const char* elsewhere : {"https://evil.example.com/keys", "http://as.example.com/keys", "https://as.example.com:8443/keys",
                                "http://169.254.169.254/keys", "file:///etc/passwd"}) {
    CAPTURE(elsewhere);
    w.issuer->pages[elsewhere] = test::KeySetOf({&w.signer});
    w.Metadata(kOAuthPlace, elsewhere);
    CHECK_FALSE(w.Open().Fetch().ok());
    CHECK(std::find(w.issuer->asked.begin(), w.issuer->asked.end(), elsewhere) == w.issuer->asked.end());
  }
}

TEST_CASE("plain http is for this machine alone, and only where the settings say so") {
  World w;
  w.settings.jwks_uri = "http://127.0.0.1:9/keys";
  w.issuer->pages[w.settings.jwks_uri] = test::KeySetOf({&w.signer});
  CHECK_FALSE(w.Open().Fetch().ok());
  w.settings.loopback_http = true;
  CHECK(w.Open().Fetch().ok());
  w.settings.jwks_uri = "http://as.example.com/keys";
  w.issuer->pages[w.settings.jwks_uri] = test::KeySetOf({&w.signer});
  CHECK_FALSE(w.Open().Fetch().ok());
}

TEST_CASE("keys are asked for again by the issuer's max-age, within bounds") {
  for (const auto& [said, seconds] : {std::pair{"public, max-age=300", 300}, {"max-age=1", 60}, {"max-age=999999", 3600}, {"no-store", 600}, {"max-age=-5", 60}}) {
    CAPTURE(said);
    World w;
    w.settings.jwks_uri = kKeys;
    w.issuer->pages[kKeys] = test::KeySetOf({&w.signer});
    w.issuer->cache_control = said;
    IssuerKeys& keys = w.Open();
    CHECK(keys.Due());
    REQUIRE(keys.Fetch().ok());
    w.Seconds(seconds - 1);
    CHECK_FALSE(keys.Due());
    w.Seconds(1);
    CHECK(keys.Due());
  }
}

TEST_CASE("the last good keys serve while the issuer is down, and not for ever") {
  World w;
  w.settings.jwks_uri = kKeys;
  w.settings.keys_keep_seconds = 600;
  w.issuer->pages[kKeys] = test::KeySetOf({&w.signer});
  IssuerKeys& keys = w.Open();
  REQUIRE(keys.Fetch().ok());
  w.issuer->down = true;
  w.Seconds(300 + 599);
  CHECK_FALSE(keys.Fetch().ok());
  CHECK(keys.Current() != nullptr);
  w.Seconds(1);
  CHECK(keys.Current() == nullptr);
  w.issuer->down = false;
  w.issuer->pages[kKeys] = "{}";
  CHECK_FALSE(keys.Fetch().ok());
  CHECK(keys.Current() == nullptr);
}

TEST_CASE("a token can cause a fetch only now and then") {
  World w;
  w.settings.jwks_uri = kKeys;
  IssuerKeys& keys = w.Open();
  CHECK(keys.MayFetch());
  CHECK_FALSE(keys.Fetch().ok());
  CHECK_FALSE(keys.MayFetch());
  CHECK_FALSE(keys.Due());
  w.Seconds(kMinFetchSeconds);
  CHECK(keys.MayFetch());
  CHECK(keys.Due());
}

}  // namespace intentgate::oauth
