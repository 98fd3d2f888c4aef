// Tested by tests/unit/evidence/receipt_test.cc and tests/fuzz/receipt_fuzz.cc.

#include "evidence/receipt.h"

#include <charconv>
#include <optional>
#include <utility>

#include "audit/log_store.h"
#include "base/encoding.h"
#include "base/time_format.h"

namespace intentgate::evidence {
namespace {

// No origin of a checkpoint is this text, so a receipt can never be read as a checkpoint, nor the other way round.
constexpr std::string_view kFirstLine = "intentgate-audit-receipt-1";

Error Malformed(const std::string& what) { return {ErrorCode::kMalformed, "this is no receipt: " + what}; }

std::optional<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::string_view> TakeValue(std::string_view& text, std::string_view name) {
  const std::optional<std::string_view> line = TakeLine(text);
  if (!line || !line->starts_with(name) || line->size() <= name.size() || (*line)[name.size()] != ' ') return std::nullopt;
  return line->substr(name.size() + 1);
}

bool ReadNumber(std::string_view digits, std::int64_t& out) {
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() && out >= 0;
}

}  // namespace

std::string WriteReceiptText(const Receipt& receipt) {
  std::string out(kFirstLine);
  out.append("\nlog ").append(receipt.log);
  out.append("\nevent ").append(std::to_string(receipt.seq));
  out.append("\nhash ").append(base::HexEncode(receipt.hash));
  out.append("\nsigned ").append(base::FormatRfc3339Micros(receipt.signed_at_micros));
  out.append("\ndelay_ms ").append(std::to_string(receipt.delay_ms)).append("\n");
  return out;
}

Result<Receipt> ParseReceiptText(std::string_view text) {
  const std::string_view whole = text;
  if (text.size() > kMaxReceiptBytes) return Malformed("it is too long");
  if (TakeLine(text) != kFirstLine) return Malformed("it does not begin with " + std::string(kFirstLine));
  const auto log = TakeValue(text, "log"), event = TakeValue(text, "event"), hash = TakeValue(text, "hash"),
             time = TakeValue(text, "signed"), delay = TakeValue(text, "delay_ms");
  Receipt receipt;
  if (!log || !event || !hash || !time || !delay || !ReadNumber(*event, receipt.seq) ||
      !ReadNumber(*delay, receipt.delay_ms)) {
    return Malformed("a line is missing or cannot be read");
  }
  receipt.log = *log;
  const Result<tlog::Hash> read_hash = audit::HashFromHex(*hash);
  const Result<std::int64_t> read_time = base::ParseRfc3339Micros(*time);
  if (!read_hash.ok() || !read_time.ok()) return Malformed("its hash or its time cannot be read");
  receipt.hash = *read_hash;
  receipt.signed_at_micros = *read_time;
  if (WriteReceiptText(receipt) != whole) return Malformed("it is spelled in another way than receipts are");
  return receipt;
}

}  // namespace intentgate::evidence
