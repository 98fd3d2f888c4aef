// sprintf: the verbs, flags and error marks of Go's fmt for the four kinds of operands that OPA hands to
// it: an integer, a big integer, a float and a string (all other values are strings of their Rego text).
// Wrong verbs leave a mark in the text, such as "%!d(string=x)", and never fail.
//
// Tested by rego_builtins/sprintf_test.cc.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "rego/bigint.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/go_quote.h"

namespace intentgate::rego {
namespace {

struct Flags {
  bool plus = false;
  bool minus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  bool go_syntax = false;  // %#v
  std::optional<std::size_t> width;
  std::optional<std::size_t> precision;
};

enum class OperandKind { kInt, kBigInt, kFloat, kString };

struct Operand {
  OperandKind kind = OperandKind::kString;
  std::string text;  // decimal digits of an integer, or the string
  double number = 0;

  std::string_view TypeText() const {
    switch (kind) {
      case OperandKind::kInt: return "int64";
      case OperandKind::kBigInt: return "*big.Int";
      case OperandKind::kFloat: return "float64";
      case OperandKind::kString: break;
    }
    return "string";
  }
};

Operand OperandOf(const Value& value) {
  if (value.is_string()) return {OperandKind::kString, std::string(value.string()), 0};
  if (!value.is_number()) return {OperandKind::kString, value.ToText(), 0};
  std::string scratch;
  const std::string text(value.number_text(scratch));
  if (value.is_int()) return {OperandKind::kInt, text, 0};
  if (text.find_first_of(".eE") == std::string::npos) return {OperandKind::kBigInt, text, 0};
  const double number = value.ToDouble();
  if (!std::isfinite(number)) return {OperandKind::kString, text, 0};
  return {OperandKind::kFloat, {}, number};
}

// The digits of a non-negative integer in a base of at most 16.
std::string DigitsInBase(BuiltinContext& context, std::string_view decimal, int base, bool upper) {
  const std::string_view alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  if (decimal.size() <= 18) {
    char buffer[80];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::stoull(std::string(decimal)), base);
    out.assign(buffer, end.ptr);
    if (upper) std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    return out;
  }
  BigInt rest = BigInt::FromText(decimal);
  const BigInt divisor = BigInt::FromInt64(base);
  while (!rest.IsZero()) {
    context.Charge(2 + decimal.size() / 9);
    auto [quotient, digit] = BigInt::DivMod(rest, divisor);
    out += alphabet[digit.IsZero() ? 0 : std::stoul(digit.ToText())];
    rest = std::move(quotient);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

// Shortest digits that read back, in Go's %g shape.
std::string ShortestFloat(double number) {
  constexpr int kExponentFrom = 6;
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
  const std::string scientific(buffer, end.ptr);
  const std::size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < -4 || exponent >= kExponentFrom) return scientific;
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
  return {buffer, fixed.ptr};
}

// Verb b of Go: the whole mantissa in decimal, and the power of two that it is to be multiplied by.
std::string BinaryFloatText(double number) {
  constexpr int kMantissaBits = 52;
  constexpr int kBias = 1023;
  const auto bits = std::bit_cast<std::uint64_t>(number);
  std::uint64_t mantissa = bits & ((std::uint64_t{1} << kMantissaBits) - 1);
  int exponent = static_cast<int>((bits >> kMantissaBits) & 0x7FF);
  if (exponent == 0) {
    exponent = 1;
  } else {
    mantissa |= std::uint64_t{1} << kMantissaBits;
  }
  exponent -= kBias + kMantissaBits;
  return (std::signbit(number) ? "-" : "") + std::to_string(mantissa) + "p" + (exponent >= 0 ? "+" : "") + std::to_string(exponent);
}

std::string FloatText(double number, char shape, std::optional<std::size_t> precision) {
  // A double has no more than 1,074 digits behind the point.
  const int digits = static_cast<int>(std::min<std::size_t>(precision.value_or(6), 1100));
  std::string out(1500, '\0');
  std::to_chars_result end{};
  char* const first = out.data();
  char* const last = first + out.size();
  if (shape == 'x') {
    end = precision ? std::to_chars(first, last, number, std::chars_format::hex, digits)
                    : std::to_chars(first, last, number, std::chars_format::hex);
  } else {
    const auto format = shape == 'e'   ? std::chars_format::scientific
                        : shape == 'f' ? std::chars_format::fixed
                                       : std::chars_format::general;
    end = std::to_chars(first, last, number, format, digits);
  }
  out.resize(static_cast<std::size_t>(end.ptr - first));
  if (shape != 'x') return out;
  // Go writes 0x1.8p+00: a prefix and two digits of exponent.
  const std::size_t p = out.find('p');
  if (p != std::string::npos && out.size() - p == 3) out.insert(p + 2, 1, '0');
  out.insert(out.starts_with('-') ? 1 : 0, "0x");
  return out;
}

// Writes one format. Thread-compatible.
class Formatter {
 public:
  Formatter(BuiltinContext& context, std::string_view format, std::span<const Value> operands)
      : context_(context), format_(format), operands_(operands) {}

