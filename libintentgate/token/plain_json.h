// A cursor over JSON in its plain spelling: strings of ASCII without escapes, integers of at most eighteen digits,
// blanks between tokens. It takes one token after the other in a single pass and gives no reasons: what it does not
// take, json::Parse reads.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace intentgate::token {

// Views point into the text. After the first false the cursor is of no use. Thread-compatible.
class PlainJson {
 public:
  explicit PlainJson(std::string_view json) : begin_(json.data()), p_(begin_), end_(begin_ + json.size()) {}

  // Whether all that was read is spelled as it is signed: no blanks, no characters that a signed string escapes.
  // The caller adds what it knows of members.
  bool canonical() const { return canonical_; }
  void NotCanonical() { canonical_ = false; }
  bool AtEnd() const { return p_ == end_; }
  std::size_t Offset() const { return static_cast<std::size_t>(p_ - begin_); }

  void SkipBlanks() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) {
      ++p_;
      canonical_ = false;
    }
  }
  bool Eat(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  template <std::size_t size>
  bool Eat(const char (&text)[size]) {
    if (static_cast<std::size_t>(end_ - p_) < size - 1 || std::memcmp(p_, text, size - 1) != 0) return false;
    p_ += size - 1;
    return true;
  }
  // Whether the object or array ends here; then its bracket is eaten.
  bool AtClosing(char bracket = '}') {
    SkipBlanks();
    return Eat(bracket);
  }
  bool Comma(bool first) {
    if (!first && !Eat(',')) return false;
    SkipBlanks();
    return true;
  }
  bool MemberName(bool first, std::string_view& name) {
    if (!Comma(first) || !String(name)) return false;
    SkipBlanks();
    if (!Eat(':')) return false;
    SkipBlanks();
    return true;
  }

  bool String(std::string_view& text) {
    if (!Eat('"')) return false;
    const char* from = p_;
    for (; SkipPlain(), p_ != end_; ++p_) {
      const CharClass c = kClasses[static_cast<unsigned char>(*p_)];
      if (c == CharClass::kPlain) continue;
      if (c == CharClass::kOther) return false;
      if (c == CharClass::kQuote) {
        text = std::string_view(from, static_cast<std::size_t>(p_ - from));
        ++p_;
        return true;
      }
      canonical_ = false;
    }
    return false;
  }

  bool Integer(std::int64_t& number) {
    const bool negative = Eat('-');
    std::uint64_t value = 0;
    const char* from = p_;
    for (; p_ != end_ && *p_ >= '0' && *p_ <= '9'; ++p_) value = value * 10 + static_cast<std::uint64_t>(*p_ - '0');
    const auto digits = p_ - from;
    // Eighteen digits cannot overflow; the strict reader takes the rest.
    if (digits == 0 || digits > 18 || (*from == '0' && (digits > 1 || negative))) return false;
    number = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    return true;
  }
  // Zero is left out of the signed form.
  bool OmittedWhenZero(std::int64_t& number) {
    if (!Integer(number)) return false;
    if (number == 0) canonical_ = false;
    return true;
  }

 private:
  enum class CharClass : std::uint8_t { kPlain, kQuote, kHtml, kOther };
  static constexpr std::array<CharClass, 256> MakeClasses() {
    std::array<CharClass, 256> classes{};
    for (std::size_t i = 0; i < 256; ++i) classes[i] = i < 0x20 || i >= 0x80 ? CharClass::kOther : CharClass::kPlain;
    classes['\\'] = CharClass::kOther;
    classes['"'] = CharClass::kQuote;
    classes['<'] = classes['>'] = classes['&'] = CharClass::kHtml;
    return classes;
  }
  static const std::array<CharClass, 256> kClasses;

  // Passes over plain characters, sixteen at a time where the processor can and as many are left.
  void SkipPlain() {
#if defined(__SSE2__)
    while (end_ - p_ >= 16) {
      const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p_));
      const auto is = [&c](char special) { return _mm_cmpeq_epi8(c, _mm_set1_epi8(special)); };
      // As signed numbers, controls and what is not ASCII are both below the blank.
      const __m128i special = _mm_or_si128(_mm_or_si128(_mm_or_si128(is('"'), is('\\')), _mm_or_si128(is('<'), is('>'))),
                                           _mm_or_si128(is('&'), _mm_cmpgt_epi8(_mm_set1_epi8(0x20), c)));
      const int found = _mm_movemask_epi8(special);
      if (found != 0) {
        p_ += std::countr_zero(static_cast<unsigned>(found));
        return;
      }
      p_ += 16;
    }
#endif
  }

  const char* begin_;
  const char* p_;
  const char* end_;
  bool canonical_ = true;
};

inline constexpr std::array<PlainJson::CharClass, 256> PlainJson::kClasses = PlainJson::MakeClasses();

}  // namespace intentgate::token
