#include "mcp/authorized_call.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace intentgate::mcp {

class AuthorizedCall final : public http::ClientCall, public std::enable_shared_from_this<AuthorizedCall> {
 public:
  AuthorizedCall(AuthorizedCalls& calls, TokenFor token, http::ClientRequest request, http::ResponseCallbacks callbacks)
      : loop_(calls.loop_), client_(calls.client_), url_(calls.url_), live_(calls.live_), from_(std::move(token)), request_(std::move(request)),
        callbacks_(std::move(callbacks)) {
    live_->insert(this);
  }
  ~AuthorizedCall() override { live_->erase(this); }
  AuthorizedCall(const AuthorizedCall&) = delete;  // registered by its address
  AuthorizedCall& operator=(const AuthorizedCall&) = delete;

  // Not inside the call that made it: callbacks must not come from there.
  void Begin() {
    // On any thread, which keeps nothing that is the loop's.
    from_.tokens.Get(from_.caller, [self = shared_from_this()](Result<std::string> token) mutable {
      net::Loop& loop = self->loop_;
      loop.Post([self = std::move(self), token = std::move(token)]() mutable { self->OnToken(std::move(token)); });
    });
  }

  void Cancel() override {
    cancelled_ = true;
    if (inner_ != nullptr) inner_->Cancel();
    // Later, since this may be inside one of them.
    loop_.Post([self = shared_from_this()] { self->callbacks_ = {}; });
  }
  // Whom the callbacks keep often keeps the call. REQUIRES: none of them runs.
  void Abandon() {
    cancelled_ = true;
    const http::ResponseCallbacks dropped = std::exchange(callbacks_, {});
  }
  void Pause() override {
    if (inner_ != nullptr) inner_->Pause();
  }
  void Resume() override {
    if (inner_ != nullptr) inner_->Resume();
  }
  void SetIdleTimeout(net::Millis timeout) override {
    if (inner_ != nullptr) inner_->SetIdleTimeout(timeout);
  }

 private:
  void OnToken(Result<std::string> token) {
    if (cancelled_) return;
    if (!token.ok()) return End(token.error());
    token_ = *std::move(token);
    http::ClientRequest request = request_;
    request.headers.Add("Authorization", "Bearer " + token_);
    const auto self = shared_from_this();
    inner_ = client_.Send(url_, std::move(request), {[self](const http::ResponseHead& head) { self->OnHead(head); },
                                                    [self](std::string_view piece) { self->OnBody(piece); },
                                                    [self](const Status& end) { self->End(end); }});
  }

  void OnHead(const http::ResponseHead& head) {
    if (head.status == 401 && !again_) {
      again_ = true;
      from_.tokens.Drop(from_.caller, token_);
      const auto self = shared_from_this();  // which the callbacks of the request held
      inner_->Cancel();
      return Begin();
    }
    if (callbacks_.on_head) callbacks_.on_head(head);
  }
  void OnBody(std::string_view piece) {
    if (callbacks_.on_body) callbacks_.on_body(piece);
  }
  void End(const Status& end) {
    const auto self = shared_from_this();
    const http::ResponseCallbacks callbacks = std::exchange(callbacks_, {});
    if (callbacks.on_done && !cancelled_) callbacks.on_done(end);
  }

  net::Loop& loop_;
  http::Client& client_;
  const http::Url& url_;
  const std::shared_ptr<AuthorizedCalls::Live> live_;
  const TokenFor from_;
  const http::ClientRequest request_;
  http::ResponseCallbacks callbacks_;
  std::shared_ptr<http::ClientCall> inner_;  // null: waits for a token
  std::string token_;
  bool again_ = false, cancelled_ = false;
};

AuthorizedCalls::AuthorizedCalls(net::Loop& loop, http::Client& client, const http::Url& url)
    : loop_(loop), client_(client), url_(url), live_(std::make_shared<Live>()) {}

AuthorizedCalls::~AuthorizedCalls() {
  std::vector<std::shared_ptr<AuthorizedCall>> calls;
  for (AuthorizedCall* call : *live_) {
    if (auto held = call->weak_from_this().lock()) calls.push_back(std::move(held));
  }
  for (const auto& call : calls) call->Abandon();
}

std::shared_ptr<http::ClientCall> AuthorizedCalls::Send(TokenFor token, http::ClientRequest request, http::ResponseCallbacks callbacks) {
  auto call = std::make_shared<AuthorizedCall>(*this, std::move(token), std::move(request), std::move(callbacks));
  call->Begin();
  return call;
}

}  // namespace intentgate::mcp