  Value Run() {
    while (pos_ < format_.size()) {
      const std::size_t percent = std::min(format_.find('%', pos_), format_.size());
      out_ += format_.substr(pos_, percent - pos_);
      pos_ = percent;
      if (pos_ == format_.size()) break;
      ++pos_;
      Directive();
      context_.Charge(1);
      context_.arena.CheckRoom(out_.size());
    }
    if (!reordered_ && next_ < operands_.size()) AppendExtra();
    return builtins::MakeString(context_, out_);
  }

 private:
  void Directive() {
    flags_ = {};
    good_index_ = true;
    bool after_index = false;
    ReadFlags();
    after_index = ReadIndex();
    if (pos_ < format_.size() && format_[pos_] == '*') {
      ++pos_;
      ReadStarWidth();
      after_index = false;
    } else if (const std::optional<std::size_t> width = ReadNumber()) {
      flags_.width = width;
      if (after_index) good_index_ = false;  // "%[3]2d"
    }
    if (pos_ + 1 <= format_.size() && pos_ < format_.size() && format_[pos_] == '.') {
      ++pos_;
      if (after_index) good_index_ = false;  // "%[3].2d"
      after_index = ReadIndex();
      if (pos_ < format_.size() && format_[pos_] == '*') {
        ++pos_;
        ReadStarPrecision();
        after_index = false;
      } else {
        flags_.precision = ReadNumber().value_or(0);
      }
    }
    if (!after_index) (void)ReadIndex();
    if (pos_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const std::size_t verb_start = pos_;
    const std::uint32_t verb = builtins::NextRune(format_, pos_);
    verb_text_ = format_.substr(verb_start, pos_ - verb_start);
    if (verb == '%') {
      out_ += '%';
    } else if (!good_index_) {
      out_.append("%!").append(verb_text_).append("(BADINDEX)");
    } else if (next_ >= operands_.size()) {
      out_.append("%!").append(verb_text_).append("(MISSING)");
    } else {
      WriteVerb(verb, OperandOf(operands_[next_++]));
    }
  }

  void ReadFlags() {
    for (; pos_ < format_.size(); ++pos_) {
      switch (format_[pos_]) {
        case '+': flags_.plus = true; break;
        case '-': flags_.minus = true; break;
        case '#': flags_.sharp = true; break;
        case ' ': flags_.space = true; break;
        case '0': flags_.zero = true; break;
        default: return;
      }
    }
  }

  std::optional<std::size_t> ReadNumber() {
    constexpr std::size_t kMaxNumber = 100'000'000;
    const std::size_t start = pos_;
    std::size_t value = 0;
    for (; pos_ < format_.size() && format_[pos_] >= '0' && format_[pos_] <= '9'; ++pos_) {
      value = std::min(value * 10 + static_cast<std::size_t>(format_[pos_] - '0'), kMaxNumber);
    }
    return pos_ == start ? std::nullopt : std::optional(value);
  }

  // "[2]" picks an operand. True if there was one.
  bool ReadIndex() {
    if (pos_ >= format_.size() || format_[pos_] != '[') return false;
    reordered_ = true;
    const std::size_t close = format_.find(']', pos_);
    if (close == std::string_view::npos) {
      good_index_ = false;
      ++pos_;
      return false;
    }
    const std::string_view digits = format_.substr(pos_ + 1, close - pos_ - 1);
    pos_ = close + 1;
    std::size_t index = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    const bool good = read.ec == std::errc() && read.ptr == digits.data() + digits.size() && index >= 1 && index <= operands_.size();
    if (!good) {
      good_index_ = false;
      return true;
    }
    next_ = index - 1;
    return true;
  }

  std::optional<std::int64_t> StarOperand() {
    constexpr std::int64_t kMaxStar = 1'000'000;
    if (next_ >= operands_.size()) return std::nullopt;
    const Value& value = operands_[next_++];
    if (!value.is_int() || value.int_value() > kMaxStar || value.int_value() < -kMaxStar) return std::nullopt;
    return value.int_value();
  }
  void ReadStarWidth() {
    const std::optional<std::int64_t> width = StarOperand();
    if (!width) {
      out_ += "%!(BADWIDTH)";
      return;
    }
    if (*width < 0) flags_.minus = true;
    flags_.width = static_cast<std::size_t>(*width < 0 ? -*width : *width);
  }
  void ReadStarPrecision() {
    const std::optional<std::int64_t> precision = StarOperand();
    if (!precision || *precision < 0) {
      out_ += "%!(BADPREC)";
      return;
    }
    flags_.precision = static_cast<std::size_t>(*precision);
  }

  void WriteVerb(std::uint32_t verb, const Operand& operand) {
    if (verb == 'v') {
      flags_.go_syntax = flags_.sharp;
      flags_.sharp = flags_.plus = false;
    }
    if (verb == 'T') return Pad(operand.TypeText());
    bool known = false;
    switch (operand.kind) {
      case OperandKind::kInt: known = WriteInt(verb, operand); break;
      case OperandKind::kBigInt: known = WriteBigInt(verb, operand); break;
      case OperandKind::kFloat: known = WriteFloat(verb, operand.number); break;
      case OperandKind::kString: known = WriteString(verb, operand.text); break;
    }
    if (!known) WriteBadVerb(operand);
  }

  void WriteBadVerb(const Operand& operand) {
    const std::string_view type = operand.kind == OperandKind::kBigInt ? "big.Int" : operand.TypeText();
    out_.append("%!").append(verb_text_).append("(").append(type).append("=");
    if (operand.kind == OperandKind::kString) flags_.sharp = false;
    WriteVerb('v', operand);
    out_ += ')';
  }

  void AppendExtra() {
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < operands_.size(); ++i) {
      if (i > next_) out_ += ", ";
      const Operand operand = OperandOf(operands_[i]);
      out_.append(operand.TypeText()).append("=");
      flags_ = {};
      WriteVerb('v', operand);
    }
    out_ += ')';
  }

