#include "rego/builtins/go_json_error.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "rego/builtins/go_quote.h"

namespace intentgate::rego::builtins {
namespace {

constexpr std::string_view kEnd = "unexpected EOF";

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// A byte in quotation marks, read as a code point.
std::string QuoteByte(char c) {
  if (c == '"') return "'\"'";
  return QuoteRune(static_cast<unsigned char>(c), false);
}

// Walks a text without building anything; nesting is a list of its own, so deep texts take no stack.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }

  std::optional<std::string> ReadValue() {
    SkipBlanks();
    if (at_ == text_.size()) return "EOF";
    do {
      if (!Step()) return std::move(error_);
    } while (!open_.empty() || !done_);
    return std::nullopt;
  }

 private:
  enum class Inside : std::uint8_t { kArray, kObject };

  bool Fail(std::string error) {
    error_ = std::move(error);
    return false;
  }
  bool Wrong(std::string_view where) {
    return at_ == text_.size() ? Fail(std::string(kEnd)) : Fail("invalid character " + QuoteByte(text_[at_]) + " " + std::string(where));
  }
  bool Next(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }

  // One value, or the beginning of one, and what follows it.
  bool Step() {
    SkipBlanks();
    if (Next('[')) {
      open_.push_back(Inside::kArray);
      SkipBlanks();
      return !Next(']') || Close();
    }
    if (Next('{')) {
      open_.push_back(Inside::kObject);
      SkipBlanks();
      return Next('}') ? Close() : Key("looking for beginning of object key string");
    }
    return Scalar() && After();
  }

  bool Close() {
    open_.pop_back();
    return After();
  }

  // Behind a value: the end, or the next one.
  bool After() {
    while (!open_.empty()) {
      SkipBlanks();
      const bool array = open_.back() == Inside::kArray;
      if (Next(',')) return array || Key("looking for beginning of object key string");
      if (!Next(array ? ']' : '}')) return Wrong(array ? "after array element" : "after object key:value pair");
      open_.pop_back();
    }
    done_ = true;
    return true;
  }

  bool Key(std::string_view missing) {
    SkipBlanks();
    if (!Next('"')) return Wrong(missing);
    if (!String()) return false;
    SkipBlanks();
    return Next(':') || Wrong("after object key");
  }

  bool Scalar() {
    if (Next('"')) return String();
    static constexpr std::array<std::string_view, 3> kWords = {"true", "false", "null"};
    for (const std::string_view word : kWords) {
      if (!Next(word[0])) continue;
      for (std::size_t i = 1; i < word.size(); ++i) {
        if (!Next(word[i])) return Wrong("in literal " + std::string(word) + " (expecting '" + word[i] + "')");
      }
      return true;
    }
    const bool negative = Next('-');
    if (at_ < text_.size() && IsDigit(text_[at_])) return Number();
    return Wrong(negative ? "in numeric literal" : "looking for beginning of value");
  }

  bool Digits(std::string_view missing) {
    if (at_ == text_.size() || !IsDigit(text_[at_])) return Wrong(missing);
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return true;
  }

  bool Number() {
    if (!Next('0')) static_cast<void>(Digits(""));
    if (Next('.') && !Digits("after decimal point in numeric literal")) return false;
    if (!Next('e') && !Next('E')) return true;
    if (!Next('+')) static_cast<void>(Next('-'));
    return Digits("in exponent of numeric literal");
  }

  bool String() {
    while (!Next('"')) {
      if (at_ == text_.size() || static_cast<unsigned char>(text_[at_]) < 0x20) return Wrong("in string literal");
      if (text_[at_++] == '\\' && !Escape()) return false;
    }
    return true;
  }

  bool Escape() {
    if (at_ == text_.size() || std::string_view("bfnrt\\/\"u").find(text_[at_]) == std::string_view::npos) return Wrong("in string escape code");
    if (text_[at_++] != 'u') return true;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ == text_.size() || !IsHex(text_[at_])) return Wrong("in \\u hexadecimal character escape");
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Inside> open_;
  bool done_ = false;
  std::string error_;
};

}  // namespace

std::optional<std::string> GoJsonError(std::string_view text, std::size_t* end) {
  Scanner scanner(text);
  std::optional<std::string> error = scanner.ReadValue();
  if (end != nullptr) *end = scanner.at();
  return error;
}

std::string JsonProblem(std::string_view text, const std::string& otherwise) {
  std::size_t end = 0;
  if (std::optional<std::string> error = GoJsonError(text, &end)) return *std::move(error);
  std::string_view rest = text.substr(end);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  if (rest.empty()) return otherwise;
  const bool opens = rest[0] == '{' || rest[0] == '[';
  std::optional<std::string> error = GoJsonError(rest, &end);
  if (error && !opens) return *std::move(error);
  std::string_view second = rest.substr(0, opens ? 1 : end);
  if (second[0] == '"') second = second.substr(1, second.size() - 2);
  return "error: invalid character '" + std::string(second) + "' after top-level value";
}

}  // namespace intentgate::rego::builtins
