// The base of exchanges that wrap another: every call goes to the inner one unless the wrapper overrides it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/exchange.h"

namespace intentgate::http {

// Loop-bound like the inner one. What the router took from the path stays with the inner one; a wrapper that stands before
// a handler takes it over.
class ForwardingExchange : public Exchange {
 public:
  const RequestHead& request() const override { return inner_->request(); }
  std::string_view body() const override { return inner_->body(); }
  const std::string& remote_address() const override { return inner_->remote_address(); }
  net::Loop& loop() override { return inner_->loop(); }
  std::string_view proven_key() const override { return inner_->proven_key(); }
  void Send(int status, const HeaderList& headers, std::string_view body) override { inner_->Send(status, headers, body); }
  void Start(int status, const HeaderList& headers) override { inner_->Start(status, headers); }
  bool Write(std::string_view data) override { return inner_->Write(data); }
  void OnDrain(std::function<void()> callback) override { inner_->OnDrain(std::move(callback)); }
  void Finish() override { inner_->Finish(); }
  void Abort() override { inner_->Abort(); }
  void OnClose(std::function<void()> callback) override { inner_->OnClose(std::move(callback)); }
  bool closed() const override { return inner_->closed(); }

 protected:
  explicit ForwardingExchange(std::shared_ptr<Exchange> inner) : inner_(std::move(inner)) {}
  Exchange& wrapped() { return *inner_; }
  const Exchange& wrapped() const { return *inner_; }

 private:
  const std::shared_ptr<Exchange> inner_;
};

}  // namespace intentgate::http
