#include "mcp/ask.h"

#include <memory>
#include <utility>

#include "mcp/answer_reader.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kMaxRefusalBytes = 64 * 1024;

class Asking : public std::enable_shared_from_this<Asking> {
 public:
  Asking(Question question, std::function<void(Asked)> done)
      : question_(std::move(question)), reader_(question_.id, question_.max_bytes), done_(std::move(done)) {}

  void Start(Upstream& upstream) {
    const auto self = shared_from_this();
    call_ = upstream.Post({std::move(question_.body), question_.session, std::move(question_.more), true, false, std::move(question_.caller)},
                          {[self](const http::ResponseHead& head) { self->reader_.Head(head); },
                           [self](std::string_view piece) { self->OnBody(piece); },
                           [self](const Status& status) { self->OnDone(status); }});
  }

 private:
  void OnBody(std::string_view piece) {
    if (done_ == nullptr) return;
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

  void Keep(std::string_view piece) {
    if (question_.takes_errors && refusal_.size() < kMaxRefusalBytes) refusal_.append(piece);
  }

  void Refused() {
    Result<Answer> answer = ReadAnswer(refusal_, question_.id, kMaxRefusalBytes);
    const bool told = answer.ok() && answer->rpc_error && reader_.status() >= 400 && reader_.status() < 500;
    if (!told) return Fail(Failure::FromStatus(reader_.status()));
    Report({std::move(*answer), std::nullopt, reader_.status(), {}});
  }

  void Succeed() { Report({std::move(reader_.answer()), std::nullopt, reader_.status(), reader_.session_id()}); }

  void Fail(Failure failure) {
    if (call_ != nullptr) call_->Cancel();
    call_.reset();
    Report({std::nullopt, std::move(failure), reader_.status(), {}});
  }

  void Report(Asked asked) { std::exchange(done_, nullptr)(std::move(asked)); }

  Question question_;
  AnswerReader reader_;
  std::string refusal_;
  std::function<void(Asked)> done_;
  std::shared_ptr<http::ClientCall> call_;
};

}  // namespace

void Ask(Upstream& upstream, Question question, std::function<void(Asked)> done) {
  std::make_shared<Asking>(std::move(question), std::move(done))->Start(upstream);
}

void Tell(Upstream& upstream, std::string body, const UpstreamSession& session, oauth::OnBehalfPtr caller, std::function<void(int)> done) {
  const auto status = std::make_shared<int>(0);
  upstream.Post({std::move(body), session, {}, true, false, std::move(caller)},
                {[status](const http::ResponseHead& head) { *status = head.status; },
                 {},
                 [status, done = std::move(done)](const Status& end) { done(end.ok() ? *status : 0); }});
}

}  // namespace intentgate::mcp