  void AppendPadding(std::size_t count, char pad) {
    context_.arena.CheckRoom(out_.size() + count);
    builtins::ChargeBytes(context_, count);
    out_.append(count, pad);
  }

  void Pad(std::string_view text) {
    const std::size_t runes = builtins::CountRunes(text);
    const std::size_t missing = flags_.width && *flags_.width > runes ? *flags_.width - runes : 0;
    if (!flags_.minus) AppendPadding(missing, flags_.zero ? '0' : ' ');
    out_ += text;
    if (flags_.minus) AppendPadding(missing, ' ');
  }

  bool WriteInt(std::uint32_t verb, const Operand& operand) {
    if (verb == 'c' || verb == 'q' || verb == 'U') {
      WriteRune(verb, std::stoll(operand.text));
      return true;
    }
    return WriteInteger(verb, operand.text);
  }

  bool WriteBigInt(std::uint32_t verb, const Operand& operand) {
    return WriteInteger(verb == 's' ? 'd' : verb, operand.text);
  }

  void WriteRune(std::uint32_t verb, std::int64_t code) {
    const bool scalar = code >= 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    const auto rune = scalar ? static_cast<std::uint32_t>(code) : 0xFFFDU;
    if (verb == 'U') {
      std::string hex = DigitsInBase(context_, std::to_string(code < 0 ? 0 : code), 16, true);
      if (hex.size() < 4) hex.insert(0, 4 - hex.size(), '0');
      hex.insert(0, "U+");
      if (flags_.sharp && builtins::IsPrintRune(rune)) {
        hex += " '";
        base::AppendUtf8(rune, hex);
        hex += '\'';
      }
      flags_.zero = false;
      return Pad(hex);
    }
    std::string text;
    base::AppendUtf8(rune, text);
    Pad(verb == 'c' ? text : builtins::QuoteRune(rune, flags_.plus));
  }

