#include "mcp/receipt_header.h"

#include <string>
#include <utility>

#include <intentgate/evidence.h>

#include "base/encoding.h"
#include "http/forwarding_exchange.h"

namespace intentgate::mcp {
namespace {

class ReceiptExchange final : public http::ForwardingExchange {
 public:
  ReceiptExchange(std::shared_ptr<http::Exchange> inner, std::string receipt)
      : ForwardingExchange(std::move(inner)), receipt_(std::move(receipt)) {}

  void Send(int status, const http::HeaderList& headers, std::string_view body) override {
    wrapped().Send(status, With(headers), body);
  }
  void Start(int status, const http::HeaderList& headers) override { wrapped().Start(status, With(headers)); }

 private:
  http::HeaderList With(const http::HeaderList& headers) const {
    http::HeaderList out = headers;
    out.Add(kReceiptHeader, receipt_);
    return out;
  }

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
