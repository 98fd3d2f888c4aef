// An exchange whose client was promised an event stream before the answer was known. Whoever answers it later does as
// with any other: a whole answer becomes the stream's last event, also when it comes in pieces; an
// event stream goes on in it.
#pragma once

#include <memory>

#include "http/forwarding_exchange.h"

namespace intentgate::mcp {

// Loop-bound.
class HeldExchange final : public http::ForwardingExchange {
 public:
  explicit HeldExchange(std::shared_ptr<http::Exchange> inner) : ForwardingExchange(std::move(inner)) {}

  // Starts the stream; `more` are header fields of it.
  void Begin(const http::HeaderList& more);
  bool begun() const { return begun_; }

  void Send(int status, const http::HeaderList& headers, std::string_view body) override;
  void Start(int status, const http::HeaderList& headers) override;
  bool Write(std::string_view data) override;
  void Finish() override;

 private:
  bool begun_ = false;
  bool wraps_ = false;   // what is written is one JSON message, which becomes an event
};

}  // namespace intentgate::mcp
