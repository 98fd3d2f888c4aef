#include "oauth/token_endpoint.h"

#include <algorithm>
#include <array>

#include <intentgate/json.h>

#include "base/encoding.h"
#include "http/syntax.h"
#include "oauth/jwt.h"

namespace intentgate::oauth {
namespace {

constexpr std::int64_t kAssertionSeconds = 60;
constexpr std::size_t kAssertionIdBytes = 16;

std::string Text(const crypto::SecretBytes& secret) { return std::string(base::AsText(secret.Expose(crypto::SecretAccess{}))); }

// application/x-www-form-urlencoded.
std::string FormText(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (http::IsUnreserved(c)) out += c;
    else out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

void AddField(std::string_view name, std::string_view value, std::string& form) {
  if (!form.empty()) form += '&';
  form.append(name).append("=").append(FormText(value));
}

// RFC 6750 section 2.1, b64token. With a blank or a comma in it a token would be another's spelling, or more than one token.
bool IsBearerToken(std::string_view text) {
  const std::size_t last = text.find_last_not_of('=');
  return last != std::string_view::npos && std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(last) + 1, [](char c) {
    return http::IsUnreserved(c) || c == '+' || c == '/';
  });
}

// A word of RFC 6749 section 5.2, for the log; what else is there may be anything.
std::string ErrorWord(const json::Value& answer) {
  std::string word = TextOf(answer, "error");
  const bool plain = !word.empty() && word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return plain ? word : std::string("no reason given");
}

}  // namespace

Result<SigningKey> ReadSigningKey(const crypto::SecretBytes& jwk) {
  const Error bad{ErrorCode::kInvalidArgument, "the key is no private JWK of an RSA, P-256, P-384, P-521 or Ed25519 key"};
  Result<std::vector<crypto::JwsKey>> keys = crypto::ParseJwks(Text(jwk));
  if (!keys.ok() || keys->size() != 1) return bad;
  crypto::JwsKey& key = keys->front();
  for (const char* alg : {"ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256"}) {
    if (key.is_private && Fits(key, alg)) return SigningKey{std::move(key), alg};
  }
  return bad;
}

Result<std::string> SignShortly(const SigningKey& key, json::Value claims, const Clock& clock, Random& random) {
  std::array<std::uint8_t, kAssertionIdBytes> id{};
  if (const Status filled = random.Fill(id); !filled.ok()) return filled.error();
  const std::int64_t now = clock.UnixSeconds();
  claims.Set("iat", now);
  claims.Set("exp", now + kAssertionSeconds);
  claims.Set("jti", base::Base64UrlEncode(id));
  json::Value header = json::MakeObject({{"typ", "JWT"}});
  if (!key.key.kid.empty()) header.Set("kid", key.key.kid);
  return WriteJwt(std::move(header), claims, key.alg, key.key);
}

Result<std::unique_ptr<TokenEndpoint>> TokenEndpoint::Create(const config::UpstreamSettings& upstream, std::shared_ptr<base::HttpFetcher> fetcher,
                                                             std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random) {
  std::optional<SigningKey> key;
  if (!upstream.oauth.client_key.empty()) {
    Result<SigningKey> read = ReadSigningKey(upstream.oauth.client_key);
    if (!read.ok()) return Error{read.error().code, "oauth_client_key_file: " + read.error().message};
    key = std::move(*read);
  }
  return std::unique_ptr<TokenEndpoint>(new TokenEndpoint(upstream, std::move(fetcher), std::move(clock), std::move(random), std::move(key)));
}

Result<IssuedToken> TokenEndpoint::Ask(const Form& form) {
  base::HttpFetchRequest request;
  request.method = "POST";
  request.url = upstream_.oauth.token_url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  request.timeout_ms = kTokenTimeoutMs;
  request.max_response_bytes = kMaxTokenAnswerBytes;
  for (const auto& [name, value] : form) AddField(name, value, request.body);
  if (const Status added = AddClient(request); !added.ok()) return added.error();
  const Result<base::HttpFetchReply> reply = fetcher_->Fetch(request);
  if (!reply.ok()) return Error{reply.error().code, "the token endpoint: " + reply.error().message};
  return Read(*reply);
}

Status TokenEndpoint::AddClient(base::HttpFetchRequest& request) {
  const config::UpstreamOAuth& oauth = upstream_.oauth;
  if (key_) {
    const Result<std::string> assertion = SignShortly(
        *key_, json::MakeObject({{"iss", oauth.client_id}, {"sub", oauth.client_id}, {"aud", oauth.token_url}}), *clock_, *random_);
    if (!assertion.ok()) return assertion.error();
    AddField("client_id", oauth.client_id, request.body);
    AddField("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", request.body);
    AddField("client_assertion", *assertion, request.body);
  } else if (oauth.secret_in_body) {
    AddField("client_id", oauth.client_id, request.body);
    AddField("client_secret", Text(oauth.client_secret), request.body);
  } else {
    const std::string pair = FormText(oauth.client_id) + ":" + FormText(Text(oauth.client_secret));
    request.headers.emplace_back("Authorization", "Basic " + base::Base64Encode(base::AsBytes(pair)));
  }
  return {};
}

Result<IssuedToken> TokenEndpoint::Read(const base::HttpFetchReply& reply) const {
  const auto bad = [](std::string what) { return Error{ErrorCode::kUnavailable, "the token endpoint " + std::move(what)}; };
  const Result<json::Value> answer = json::Parse(reply.body, {.max_bytes = kMaxTokenAnswerBytes, .max_depth = kMaxJwtDepth});
  if (reply.status != 200) return bad("refused: status " + std::to_string(reply.status) + ", " + (answer.ok() ? ErrorWord(*answer) : "no JSON"));
  if (!answer.ok() || !answer->is_object()) return bad("answered with no JSON object");
  if (!http::EqualsIgnoreCase(TextOf(*answer, "token_type"), "Bearer")) return bad("gave a token that is not of the type Bearer");
  IssuedToken issued{TextOf(*answer, "access_token"), TextOf(*answer, "issued_token_type"), Seconds()};
  if (issued.token.empty() || issued.token.size() > kMaxAccessTokenBytes) return bad("gave no usable access token");
  if (!IsBearerToken(issued.token)) return bad("gave an access token that is none for a Bearer field (RFC 6750 section 2.1)");
  const json::Value* expires = answer->Find("expires_in");
  const std::int64_t whole = expires == nullptr ? kDefaultTokenSeconds : std::clamp<std::int64_t>(expires->AsInt64().value_or(0), 0, 86'400);
  issued.until += whole - std::min(kRenewSeconds, whole / 2);
  return issued;
}

}  // namespace intentgate::oauth
