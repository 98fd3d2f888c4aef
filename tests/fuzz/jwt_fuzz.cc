// JSON Web Tokens, key sets and claims, as strangers send them: nothing is accepted without a signature, and reading ends.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <variant>

#include "base/http_fetch.h"
#include "oauth/access_tokens.h"
#include "oauth/claims.h"
#include "oauth/key_set.h"

namespace {

using namespace intentgate;

// Publishes the RFC 8037 key, whose private half the fuzzer does not have.
class Published final : public base::HttpFetcher {
 public:
  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest&) override {
    return base::HttpFetchReply{200, R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})"};
  }
};

config::OAuthIssuer Settings() {
  config::OAuthIssuer issuer;
  issuer.issuer = "https://as.example.com";
  issuer.jwks_uri = "https://as.example.com/jwks";
  issuer.any_type = true;
  issuer.tenant_claim = "/org/id";
  issuer.caveats_claim = "caveats";
  issuer.scope_tools = {{"read", {"read_*"}}};
  return issuer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const config::OAuthIssuer settings = Settings();
  static const auto keys = [] {
    auto made = std::make_shared<oauth::IssuerKeys>(settings, std::make_shared<Published>(), std::make_shared<ManualClock>(1'800'000'000'000'000));
    if (!made->Fetch().ok()) std::abort();
    return made;
  }();
  static const oauth::AccessTokens tokens({{{"https://gw.example.com"}, keys}}, std::make_shared<ManualClock>(1'800'000'000'000'000));
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (std::holds_alternative<ForeignToken>(tokens.Verify(text))) std::abort();
  (void)tokens.Lacking(text);
  (void)oauth::KeySet::Read(text).ok();
  // The claims as an issuer could have signed them.
  const Result<json::Value> claims = json::Parse(text, {.max_bytes = oauth::kMaxJwtBytes, .max_depth = oauth::kMaxJwtDepth});
  if (!claims.ok() || !claims->is_object()) return 0;
  const auto mapped = oauth::CapabilityOf(*claims, text, settings);
  const auto* content = std::get_if<TokenContent>(&mapped);
  if (content == nullptr) return 0;
  // Whatever the issuer says, the caller has a name and its tools are limited.
  bool limited = false;
  for (const Caveat& caveat : content->caveats) limited = limited || caveat.kind == CaveatKind::kToolAllow;
  if (!limited || content->subject.empty() || content->tenant.empty() || content->hops.size() != 2) std::abort();
  return 0;
}