  bool WriteInteger(std::uint32_t verb, std::string_view decimal) {
    int base = 10;
    switch (verb) {
      case 'v': case 'd': break;
      case 'b': base = 2; break;
      case 'o': case 'O': base = 8; break;
      case 'x': case 'X': base = 16; break;
      default: return false;
    }
    const bool negative = decimal.starts_with('-');
    if (negative) decimal.remove_prefix(1);
    const bool is_zero = decimal == "0";
    std::size_t min_digits = 0;
    if (flags_.precision) {
      min_digits = *flags_.precision;
      flags_.zero = false;
      if (min_digits == 0 && is_zero) {
        Pad("");
        return true;
      }
    } else if (flags_.zero && !flags_.minus && flags_.width) {
      const bool signed_text = negative || flags_.plus || flags_.space;
      min_digits = *flags_.width - (signed_text && *flags_.width > 0 ? 1 : 0);
    }
    context_.arena.CheckRoom(min_digits);
    std::string digits = base == 10 ? std::string(decimal) : DigitsInBase(context_, decimal, base, verb == 'X');
    if (digits.size() < min_digits) digits.insert(0, min_digits - digits.size(), '0');
    if (flags_.sharp && base == 2) digits.insert(0, "0b");
    if (flags_.sharp && base == 8 && !digits.starts_with('0')) digits.insert(0, "0");
    if (flags_.sharp && base == 16) digits.insert(0, verb == 'X' ? "0X" : "0x");
    if (verb == 'O') digits.insert(0, "0o");
    if (negative) {
      digits.insert(0, "-");
    } else if (flags_.plus || flags_.space) {
      digits.insert(0, flags_.plus ? "+" : " ");
    }
    flags_.zero = false;
    Pad(digits);
    return true;
  }

  bool WriteFloat(std::uint32_t verb, double number) {
    std::string text;
    switch (verb) {
      case 'v': case 'g': case 'G':
        text = flags_.precision ? FloatText(number, 'g', std::max<std::size_t>(*flags_.precision, 1))
                                : ShortestFloat(number);
        break;
      case 'e': case 'E': text = FloatText(number, 'e', flags_.precision); break;
      case 'f': case 'F': text = FloatText(number, 'f', flags_.precision); break;
      case 'x': case 'X': text = FloatText(number, 'x', flags_.precision); break;
      case 'b': text = BinaryFloatText(number); break;
      default: return false;
    }
    if (verb == 'G' || verb == 'E' || verb == 'X') {
      std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    }
    if (!text.starts_with('-') && (flags_.plus || flags_.space)) text.insert(0, flags_.plus ? "+" : " ");
    const bool has_sign = text[0] == '-' || text[0] == '+' || text[0] == ' ';
    if (has_sign && flags_.zero && !flags_.minus && flags_.width && *flags_.width > text.size()) {
      out_ += text[0];
      AppendPadding(*flags_.width - text.size(), '0');
      out_.append(text, 1);
      return true;
    }
    Pad(text);
    return true;
  }

  std::string_view Cut(std::string_view text) const {
    return flags_.precision ? text.substr(0, builtins::ByteOffsetOfRune(text, *flags_.precision)) : text;
  }

  bool WriteString(std::uint32_t verb, std::string_view text) {
    builtins::ChargeBytes(context_, text.size());
    switch (verb) {
      case 'v':
        Pad(flags_.go_syntax ? builtins::QuoteString(Cut(text), false) : std::string(Cut(text)));
        return true;
      case 's': Pad(Cut(text)); return true;
      case 'q':
        if (flags_.sharp && builtins::FitsBackquotes(Cut(text))) {
          Pad('`' + std::string(Cut(text)) + '`');
        } else {
          Pad(builtins::QuoteString(Cut(text), flags_.plus));
        }
        return true;
      case 'x': case 'X': WriteHex(text, verb == 'X'); return true;
      default: return false;
    }
  }

  void WriteHex(std::string_view text, bool upper) {
    const std::string_view alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const std::string_view prefix = !flags_.sharp ? "" : upper ? "0X" : "0x";
    if (flags_.precision) text = text.substr(0, *flags_.precision);
    std::string hex;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (flags_.space && i > 0) hex += ' ';
      if (flags_.space || i == 0) hex += prefix;
      const auto byte = static_cast<unsigned char>(text[i]);
      hex += alphabet[byte >> 4];
      hex += alphabet[byte & 15];
    }
    Pad(hex);
  }

  BuiltinContext& context_;
  std::string_view format_;
  std::span<const Value> operands_;
  std::size_t pos_ = 0;
  std::size_t next_ = 0;
  bool reordered_ = false;
  bool good_index_ = true;
  std::string_view verb_text_;
  Flags flags_;
  std::string out_;
};

Value Sprintf(BuiltinContext& context, std::span<const Value> args) {
  return Formatter(context, args[0].string(), args[1].elements()).Run();
}

constexpr Builtin kTable[] = {
    MakeBuiltin("sprintf", Sprintf, ty::String, kBuiltinPlain, ty::String, ty::Array),
};

}  // namespace

std::span<const Builtin> SprintfBuiltins() { return kTable; }

}  // namespace intentgate::rego
