#include "admin/stream.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace intentgate::admin {
namespace {

// Pieces handed to the loop that the client has not taken yet.
constexpr std::size_t kMaxWaitingBytes = 512 * 1024;

// Carries pieces from the worker to the loop. The worker waits in Put while too much is under way.
// Thread-safe; what touches the exchange runs on its loop.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(std::shared_ptr<http::Exchange> exchange, net::Loop& loop, const StreamPlan& plan)
      : exchange_(std::move(exchange)), loop_(loop), plan_(plan) {}

  // Whether the head of a good answer is on its way.
  bool begun() const { return begun_; }

  // Instead of a stream that has not begun.
  void Refuse(const Reply& reply) {
    loop_.Post([self = shared_from_this(), reply] {
      std::exchange(self->exchange_, nullptr)->Send(reply.status, {{"Content-Type", "application/json"}}, json::Write(reply.body));
    });
  }

  void Begin() {
    begun_ = true;
    loop_.Post([self = shared_from_this(), type = plan_.content_type, name = plan_.file_name] {
      self->exchange_->OnClose([pipe = std::weak_ptr(self)] {
        if (const auto alive = pipe.lock()) alive->Break();
      });
      self->exchange_->Start(200, {{"Content-Type", type},
                                   {"Content-Disposition", "attachment; filename=\"" + name + "\""},
                                   {"Cache-Control", "no-store"}});
    });
  }

  Status Put(std::string_view piece) {
    if (!begun_) Begin();
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return broken_ || (!stalled_ && waiting_ < kMaxWaitingBytes); });
    if (broken_) return Error{ErrorCode::kCancelled, "the client went away"};
    waiting_ += piece.size();
    lock.unlock();
    loop_.Post([self = shared_from_this(), text = std::string(piece)] { self->Send(text); });
    return {};
  }

  void End(bool good) {
    if (!begun_) Begin();
    loop_.Post([self = shared_from_this(), good] {
      if (good) self->exchange_->Finish();
      else self->exchange_->Abort();
      self->exchange_.reset();
    });
  }

 private:
  void Send(const std::string& text) {
    if (exchange_ == nullptr) return;
    const bool go_on = exchange_->Write(text);
    if (exchange_->closed()) return Break();
    {
      const std::lock_guard lock(mutex_);
      waiting_ -= text.size();
      stalled_ = !go_on;
    }
    if (!go_on) {
      exchange_->OnDrain([pipe = weak_from_this()] {
        if (const auto alive = pipe.lock()) alive->Drained();
      });
    }
    room_.notify_all();
  }

  void Drained() {
    {
      const std::lock_guard lock(mutex_);
      stalled_ = false;
    }
    room_.notify_all();
  }

  void Break() {
    {
      const std::lock_guard lock(mutex_);
      broken_ = true;
    }
    room_.notify_all();
  }

  std::shared_ptr<http::Exchange> exchange_;  // on the loop only
  net::Loop& loop_;
  const StreamPlan& plan_;                    // on the worker only; it outlives the worker's job
  bool begun_ = false;                        // likewise
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t waiting_ = 0;
  bool stalled_ = false;
  bool broken_ = false;
};
}  // namespace

void StreamAnswer(Planner planner, const Resources& on, const Request& request, std::shared_ptr<http::Exchange> exchange,
                  net::Loop& loop, const telemetry::Logger& log) {
  const Result<StreamPlan> plan = planner(on, request);
  if (!plan.ok()) {
    const Reply reply = Reply::FromError(plan.error());
    loop.Post([exchange = std::move(exchange), reply] {
      exchange->Send(reply.status, {{"Content-Type", "application/json"}}, json::Write(reply.body));
    });
    return;
  }
  const auto pipe = std::make_shared<Pipe>(std::move(exchange), loop, *plan);
  const Status done = plan->write([&pipe](std::string_view piece) { return pipe->Put(piece); });
  if (!done.ok()) log.Warn("audit download ended early", {{"detail", done.error().ToString()}});
  if (!done.ok() && !pipe->begun()) return pipe->Refuse(Reply::FromError(done.error()));
  pipe->End(done.ok());
}

}  // namespace intentgate::admin
