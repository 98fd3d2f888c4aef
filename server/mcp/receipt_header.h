// Receipts for callers that ask for them: a request header in, a response header out. docs/server.md.
#pragma once

#include <memory>
#include <string_view>

#include <intentgate/gate.h>

#include "http/exchange.h"

namespace intentgate::mcp {

// In a request "1" asks for a receipt; in an answer it is the receipt in base64.
inline constexpr std::string_view kReceiptHeader = "X-IntentGate-Receipt";

// The exchange whose answer, whatever it will be, carries the decision's receipt. `exchange` itself when none was asked
// for, or when there is none: nothing is signed, or the decision was not durable. Loop-bound.
std::shared_ptr<http::Exchange> WithReceipt(std::shared_ptr<http::Exchange> exchange, Gate& gate, const Decision& decision);

}  // namespace intentgate::mcp
