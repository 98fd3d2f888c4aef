#include "tlog/checkpoint.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "tlog/lines.h"

namespace intentgate::tlog {
namespace {

Error Malformed(const char* message) { return {ErrorCode::kMalformed, message}; }

bool IsOrigin(std::string_view origin) {
  return !origin.empty() && base::IsValidUtf8(origin) &&
         std::none_of(origin.begin(), origin.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

std::string WriteCheckpoint(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + WriteHash(checkpoint.root) + "\n";
}

Result<Checkpoint> ParseCheckpoint(std::string_view note_text) {
  const std::optional<std::string_view> origin = TakeLine(note_text);
  const std::optional<std::string_view> size_line = TakeLine(note_text);
  const std::optional<std::string_view> root_line = TakeLine(note_text);
  if (!origin || !size_line || !root_line) return Malformed("a checkpoint has three lines: origin, size and root");
  if (!note_text.empty()) return Malformed("a checkpoint with extension lines is not accepted");
  if (!IsOrigin(*origin)) return Malformed("a checkpoint's origin is empty or no plain text");
  const std::optional<std::uint64_t> size = ParseDecimal(*size_line);
  if (!size) return Malformed("a checkpoint's size is a decimal number without leading zeroes, below 2^63");
  const std::optional<Hash> root = ParseHash(*root_line);
  if (!root) return Malformed("a checkpoint's root is the base64 of 32 bytes");
  return Checkpoint{std::string(*origin), *size, *root};
}

}  // namespace intentgate::tlog
