#include "mcp/receipt_header.h"

#include <intentgate/evidence.h>

#include "base/encoding.h"

namespace intentgate::mcp {

void AddReceipt(http::Exchange& exchange, Gate& gate, const Decision& decision) {
  if (exchange.request().headers.Get(kReceiptHeader).value_or("") != "1") return;
  Evidence* const evidence = gate.evidence();
  if (evidence == nullptr || !decision.receipt) return;
  const Result<std::string> receipt = evidence->SignReceipt(*decision.receipt);
  if (receipt.ok()) exchange.AddHeader(kReceiptHeader, base::Base64Encode(base::AsBytes(*receipt)));
}

}  // namespace intentgate::mcp
