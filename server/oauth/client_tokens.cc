#include "oauth/client_tokens.h"

#include <algorithm>
#include <array>
#include <utility>

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
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (plain) out += c;
    else out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

void AddField(std::string_view name, std::string_view value, std::string& form) {
  if (!form.empty()) form += '&';
  form.append(name).append("=").append(FormText(value));
}

// A word of RFC 6749 section 5.2, for the log; what else is there may be anything.
std::string ErrorWord(const json::Value& answer) {
  std::string word = TextOf(answer, "error");
  const bool plain = !word.empty() && word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return plain ? word : std::string("no reason given");
}

Result<std::pair<crypto::JwsKey, std::string>> ReadClientKey(const crypto::SecretBytes& text) {
  const Error bad{ErrorCode::kInvalidArgument, "the client key is no private JWK of an RSA, P-256, P-384, P-521 or Ed25519 key"};
  Result<std::vector<crypto::JwsKey>> keys = crypto::ParseJwks(Text(text));
  if (!keys.ok() || keys->size() != 1) return bad;
  crypto::JwsKey& key = keys->front();
  for (const char* alg : {"ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256"}) {
    if (key.is_private && Fits(key, alg)) return std::pair{std::move(key), std::string(alg)};
  }
  return bad;
}

}  // namespace

Result<std::shared_ptr<ClientTokens>> ClientTokens::Create(const config::UpstreamSettings& upstream, std::shared_ptr<base::HttpFetcher> fetcher,
                                                           std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random) {
  Parts parts{.fetcher = std::move(fetcher), .clock = std::move(clock), .random = std::move(random), .key = std::nullopt, .alg = {}};
  if (!upstream.oauth.client_key.empty()) {
    auto key = ReadClientKey(upstream.oauth.client_key);
    if (!key.ok()) return key.error();
    parts.key = std::move(key->first);
    parts.alg = std::move(key->second);
  }
  return std::shared_ptr<ClientTokens>(new ClientTokens(upstream, std::move(parts)));
}

ClientTokens::ClientTokens(const config::UpstreamSettings& upstream, Parts parts)
    : upstream_(upstream), parts_(std::move(parts)), thread_([this] { Run(); }) {}

ClientTokens::~ClientTokens() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ClientTokens::Get(Ready ready) {
  std::optional<Result<std::string>> known;
  {
    const std::lock_guard lock(mutex_);
    if (kept_ && Seconds() < kept_->until) known.emplace(kept_->token);
    else if (failure_ && Seconds() < failed_until_) known.emplace(*failure_);
    else if (waiting_.size() >= kMaxWaitingForToken) known.emplace(Error{ErrorCode::kUnavailable, "too many calls wait for an access token"});
    else waiting_.push_back(std::move(ready));
  }
  if (known) return ready(*std::move(known));
  wake_.notify_one();
}

void ClientTokens::Drop(std::string_view token) {
  const std::lock_guard lock(mutex_);
  if (kept_ && kept_->token == token) kept_.reset();
}

void ClientTokens::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    lock.unlock();
    Result<Kept> got = Ask();
    lock.lock();
    kept_.reset();
    failure_.reset();
    if (got.ok()) kept_ = *got;
    else failure_ = got.error();
    failed_until_ = Seconds() + kFailureSeconds;
    const std::vector<Ready> told = std::exchange(waiting_, {});
    if (stopping_) return;
    lock.unlock();
    for (const Ready& ready : told) ready(got.ok() ? Result<std::string>(got->token) : Result<std::string>(got.error()));
    lock.lock();
  }
}

Result<ClientTokens::Kept> ClientTokens::Ask() {
  const Result<base::HttpFetchRequest> request = Request();
  if (!request.ok()) return request.error();
  const Result<base::HttpFetchReply> reply = parts_.fetcher->Fetch(*request);
  if (!reply.ok()) return Error{reply.error().code, "the token endpoint: " + reply.error().message};
  return Read(*reply);
}

Result<base::HttpFetchRequest> ClientTokens::Request() {
  const config::UpstreamOAuth& oauth = upstream_.oauth;
  base::HttpFetchRequest request;
  request.method = "POST";
  request.url = oauth.token_url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  request.timeout_ms = kTokenTimeoutMs;
  request.max_response_bytes = kMaxTokenAnswerBytes;
  AddField("grant_type", "client_credentials", request.body);
  AddField("resource", oauth.resource.empty() ? upstream_.url_text : oauth.resource, request.body);
  if (!oauth.scope.empty()) AddField("scope", oauth.scope, request.body);
  if (parts_.key) {
    const Result<std::string> assertion = Assertion();
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
  return request;
}

// RFC 7523 section 3.
Result<std::string> ClientTokens::Assertion() {
  std::array<std::uint8_t, kAssertionIdBytes> id{};
  if (const Status filled = parts_.random->Fill(id); !filled.ok()) return filled.error();
  const std::int64_t now = parts_.clock->UnixSeconds();
  const json::Value claims = json::MakeObject({{"iss", upstream_.oauth.client_id}, {"sub", upstream_.oauth.client_id}, {"aud", upstream_.oauth.token_url},
                                               {"iat", now}, {"exp", now + kAssertionSeconds}, {"jti", base::Base64UrlEncode(id)}});
  json::Value header = json::MakeObject({{"typ", "JWT"}});
  if (!parts_.key->kid.empty()) header.Set("kid", parts_.key->kid);
  return WriteJwt(std::move(header), claims, parts_.alg, *parts_.key);
}

Result<ClientTokens::Kept> ClientTokens::Read(const base::HttpFetchReply& reply) const {
  const auto bad = [](std::string what) { return Error{ErrorCode::kUnavailable, "the token endpoint " + std::move(what)}; };
  const Result<json::Value> answer = json::Parse(reply.body, {.max_bytes = kMaxTokenAnswerBytes, .max_depth = kMaxJwtDepth});
  if (reply.status != 200) return bad("refused: status " + std::to_string(reply.status) + ", " + (answer.ok() ? ErrorWord(*answer) : "no JSON"));
  if (!answer.ok() || !answer->is_object()) return bad("answered with no JSON object");
  if (!http::EqualsIgnoreCase(TextOf(*answer, "token_type"), "Bearer")) return bad("gave a token that is not of the type Bearer");
  Kept kept{TextOf(*answer, "access_token"), Seconds()};
  if (kept.token.empty() || !http::IsFieldValue(kept.token)) return bad("gave no usable access token");
  const json::Value* expires = answer->Find("expires_in");
  const std::int64_t whole = expires == nullptr ? kDefaultTokenSeconds : std::clamp<std::int64_t>(expires->AsInt64().value_or(0), 0, 86'400);
  kept.until += whole - std::min(kRenewSeconds, whole / 2);
  return kept;
}

}  // namespace intentgate::oauth
