#include "mcp/ask.h"

#include <memory>
#include <utility>

#include "mcp/answer_reader.h"

namespace intentgate::mcp {
namespace {

// How long an upstream that never falls silent is listened to: silence itself has the client's own limits.
class Patience {
 public:
  explicit Patience(const Upstream& upstream) : until_(net::Loop::NowMillis() + upstream.stream_idle().count()) {}
  bool Ended() const { return net::Loop::NowMillis() > until_; }

 private:
  const std::int64_t until_;
};

class Asking : public std::enable_shared_from_this<Asking> {
 public:
  Asking(const Upstream& upstream, Question question, std::function<void(Asked)> done)
      : question_(std::move(question)), reader_(question_.id, question_.max_bytes), done_(std::move(done)), patience_(upstream) {}

  void Start(Upstream& upstream) {
    const auto self = shared_from_this();
    call_ = upstream.Post({std::move(question_.body), question_.session, std::move(question_.more), true, false, std::move(question_.caller)},
                          {[self](const http::ResponseHead& head) { self->reader_.Head(head); },
                           [self](std::string_view piece) { self->OnBody(piece); },
                           [self](const Status& status) { self->OnDone(status); }});
  }

 private:
  void OnBody(std::string_view piece) {
    bytes_ += piece.size();
    if (done_ == nullptr) return Trail();
    if (patience_.Ended()) return Fail(Failure::FromTransport({ErrorCode::kTimeout, "the answer did not come among all that was said"}));
    if (bytes_ / kMaxAskedAnswers > question_.max_bytes) {
      return Fail(Failure::FromRubbish(reader_.status(), {ErrorCode::kLimitExceeded, "too much was said before the answer"}));
    }
    if (!reader_.promising()) return Keep(piece);
    std::vector<json::Value> others;
    const Status read = reader_.Body(piece, others);
    if (!read.ok()) return Fail(Failure::FromRubbish(reader_.status(), read.error()));
    if (reader_.answer()) Succeed();
  }

  void OnDone(const Status& status) {
    call_.reset();
    if (done_ == nullptr) return;
    if (!status.ok()) return Fail(Failure::FromTransport(status.error()));
    if (!reader_.promising()) return Refused();
    const Status whole = reader_.End();
    if (!whole.ok()) return Fail(Failure::FromRubbish(reader_.status(), whole.error()));
    Succeed();
  }

  void Trail() {
    const bool enough = bytes_ > kMaxAfterAnswerBytes || patience_.Ended();
    if (enough && call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
  }

  void Keep(std::string_view piece) {
    if (question_.takes_errors) KeepRefusal(piece, refusal_);
  }

  void Refused() {
    auto answer = ReadRefusal(reader_.status(), refusal_, question_.id);
    if (!answer) return Fail(Failure::FromStatus(reader_.status()));
    Report({std::move(*answer), std::nullopt, reader_.status(), {}});
  }

  void Succeed() { Report({std::move(reader_.answer()), std::nullopt, reader_.status(), reader_.session_id()}); }

  void Fail(Failure failure) {
    if (call_ != nullptr) call_->Cancel();
    call_.reset();
    Report({std::nullopt, std::move(failure), reader_.status(), {}});
  }

  void Report(Asked asked) {
    bytes_ = 0;
    std::exchange(done_, nullptr)(std::move(asked));
  }

  Question question_;
  AnswerReader reader_;
  std::string refusal_;
  std::function<void(Asked)> done_;
  const Patience patience_;
  std::size_t bytes_ = 0;  // before the answer, then after it
  std::shared_ptr<http::ClientCall> call_;
};

class Telling : public std::enable_shared_from_this<Telling> {
 public:
  Telling(const Upstream& upstream, std::function<void(int)> done) : done_(std::move(done)), patience_(upstream) {}

  void Post(Upstream& upstream, UpstreamMessage message) { call_ = upstream.Post(std::move(message), Callbacks()); }
  void Delete(Upstream& upstream, const UpstreamSession& session, oauth::OnBehalfPtr caller) {
    call_ = upstream.Delete(session, std::move(caller), Callbacks());
  }

 private:
  http::ResponseCallbacks Callbacks() {
    const auto self = shared_from_this();
    return {[self](const http::ResponseHead& head) { self->status_ = head.status; },
            [self](std::string_view piece) { self->OnBody(piece); },
            [self](const Status& end) { self->End(end.ok() ? self->status_ : 0); }};
  }
  void OnBody(std::string_view piece) {
    bytes_ += piece.size();
    if (bytes_ <= kMaxAfterAnswerBytes && !patience_.Ended()) return;
    if (call_ != nullptr) call_->Cancel();
    End(status_);
  }
  void End(int status) {
    call_.reset();
    if (const auto done = std::exchange(done_, nullptr)) done(status);
  }

  std::function<void(int)> done_;
  const Patience patience_;
  std::size_t bytes_ = 0;
  int status_ = 0;
  std::shared_ptr<http::ClientCall> call_;
};

}  // namespace

void Ask(Upstream& upstream, Question question, std::function<void(Asked)> done) {
  std::make_shared<Asking>(upstream, std::move(question), std::move(done))->Start(upstream);
}

void Tell(Upstream& upstream, std::string body, const UpstreamSession& session, oauth::OnBehalfPtr caller, std::function<void(int)> done) {
  std::make_shared<Telling>(upstream, std::move(done))->Post(upstream, {std::move(body), session, {}, true, false, std::move(caller)});
}

void TellEnd(Upstream& upstream, const UpstreamSession& session, oauth::OnBehalfPtr caller, std::function<void(int)> done) {
  std::make_shared<Telling>(upstream, std::move(done))->Delete(upstream, session, std::move(caller));
}

}  // namespace intentgate::mcp
