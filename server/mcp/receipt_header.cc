#include "mcp/receipt_header.h"

#include <intentgate/evidence.h>

#include "base/encoding.h"

namespace intentgate::mcp {

std::string ReceiptValue(const http::RequestHead& head, Gate& gate, const Decision& decision) {
  if (head.headers.Get(kReceiptHeader).value_or("") != "1") return "";
  Evidence* const evidence = gate.evidence();
  if (evidence == nullptr || !decision.receipt) return "";
  const Result<std::string> receipt = evidence->SignReceipt(*decision.receipt);
  return receipt.ok() ? base::Base64Encode(base::AsBytes(*receipt)) : "";
}

}  // namespace intentgate::mcp
