// The reader takes three fields out of a header, writes the header again from them and compares the 512 bytes.
// Tested by tests/unit/evidence/ustar_test.cc and tests/fuzz/bundle_verify_fuzz.cc.

#include "evidence/ustar.h"

#include <algorithm>
#include <array>
#include <optional>

namespace intentgate::evidence {
namespace {

// Offsets and widths of the fields that are not empty.
constexpr std::size_t kModeAt = 100, kUidAt = 108, kGidAt = 116, kSizeAt = 124, kTimeAt = 136, kSumAt = 148,
                      kTypeAt = 156, kMagicAt = 257;
constexpr std::size_t kShortField = 8, kLongField = 12;
constexpr std::string_view kMagic{"ustar\0" "00", 8};

constexpr std::array<char, 2 * kUstarBlock> kZeros{};

// Octal digits with leading zeros and a NUL.
void PutOctal(std::string& block, std::size_t at, std::size_t width, std::uint64_t n) {
  for (std::size_t i = width - 1; i > 0; --i, n >>= 3) block[at + i - 1] = static_cast<char>('0' + (n & 7));
}

std::optional<std::uint64_t> TakeOctal(std::string_view block, std::size_t at, std::size_t width) {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i + 1 < width; ++i) {
    const char c = block[at + i];
    if (c < '0' || c > '7') return std::nullopt;
    n = n << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return n;
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxUstarName && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool IsZero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

Error Bad(const char* what) { return {ErrorCode::kMalformed, std::string("the archive is no bundle: ") + what}; }

}  // namespace

Result<std::string> UstarHeader(const UstarEntry& entry) {
  const auto time = static_cast<std::uint64_t>(entry.modified_seconds);
  if (!IsName(entry.name) || entry.size > kMaxUstarSize || time > kMaxUstarSize) {
    return Error{ErrorCode::kInvalidArgument, "tar: the name, size or time of a file is out of bounds"};
  }
  std::string block(kUstarBlock, '\0');
  block.replace(0, entry.name.size(), entry.name);
  PutOctal(block, kModeAt, kShortField, 0644);
  PutOctal(block, kUidAt, kShortField, 0);
  PutOctal(block, kGidAt, kShortField, 0);
  PutOctal(block, kSizeAt, kLongField, entry.size);
  PutOctal(block, kTimeAt, kLongField, time);
  block[kTypeAt] = '0';
  block.replace(kMagicAt, kMagic.size(), kMagic);
  // The sum is taken over the header with blanks in the sum's own place, and ends in NUL and blank.
  block.replace(kSumAt, kShortField, kShortField, ' ');
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  PutOctal(block, kSumAt, kShortField - 1, sum);
  block[kSumAt + kShortField - 2] = '\0';
  return block;
}

std::string_view UstarPadding(std::uint64_t size) {
  const std::size_t over = size % kUstarBlock;
  return {kZeros.data(), over == 0 ? 0 : kUstarBlock - over};
}

std::string_view UstarEnd() { return {kZeros.data(), kZeros.size()}; }

Status UstarReader::Header(UstarVisitor& visitor) {
  if (IsZero(block_)) {
    ++empty_blocks_;
    return {};
  }
  if (empty_blocks_ > 0) return Bad("there is something between its last blocks");
  const std::optional<std::uint64_t> size = TakeOctal(block_, kSizeAt, kLongField);
  const std::optional<std::uint64_t> time = TakeOctal(block_, kTimeAt, kLongField);
  if (!size || !time) return Bad("a file's header has no size or no time");
  UstarEntry entry{block_.substr(0, std::min(block_.find('\0'), kMaxUstarName)), *size,
                   static_cast<std::int64_t>(*time)};
  const Result<std::string> again = UstarHeader(entry);
  if (!again.ok() || *again != block_) return Bad("a file's header is not as a bundle has it");
  remaining_ = entry.size;
  padding_ = UstarPadding(entry.size).size();
  in_file_ = true;
  return visitor.BeginFile(entry);
}

Status UstarReader::Bytes(std::string_view& bytes, UstarVisitor& visitor) {
  if (remaining_ > 0) {
    const std::string_view piece = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size())));
    bytes.remove_prefix(piece.size());
    remaining_ -= piece.size();
    if (Status s = visitor.FileBytes(piece); !s.ok()) return s;
  }
  const std::string_view zeros = remaining_ == 0 ? bytes.substr(0, padding_) : std::string_view();
  if (!IsZero(zeros)) return Bad("the blanks behind a file are not empty");
  bytes.remove_prefix(zeros.size());
  padding_ -= zeros.size();
  if (remaining_ > 0 || padding_ > 0) return {};
  in_file_ = false;
  return visitor.EndFile();
}

Status UstarReader::Feed(std::string_view bytes, UstarVisitor& visitor) {
  while (!bytes.empty()) {
    if (in_file_) {
      if (Status s = Bytes(bytes, visitor); !s.ok()) return s;
      continue;
    }
    if (at_end()) return Bad("there are bytes behind its end");
    const std::string_view piece = bytes.substr(0, kUstarBlock - block_.size());
    block_ += piece;
    bytes.remove_prefix(piece.size());
    if (block_.size() < kUstarBlock) continue;
    if (Status s = Header(visitor); !s.ok()) return s;
    block_.clear();
    // A file without bytes has nothing to wait for.
    if (in_file_ && remaining_ == 0) {
      std::string_view nothing;
      if (Status s = Bytes(nothing, visitor); !s.ok()) return s;
    }
  }
  return {};
}

}  // namespace intentgate::evidence
