#include "mcp/upstream_health.h"

#include <utility>

namespace intentgate::mcp {

std::optional<UpstreamHealth::Turned> UpstreamHealth::Admit() {
  std::optional<Turned> turned;
  {
    const std::lock_guard lock(mutex_);
    const bool rested = state_ == State::kOpen && clock_->MonotonicNanos() - open_since_ >= rest_nanos_;
    if (state_ == State::kTrying || (state_ == State::kOpen && !rested)) turned = Turned::kResting;
    else if (in_progress_ >= max_concurrent_) turned = Turned::kFull;
    else ++in_progress_;
    // One request finds out; the others wait for what it finds.
    if (!turned && rested) state_ = State::kTrying;
  }
  if (turned && turned_) turned_(*turned);
  return turned;
}

void UpstreamHealth::Done(Verdict verdict) {
  const std::lock_guard lock(mutex_);
  --in_progress_;
  if (verdict == Verdict::kGood) {
    failures_ = 0;
    state_ = State::kClosed;
    return;
  }
  // Called off before it could tell: the next one tries.
  if (verdict == Verdict::kNone) {
    if (state_ == State::kTrying) state_ = State::kOpen;
    return;
  }
  ++failures_;
  if (failures_allowed_ == 0 || (state_ == State::kClosed && failures_ < failures_allowed_)) return;
  state_ = State::kOpen;
  open_since_ = clock_->MonotonicNanos();
}

std::int64_t UpstreamHealth::in_progress() const {
  const std::lock_guard lock(mutex_);
  return in_progress_;
}

bool UpstreamHealth::resting() const {
  const std::lock_guard lock(mutex_);
  return state_ != State::kClosed;
}

namespace {

// One admitted request; its end, whichever way it comes, is the end of its callbacks.
class Ticket {
 public:
  explicit Ticket(std::shared_ptr<UpstreamHealth> health) : health_(std::move(health)) {}
  ~Ticket() { health_->Done(verdict_); }
  Ticket(const Ticket&) = delete;  // counts
  Ticket& operator=(const Ticket&) = delete;

  void OnHead(const http::ResponseHead& head) {
    if (head.made_up) return;
    const int status = head.status;
    verdict_ = status >= 502 && status <= 504 ? UpstreamHealth::Verdict::kFailed : UpstreamHealth::Verdict::kGood;
  }
  void OnDone(const Status& status) {
    const bool failed = !status.ok() && (status.error().code == ErrorCode::kUnavailable || status.error().code == ErrorCode::kTimeout);
    if (failed) verdict_ = UpstreamHealth::Verdict::kFailed;
  }

 private:
  const std::shared_ptr<UpstreamHealth> health_;
  UpstreamHealth::Verdict verdict_ = UpstreamHealth::Verdict::kNone;
};

// A request that was not admitted.
class TurnedCall final : public http::ClientCall {
 public:
  explicit TurnedCall(std::function<void(Status)> on_done) : on_done_(std::move(on_done)) {}
  void Cancel() override { on_done_ = nullptr; }
  void Pause() override {}
  void Resume() override {}
  void SetIdleTimeout(net::Millis) override {}
  void Tell(UpstreamHealth::Turned why) {
    const auto on_done = std::exchange(on_done_, nullptr);
    if (!on_done) return;
    on_done(Error{ErrorCode::kCancelled, why == UpstreamHealth::Turned::kFull ? "upstream.max_concurrent requests are in progress"
                                                                              : "calls rest after upstream.breaker_failures"});
  }

 private:
  std::function<void(Status)> on_done_;
};

class GuardedUpstream final : public Upstream {
 public:
  GuardedUpstream(std::unique_ptr<Upstream> inner, std::shared_ptr<UpstreamHealth> health)
      : Upstream(inner.get()), inner_(std::move(inner)), health_(std::move(health)) {}

  std::shared_ptr<http::ClientCall> Post(UpstreamMessage message, http::ResponseCallbacks callbacks) override {
    if (message.stays_open) return inner_->Post(std::move(message), std::move(callbacks));
    if (const auto turned = health_->Admit()) {
      auto call = std::make_shared<TurnedCall>(std::move(callbacks.on_done));
      loop().Post([call, turned = *turned] { call->Tell(turned); });
      return call;
    }
    const auto ticket = std::make_shared<Ticket>(health_);
    callbacks.on_head = [ticket, on_head = std::move(callbacks.on_head)](const http::ResponseHead& head) {
      ticket->OnHead(head);
      if (on_head) on_head(head);
    };
    callbacks.on_done = [ticket, on_done = std::move(callbacks.on_done)](const Status& status) {
      ticket->OnDone(status);
      if (on_done) on_done(status);
    };
    return inner_->Post(std::move(message), std::move(callbacks));
  }

  std::shared_ptr<http::ClientCall> Get(const UpstreamSession& session, oauth::OnBehalfPtr caller, std::string_view last_event,
                                        http::ResponseCallbacks callbacks) override {
    return inner_->Get(session, std::move(caller), last_event, std::move(callbacks));
  }
  std::shared_ptr<http::ClientCall> Delete(const UpstreamSession& session, oauth::OnBehalfPtr caller, http::ResponseCallbacks callbacks) override {
    return inner_->Delete(session, std::move(caller), std::move(callbacks));
  }

 private:
  const std::unique_ptr<Upstream> inner_;
  const std::shared_ptr<UpstreamHealth> health_;
};

}  // namespace

std::unique_ptr<Upstream> MakeGuardedUpstream(std::unique_ptr<Upstream> inner, std::shared_ptr<UpstreamHealth> health) {
  return std::make_unique<GuardedUpstream>(std::move(inner), std::move(health));
}

}  // namespace intentgate::mcp
