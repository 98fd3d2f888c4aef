// A receipt: the log's signed promise that an event stands at its place and will be under a checkpoint soon.
// docs/formats/receipt.md. A receipt that a later checkpoint contradicts proves that the log broke its word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/audit.h>
#include <intentgate/result.h>

#include "tlog/merkle.h"

namespace intentgate::evidence {

inline constexpr std::size_t kMaxReceiptBytes = 16 * 1024;

struct Receipt {
  std::string log;                    // "<deployment>/audit/<tenant>"
  std::int64_t seq = 0;
  tlog::Hash hash{};                  // hash_seq of the chain
  std::int64_t signed_at_micros = 0;
  std::int64_t delay_ms = 0;          // a checkpoint that was signed this long afterwards covers the event
};

// The text of the signed note, with the newline at its end.
std::string WriteReceiptText(const Receipt& receipt);
// kMalformed with what is wrong. What is accepted has one spelling.
Result<Receipt> ParseReceiptText(std::string_view text);

}  // namespace intentgate::evidence
