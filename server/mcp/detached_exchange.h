// A request that goes on without its client: made from one that was answered, or turned into another, and answered to a callback.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/exchange.h"
#include "mcp/own_tasks.h"

namespace intentgate::mcp {

// Loop-bound like every exchange.
class DetachedExchange final : public http::Exchange {
 public:
  // Called once, with the body of the answer; nullopt: there is none, or it is larger than `max_bytes`. On the loop, or
  // on whatever thread drops the exchange unanswered.
  using Done = std::function<void(std::optional<std::string> body)>;

  DetachedExchange(net::Loop& loop, std::shared_ptr<const CallOrigin> origin, std::string body, std::size_t max_bytes, Done done)
      : origin_(std::move(origin)), body_(std::move(body)), loop_(loop), max_bytes_(max_bytes), done_(std::move(done)) {}
  ~DetachedExchange() override { End(std::nullopt); }
  DetachedExchange(const DetachedExchange&) = delete;  // tells of its end
  DetachedExchange& operator=(const DetachedExchange&) = delete;

  // Nobody wants the answer any more: as if the client had gone.
  void Leave() {
    closed_ = true;
    done_ = nullptr;
    if (const auto gone = std::exchange(on_close_, nullptr)) gone();
  }

  const http::RequestHead& request() const override { return origin_->head; }
  std::string_view body() const override { return body_; }
  const std::string& remote_address() const override { return origin_->remote_address; }
  net::Loop& loop() override { return loop_; }
  std::string_view proven_key() const override { return origin_->proven_key; }
  void Send(int, const http::HeaderList&, std::string_view body) override { End(Fitting(body)); }
  void Start(int, const http::HeaderList&) override { streamed_.emplace(); }
  bool Write(std::string_view data) override {
    if (streamed_ && streamed_->size() + data.size() > max_bytes_) streamed_.reset();
    if (streamed_) streamed_->append(data);
    return true;
  }
  void OnDrain(std::function<void()>) override {}
  void Finish() override { End(std::exchange(streamed_, std::nullopt)); }
  void Abort() override { End(std::nullopt); }
  void OnClose(std::function<void()> callback) override { on_close_ = std::move(callback); }
  bool closed() const override { return closed_; }

 private:
  std::optional<std::string> Fitting(std::string_view body) const {
    return body.size() > max_bytes_ ? std::nullopt : std::optional<std::string>(body);
  }
  void End(std::optional<std::string> body) {
    on_close_ = nullptr;
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(body));
  }

  const std::shared_ptr<const CallOrigin> origin_;
  const std::string body_;
  net::Loop& loop_;
  const std::size_t max_bytes_;
  Done done_;
  std::optional<std::string> streamed_;
  std::function<void()> on_close_;
  bool closed_ = false;
};

}  // namespace intentgate::mcp
