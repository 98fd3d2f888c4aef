// Receipts for callers that ask for them: a request header in, a response header out. docs/server.md.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/gate.h>

#include "http/message.h"

namespace intentgate::mcp {

// In a request "1" asks for a receipt; in an answer it is the receipt in base64.
inline constexpr std::string_view kReceiptHeader = "X-IntentGate-Receipt";

// The header's value for the answer; "" when none was asked for, or when there is none: nothing is signed, or the
// decision was not durable.
std::string ReceiptValue(const http::RequestHead& head, Gate& gate, const Decision& decision);

}  // namespace intentgate::mcp
