// An exchange whose client was promised an event stream before the answer was known. Whoever answers it later does as
// with any other: a whole answer becomes the stream's last event, also when it comes in pieces; an
// event stream goes on in it.
#pragma once

#include <memory>

#include "http/exchange.h"

namespace intentgate::mcp {

// Loop-bound.
class HeldExchange final : public http::Exchange {
 public:
  explicit HeldExchange(std::shared_ptr<http::Exchange> inner) : inner_(std::move(inner)) {}

  // Starts the stream; `more` are header fields of it.
  void Begin(const http::HeaderList& more);
  bool begun() const { return begun_; }

  const http::RequestHead& request() const override { return inner_->request(); }
  std::string_view body() const override { return inner_->body(); }
  const std::string& remote_address() const override { return inner_->remote_address(); }
  net::Loop& loop() override { return inner_->loop(); }
  std::string_view proven_key() const override { return inner_->proven_key(); }
  void Send(int status, const http::HeaderList& headers, std::string_view body) override;
  void Start(int status, const http::HeaderList& headers) override;
  bool Write(std::string_view data) override;
  void OnDrain(std::function<void()> callback) override { inner_->OnDrain(std::move(callback)); }
  void Finish() override;
  void Abort() override { inner_->Abort(); }
  void OnClose(std::function<void()> callback) override { inner_->OnClose(std::move(callback)); }
  bool closed() const override { return inner_->closed(); }

 private:
  const std::shared_ptr<http::Exchange> inner_;
  bool begun_ = false;
  bool wraps_ = false;   // what is written is one JSON message, which becomes an event
};

}  // namespace intentgate::mcp
