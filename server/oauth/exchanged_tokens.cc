#include "oauth/exchanged_tokens.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <intentgate/json.h>

#include "base/encoding.h"

namespace intentgate::oauth {
namespace {

constexpr std::string_view kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view kJwtType = "urn:ietf:params:oauth:token-type:jwt";

// What a JWT's signature is over; another text whole. Padding and unused bits spell one signature in several ways.
std::string_view SignedPart(std::string_view token) { return token.substr(0, std::min(token.rfind('.'), token.find_last_not_of('=') + 1)); }

Error Denied(std::string message) { return {ErrorCode::kPermissionDenied, std::move(message)}; }

}  // namespace

Result<std::shared_ptr<ExchangedTokens>> ExchangedTokens::Create(const config::UpstreamSettings& upstream,
                                                                 const std::shared_ptr<base::HttpFetcher>& fetcher,
                                                                 const std::shared_ptr<const Clock>& clock, const std::shared_ptr<Random>& random) {
  Parts parts{.endpoint = nullptr, .assertion_key = std::nullopt, .own = nullptr, .clock = clock, .random = random};
  auto endpoint = TokenEndpoint::Create(upstream, fetcher, clock, random);
  if (!endpoint.ok()) return endpoint.error();
  parts.endpoint = *std::move(endpoint);
  if (!upstream.oauth.assertion_key.empty()) {
    Result<SigningKey> key = ReadSigningKey(upstream.oauth.assertion_key);
    if (!key.ok()) return Error{key.error().code, "oauth_assertion_key_file: " + key.error().message};
    parts.assertion_key = *std::move(key);
  }
  if (upstream.oauth.own_token) {
    auto own = ClientTokens::Create(upstream, fetcher, clock, random);
    if (!own.ok()) return own.error();
    parts.own = *std::move(own);
  }
  return std::shared_ptr<ExchangedTokens>(new ExchangedTokens(upstream, std::move(parts)));
}

ExchangedTokens::ExchangedTokens(const config::UpstreamSettings& upstream, Parts parts) : upstream_(upstream), parts_(std::move(parts)) {
  for (std::size_t i = 0; i < kExchangeThreads; ++i) threads_.emplace_back([this] { Run(); });
}

ExchangedTokens::~ExchangedTokens() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::size_t ExchangedTokens::size() const {
  const std::lock_guard lock(mutex_);
  return order_.size();
}

void ExchangedTokens::Get(const OnBehalfPtr& caller, Ready ready) {
  if (caller == nullptr) return ready(Denied("the request names nobody whom it is for"));
  if (caller->kind == OnBehalf::Kind::kGateway) return GetOwn(std::move(ready));
  if (caller->kind == OnBehalf::Kind::kCapability && !parts_.assertion_key) {
    return ready(Denied("the caller has a capability token, and oauth_assertion_key_file is not set: this upstream takes callers of an OAuth issuer alone"));
  }
  std::optional<Result<std::string>> known;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = EntryOf(caller);
    const std::int64_t now = parts_.endpoint->Seconds();
    if (entry.kept && now < entry.kept->until) {
      known.emplace(entry.kept->token);
    } else if (entry.failure && now < entry.failed_until) {
      known.emplace(*entry.failure);
    } else if (waiting_ >= kMaxWaitingForToken) {
      known.emplace(Denied("too many calls wait for an access token"));
    } else {
      if (entry.waiting.empty()) queue_.push_back(caller);
      entry.waiting.push_back(std::move(ready));
      ++waiting_;
    }
  }
  if (known) return ready(*std::move(known));
  wake_.notify_one();
}

void ExchangedTokens::GetOwn(Ready ready) {
  if (parts_.own == nullptr) return ready(Denied("the gateway asks nothing of its own here: oauth_own_grant is none"));
  parts_.own->Get(nullptr, [ready = std::move(ready)](Result<std::string> token) {
    ready(token.ok() ? std::move(token) : Result<std::string>(Denied(token.error().message)));
  });
}

void ExchangedTokens::Drop(const OnBehalfPtr& caller, std::string_view token) {
  if (caller == nullptr) return;
  if (caller->kind == OnBehalf::Kind::kGateway) {
    if (parts_.own != nullptr) parts_.own->Drop(nullptr, token);
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(caller->key);
  if (found != by_key_.end() && found->second->kept && found->second->kept->token == token) found->second->kept.reset();
}

ExchangedTokens::Entry& ExchangedTokens::EntryOf(const OnBehalfPtr& caller) {
  const auto found = by_key_.find(caller->key);
  if (found != by_key_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    return order_.front();
  }
  MakeRoom();
  order_.push_front({.key = caller->key, .kept = {}, .failure = {}, .failed_until = 0, .waiting = {}});
  by_key_[caller->key] = order_.begin();
  return order_.front();
}

// Entries that somebody waits at stay; there are fewer of them than there is room.
void ExchangedTokens::MakeRoom() {
  static_assert(kMaxWaitingForToken < kMaxExchangedTokens);
  if (order_.size() < kMaxExchangedTokens) return;
  auto oldest = std::prev(order_.end());
  while (!oldest->waiting.empty()) --oldest;
  by_key_.erase(oldest->key);
  order_.erase(oldest);
}

void ExchangedTokens::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const OnBehalfPtr caller = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    Told(caller, Ask(*caller));
    lock.lock();
  }
}

void ExchangedTokens::Told(const OnBehalfPtr& caller, const Result<IssuedToken>& got) {
  std::vector<Ready> told;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    Entry& entry = EntryOf(caller);
    entry.kept.reset();
    entry.failure.reset();
    if (got.ok()) entry.kept = *got;
    else entry.failure = got.error();
    entry.failed_until = parts_.endpoint->Seconds() + kFailureSeconds;
    told = std::exchange(entry.waiting, {});
    waiting_ -= told.size();
  }
  for (const Ready& ready : told) ready(got.ok() ? Result<std::string>(got->token) : Result<std::string>(got.error()));
}

Result<IssuedToken> ExchangedTokens::Ask(const OnBehalf& caller) {
  const bool vouched = caller.kind == OnBehalf::Kind::kCapability;
  const std::string shown(base::AsText(caller.token.Expose(crypto::SecretAccess{})));
  const Result<std::string> subject = vouched ? Assertion(caller) : Result<std::string>(shown);
  if (!subject.ok()) return Denied(subject.error().message);
  TokenEndpoint::Form form{{"grant_type", std::string(kExchangeGrant)},
                           {"subject_token", *subject},
                           {"subject_token_type", std::string(vouched ? kJwtType : kAccessTokenType)},
                           {"requested_token_type", std::string(kAccessTokenType)}};
  AddTarget(upstream_, form);
  Result<IssuedToken> issued = parts_.endpoint->Ask(form);
  if (!issued.ok()) return Denied(issued.error().message);
  // RFC 8693 section 2.2.1 wants the type in the answer; without it the token may be none for an upstream.
  if (issued->issued_type != kAccessTokenType && issued->issued_type != kJwtType) return Denied("the token endpoint gave a token of another type");
  if (SignedPart(issued->token) == SignedPart(*subject)) return Denied("the token endpoint gave the caller's own token back");
  return issued;
}

Result<std::string> ExchangedTokens::Assertion(const OnBehalf& caller) {
  return SignShortly(*parts_.assertion_key,
                     json::MakeObject({{"iss", upstream_.oauth.client_id}, {"sub", caller.agent}, {"aud", upstream_.oauth.token_url},
                                       {"tenant", caller.tenant}}),
                     *parts_.clock, *parts_.random);
}

}  // namespace intentgate::oauth
