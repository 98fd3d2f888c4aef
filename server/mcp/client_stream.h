// The event stream to one client: back-pressure on the upstream, signs of life while it is silent, and, for streams
// that stay open, the caller's token asked again from time to time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "mcp/lane.h"

namespace intentgate::mcp {

// Loop-bound. Held by shared_ptr by what writes to it.
class ClientStream : public std::enable_shared_from_this<ClientStream> {
 public:
  struct Options {
    // Whether a comment may be written now.
    std::function<bool()> between;
    // Asked at each sign of life; false ends the stream through `on_expired`. Empty: not asked.
    std::function<bool()> still_allowed;
    std::function<void()> on_expired;
    // The client is gone.
    std::function<void()> on_gone;
  };

  // `every`: between two signs of life.
  ClientStream(ExchangePtr exchange, net::Millis every, Options options)
      : every_(every), exchange_(std::move(exchange)), options_(std::move(options)), timer_(exchange_->loop(), [this] { OnTimer(); }) {}

  // Sends the head.
  void Start(const http::HeaderList& headers);
  // A call that is paused while the client reads slower than the upstream writes.
  void Add(std::shared_ptr<http::ClientCall> call);
  void Write(std::string_view data);
  // The stream is complete, or broken off.
  void Finish();
  void Abort();

 private:
  void OnTimer();
  void Stop();
  void Resume();

  const net::Millis every_;
  const ExchangePtr exchange_;
  Options options_;
  net::Timer timer_;
  std::vector<std::shared_ptr<http::ClientCall>> calls_;
};

// The head of an event stream.
http::HeaderList EventStreamHeaders();

}  // namespace intentgate::mcp
