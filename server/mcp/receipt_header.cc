#include "mcp/receipt_header.h"

#include <string>
#include <utility>

#include <intentgate/evidence.h>

#include "base/encoding.h"

namespace intentgate::mcp {
namespace {

class ReceiptExchange final : public http::Exchange {
 public:
  ReceiptExchange(std::shared_ptr<http::Exchange> inner, std::string receipt)
      : inner_(std::move(inner)), receipt_(std::move(receipt)) {}

  const http::RequestHead& request() const override { return inner_->request(); }
  std::string_view body() const override { return inner_->body(); }
  const std::string& remote_address() const override { return inner_->remote_address(); }
  net::Loop& loop() override { return inner_->loop(); }
  std::string_view proven_key() const override { return inner_->proven_key(); }
  void Send(int status, const http::HeaderList& headers, std::string_view body) override {
    inner_->Send(status, With(headers), body);
  }
  void Start(int status, const http::HeaderList& headers) override { inner_->Start(status, With(headers)); }
  bool Write(std::string_view data) override { return inner_->Write(data); }
  void OnDrain(std::function<void()> callback) override { inner_->OnDrain(std::move(callback)); }
  void Finish() override { inner_->Finish(); }
  void Abort() override { inner_->Abort(); }
  void OnClose(std::function<void()> callback) override { inner_->OnClose(std::move(callback)); }
  bool closed() const override { return inner_->closed(); }

 private:
  http::HeaderList With(const http::HeaderList& headers) const {
    http::HeaderList out = headers;
    out.Add(kReceiptHeader, receipt_);
    return out;
  }

  const std::shared_ptr<http::Exchange> inner_;
  const std::string receipt_;
};

}  // namespace

std::shared_ptr<http::Exchange> WithReceipt(std::shared_ptr<http::Exchange> exchange, Gate& gate, const Decision& decision) {
  if (exchange->request().headers.Get(kReceiptHeader).value_or("") != "1") return exchange;
  Evidence* const evidence = gate.evidence();
  if (evidence == nullptr || !decision.receipt) return exchange;
  const Result<std::string> receipt = evidence->SignReceipt(*decision.receipt);
  if (!receipt.ok()) return exchange;
  return std::make_shared<ReceiptExchange>(std::move(exchange), base::Base64Encode(base::AsBytes(*receipt)));
}

}  // namespace intentgate::mcp
