#include "oauth/client_tokens.h"

#include <utility>

namespace intentgate::oauth {

void AddTarget(const config::UpstreamSettings& upstream, TokenEndpoint::Form& form) {
  const config::UpstreamOAuth& oauth = upstream.oauth;
  if (!oauth.audience.empty()) form.emplace_back("audience", oauth.audience);
  // An audience says where the token is for, as the upstream's URL would.
  if (!oauth.resource.empty()) form.emplace_back("resource", oauth.resource);
  else if (oauth.audience.empty()) form.emplace_back("resource", upstream.url_text);
  if (!oauth.scope.empty()) form.emplace_back("scope", oauth.scope);
}

Result<std::shared_ptr<ClientTokens>> ClientTokens::Create(const config::UpstreamSettings& upstream, std::shared_ptr<base::HttpFetcher> fetcher,
                                                           std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random) {
  auto endpoint = TokenEndpoint::Create(upstream, std::move(fetcher), std::move(clock), std::move(random));
  if (!endpoint.ok()) return endpoint.error();
  return std::shared_ptr<ClientTokens>(new ClientTokens(upstream, *std::move(endpoint)));
}

ClientTokens::ClientTokens(const config::UpstreamSettings& upstream, std::unique_ptr<TokenEndpoint> endpoint)
    : upstream_(upstream), endpoint_(std::move(endpoint)), thread_([this] { Run(); }) {}

ClientTokens::~ClientTokens() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ClientTokens::Get(const OnBehalfPtr&, Ready ready) {
  std::optional<Result<std::string>> known;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = endpoint_->Seconds();
    if (kept_ && now < kept_->until) known.emplace(kept_->token);
    else if (failure_ && now < failed_until_) known.emplace(*failure_);
    else if (waiting_.size() >= kMaxWaitingForToken) known.emplace(Error{ErrorCode::kUnavailable, "too many calls wait for an access token"});
    else waiting_.push_back(std::move(ready));
  }
  if (known) return ready(*std::move(known));
  wake_.notify_one();
}

void ClientTokens::Drop(const OnBehalfPtr&, std::string_view token) {
  const std::lock_guard lock(mutex_);
  if (kept_ && kept_->token == token) kept_.reset();
}

void ClientTokens::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    lock.unlock();
    Result<IssuedToken> got = Ask();
    lock.lock();
    kept_.reset();
    failure_.reset();
    if (got.ok()) kept_ = *got;
    else failure_ = got.error();
    failed_until_ = endpoint_->Seconds() + kFailureSeconds;
    const std::vector<Ready> told = std::exchange(waiting_, {});
    if (stopping_) return;
    lock.unlock();
    for (const Ready& ready : told) ready(got.ok() ? Result<std::string>(got->token) : Result<std::string>(got.error()));
    lock.lock();
  }
}

Result<IssuedToken> ClientTokens::Ask() {
  TokenEndpoint::Form form{{"grant_type", "client_credentials"}};
  AddTarget(upstream_, form);
  return endpoint_->Ask(form);
}

}  // namespace intentgate::oauth
