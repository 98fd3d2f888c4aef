// The part of CBOR (RFC 8949) that v5 tokens use, in deterministic form (section 4.2.1): integers,
// byte and text strings, arrays, maps, false, true, null; definite lengths, shortest heads. One
// value has one spelling; the reader refuses every other. No tags, no floats.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace intentgate::token {

// Appends to a byte string. The caller keeps the counts of arrays and maps and the order of keys.
// Thread-compatible.
class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}
  void Unsigned(std::uint64_t n) { Head(0, n); }
  void Integer(std::int64_t n) { n >= 0 ? Head(0, static_cast<std::uint64_t>(n)) : Head(1, ~static_cast<std::uint64_t>(n)); }
  void Bytes(std::string_view bytes);
  void Text(std::string_view text);
  void Array(std::size_t count) { Head(4, count); }
  void Map(std::size_t pairs) { Head(5, pairs); }
  void Bool(bool b) { out_ += static_cast<char>(b ? 0xf5 : 0xf4); }
  void Null() { out_ += static_cast<char>(0xf6); }

 private:
  void Head(unsigned major, std::uint64_t argument) {
    if (argument < 24) {
      out_ += static_cast<char>(major << 5 | argument);
    } else {
      LongHead(major, argument);
    }
  }
  void LongHead(unsigned major, std::uint64_t argument);
  std::string& out_;
};

enum class CborType : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kFalse, kTrue, kNull, kNone };

// Reads one item after the other. After the first failure every read fails and error() says what and
// where; values read then are zero or empty. Views point into the input. Thread-compatible.
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : begin_(bytes.data()), p_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return error_ == nullptr; }
  bool AtEnd() const { return p_ == end_; }
  std::size_t offset() const { return static_cast<std::size_t>(p_ - begin_); }
  // "... at byte 12", for people. REQUIRES: !ok().
  std::string error() const;
  // Marks the input as refused for a reason of the caller's. Keeps the first. Returns false.
  bool Fail(const char* what);

  // The type of the next item without reading it; kNone at the end and for what the subset lacks.
  CborType Peek() const;
  bool Unsigned(std::uint64_t& n) { return Head(0, n); }
  // Fails beyond int64.
  bool Integer(std::int64_t& n);
  // 0 <= n <= INT64_MAX.
  bool NonNegative(std::int64_t& n);
  bool Bytes(std::string_view& bytes);
  // Refuses what is not UTF-8.
  bool Text(std::string_view& text);
  bool Text(std::string& text);
  // Counts never exceed the bytes that are left.
  bool Array(std::size_t& count);
  bool Map(std::size_t& pairs);
  bool Bool(bool& b);
  bool Null();
  // Checks and passes over one item, whatever it is; map keys must ascend. Nested to `depth` at most.
  bool Skip(std::size_t depth);

 private:
  // Most heads are one byte.
  bool Head(unsigned major, std::uint64_t& argument) {
    if (error_ == nullptr && p_ != end_) {
      const unsigned below = static_cast<unsigned>(static_cast<unsigned char>(*p_)) - (major << 5);
      if (below < 24) {
        argument = below;
        ++p_;
        return true;
      }
    }
    return LongHead(major, argument);
  }
  bool LongHead(unsigned major, std::uint64_t& argument);
  bool Span(unsigned major, std::string_view& bytes);
  bool Count(unsigned major, std::size_t items_per_entry, std::size_t& count);
  bool SkipMap(std::size_t depth);

  const char* begin_;
  const char* p_;
  const char* end_;
  const char* error_ = nullptr;
  std::size_t error_offset_ = 0;
};

}  // namespace intentgate::token
