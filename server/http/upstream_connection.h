// A client's connection that carries one request at a time. Inside http/ only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/parser.h"
#include "net/stream.h"

namespace intentgate::http {

class UpstreamConnection;

// What a connection tells the call it works for, and when it is idle its pool.
class UpstreamUser {
 public:
  virtual ~UpstreamUser() = default;
  virtual void OnResponseHead(const ResponseHead& head) = 0;
  virtual void OnResponseBody(std::string_view data) = 0;
  // The answer is complete; `reusable` says whether the connection can carry another.
  virtual void OnResponseDone(bool reusable) = 0;
  // It broke, with the connection closed; `answered` says whether any byte of an answer came before.
  virtual void OnResponseFailed(const Error& error, bool answered) = 0;
};

// Loop-bound.
class UpstreamConnection final : public net::StreamHandler, public std::enable_shared_from_this<UpstreamConnection> {
 public:
  UpstreamConnection(net::Loop& loop, std::shared_ptr<net::Stream> stream, const ClientOptions& options);
  ~UpstreamConnection() override;

  void Begin();
  // REQUIRES: idle. `user` must live until one of its last two methods was called, or Abandon.
  void Send(UpstreamUser* user, std::string_view head, std::string_view body, bool no_body_expected);
  void Pause();
  void Resume();
  // For the answer in progress.
  void SetIdleTimeout(net::Millis timeout);
  // Closes; nobody is told.
  void Abandon();
  // Waits for the next use; `idle_user` is told by OnResponseFailed when the upstream ends it or its
  // time is over.
  void Keep(UpstreamUser* idle_user);

  void OnData(std::string_view data) override;
  void OnEnd() override;
  void OnFailed(const Error& error) override;
  void OnDrained() override;

 private:
  enum class Phase { kIdle, kHead, kBody };
  void Process(std::string_view data);
  void TakeSteps(std::string_view data);
  void Fail(Error error);
  void OnDeadline();

  const ClientOptions& options_;
  const std::shared_ptr<net::Stream> stream_;
  ResponseParser parser_;
  net::Timer timer_;
  net::Millis idle_timeout_;
  UpstreamUser* user_ = nullptr;
  std::string unread_;  // came after Pause
  Phase phase_ = Phase::kIdle;
  bool answered_ = false;
  bool paused_ = false;
  bool processing_ = false;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace intentgate::http
