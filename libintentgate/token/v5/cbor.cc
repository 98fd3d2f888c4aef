#include "token/v5/cbor.h"

#include <cstring>

#include "base/utf8.h"

namespace intentgate::token {
namespace {

template <typename Word>
Word Load(const char* p) {
  Word word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// The last word overlaps the one before it.
bool IsAscii(std::string_view text) {
  const char* p = text.data();
  const std::size_t size = text.size();
  std::uint64_t seen = 0;
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) seen |= Load<std::uint64_t>(p + i);
    seen |= Load<std::uint64_t>(p + size - 8);
  } else if (size >= 4) {
    seen = Load<std::uint32_t>(p) | Load<std::uint32_t>(p + size - 4);
  } else {
    for (const char c : text) seen |= static_cast<unsigned char>(c);
  }
  return (seen & 0x8080808080808080u) == 0;
}

}  // namespace

void CborWriter::LongHead(unsigned major, std::uint64_t argument) {
  const unsigned type = major << 5;
  const unsigned size_code = argument <= 0xff ? 0 : argument <= 0xffff ? 1 : argument <= 0xffffffff ? 2 : 3;
  out_ += static_cast<char>(type | (24 + size_code));
  for (int shift = (8 << size_code) - 8; shift >= 0; shift -= 8) out_ += static_cast<char>(argument >> shift);
}

void CborWriter::Bytes(std::string_view bytes) {
  Head(2, bytes.size());
  out_ += bytes;
}

void CborWriter::Text(std::string_view text) {
  Head(3, text.size());
  out_ += text;
}

std::string CborReader::error() const {
  return std::string(error_ != nullptr ? error_ : "no error") + " at byte " + std::to_string(error_offset_);
}

bool CborReader::Fail(const char* what) {
  if (error_ == nullptr) {
    error_ = what;
    error_offset_ = offset();
  }
  return false;
}

CborType CborReader::Peek() const {
  if (error_ != nullptr || p_ == end_) return CborType::kNone;
  const auto initial = static_cast<unsigned char>(*p_);
  if (initial < 0xc0) return static_cast<CborType>(initial >> 5);
  switch (initial) {
    case 0xf4: return CborType::kFalse;
    case 0xf5: return CborType::kTrue;
    case 0xf6: return CborType::kNull;
    default: return CborType::kNone;
  }
}

bool CborReader::LongHead(unsigned major, std::uint64_t& argument) {
  argument = 0;
  if (error_ != nullptr) return false;
  if (p_ == end_) return Fail("the bytes end inside an item");
  const auto initial = static_cast<unsigned char>(*p_);
  if (initial >> 5 != major) return Fail("an item of another type");
  const unsigned info = initial & 31;
  if (info < 24) {
    argument = info;
    ++p_;
    return true;
  }
  if (info > 27) return Fail("an indefinite or reserved length");
  const std::size_t size = std::size_t{1} << (info - 24);
  if (static_cast<std::size_t>(end_ - p_) <= size) return Fail("the bytes end inside an item");
  std::uint64_t value = 0;
  for (std::size_t i = 1; i <= size; ++i) value = value << 8 | static_cast<unsigned char>(p_[i]);
  const std::uint64_t least = info == 24 ? 24 : std::uint64_t{1} << (size * 4);
  if (value < least) return Fail("a number that is not in its shortest form");
  argument = value;
  p_ += 1 + size;
  return true;
}

bool CborReader::Integer(std::int64_t& n) {
  n = 0;
  std::uint64_t argument = 0;
  const bool negative = Peek() == CborType::kNegative;
  if (!Head(negative ? 1 : 0, argument)) return false;
  if (argument > static_cast<std::uint64_t>(INT64_MAX)) return Fail("an integer beyond 64 bits");
  n = negative ? -1 - static_cast<std::int64_t>(argument) : static_cast<std::int64_t>(argument);
  return true;
}

bool CborReader::NonNegative(std::int64_t& n) {
  if (Peek() == CborType::kNegative) return n = 0, Fail("a negative number");
  return Integer(n);
}

bool CborReader::Span(unsigned major, std::string_view& bytes) {
  bytes = {};
  std::uint64_t size = 0;
  if (!Head(major, size)) return false;
  if (size > static_cast<std::uint64_t>(end_ - p_)) return Fail("a string longer than the bytes that are left");
  bytes = std::string_view(p_, static_cast<std::size_t>(size));
  p_ += size;
  return true;
}

bool CborReader::Bytes(std::string_view& bytes) { return Span(2, bytes); }

bool CborReader::Text(std::string_view& text) {
  if (!Span(3, text)) return false;
  if (!IsAscii(text) && !base::IsValidUtf8(text)) return Fail("a text that is not UTF-8");
  return true;
}

bool CborReader::Text(std::string& text) {
  std::string_view view;
  if (!Text(view)) return false;
  text = view;
  return true;
}

bool CborReader::Count(unsigned major, std::size_t items_per_entry, std::size_t& count) {
  count = 0;
  std::uint64_t entries = 0;
  if (!Head(major, entries)) return false;
  if (entries > static_cast<std::uint64_t>(end_ - p_) / items_per_entry) {
    return Fail("more entries than the bytes that are left");
  }
  count = static_cast<std::size_t>(entries);
  return true;
}

bool CborReader::Array(std::size_t& count) { return Count(4, 1, count); }
bool CborReader::Map(std::size_t& pairs) { return Count(5, 2, pairs); }

bool CborReader::Bool(bool& b) {
  const CborType type = Peek();
  if (type != CborType::kFalse && type != CborType::kTrue) return b = false, Fail("no boolean");
  b = type == CborType::kTrue;
  ++p_;
  return true;
}

bool CborReader::Null() {
  if (Peek() != CborType::kNull) return Fail("no null");
  ++p_;
  return true;
}

bool CborReader::Skip(std::size_t depth) {
  std::string_view ignored;
  // Most items of a token are short texts and small numbers.
  if (p_ != end_ && error_ == nullptr) {
    const auto initial = static_cast<unsigned char>(*p_);
    if (initial >> 5 == 3) return Text(ignored);
    if (initial < 24) return ++p_, true;
  }
  std::uint64_t number = 0;
  std::size_t count = 0;
  switch (Peek()) {
    case CborType::kUnsigned: return Head(0, number);
    case CborType::kNegative: return Head(1, number);
    case CborType::kBytes: return Bytes(ignored);
    case CborType::kText: return Text(ignored);
    case CborType::kFalse:
    case CborType::kTrue:
    case CborType::kNull: ++p_; return true;
    case CborType::kMap:
      if (depth == 0) return Fail("nested too deeply");
      return SkipMap(depth - 1);
    case CborType::kArray:
      if (depth == 0) return Fail("nested too deeply");
      if (!Array(count)) return false;
      for (; count > 0; --count) {
        if (!Skip(depth - 1)) return false;
      }
      return true;
    case CborType::kNone: break;
  }
  return Fail(p_ == end_ ? "the bytes end inside an item" : "an item outside the subset");
}

bool CborReader::SkipMap(std::size_t depth) {
  std::size_t pairs = 0;
  if (!Map(pairs)) return false;
  std::string_view last;
  for (std::size_t i = 0; i < pairs; ++i) {
    const char* from = p_;
    if (!Skip(depth)) return false;
    const std::string_view key(from, static_cast<std::size_t>(p_ - from));
    if (i > 0 && key <= last) return Fail("map keys that do not ascend");
    last = key;
    if (!Skip(depth)) return false;
  }
  return true;
}

}  // namespace intentgate::token
