#include "rego/syntax/lexer.h"

#include <array>
#include <utility>

#include "base/utf8.h"

namespace intentgate::rego {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr std::array<std::pair<std::string_view, Tok>, 11> kWords = {{{"package", Tok::kPackage},
                                                                      {"import", Tok::kImport},
                                                                      {"default", Tok::kDefault},
                                                                      {"as", Tok::kAs},
                                                                      {"with", Tok::kWith},
                                                                      {"not", Tok::kNot},
                                                                      {"some", Tok::kSome},
                                                                      {"else", Tok::kElse},
                                                                      {"null", Tok::kNull},
                                                                      {"true", Tok::kTrue},
                                                                      {"false", Tok::kFalse}}};

Tok WordKind(std::string_view word, const Keywords& keywords) {
  for (const auto& [name, kind] : kWords) {
    if (word == name) return kind;
  }
  if (keywords.in && word == "in") return Tok::kIn;
  if (keywords.every && word == "every") return Tok::kEvery;
  if (keywords.if_ && word == "if") return Tok::kIf;
  if (keywords.contains && word == "contains") return Tok::kContains;
  if (keywords.and_ && word == "and") return Tok::kLogicAnd;
  if (keywords.or_ && word == "or") return Tok::kLogicOr;
  return Tok::kIdent;
}

// Four hex digits at raw[i]; -1 if they are not.
int HexFour(std::string_view raw, std::size_t i) {
  if (i + 4 > raw.size()) return -1;
  int code = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    const char c = raw[i + k];
    const int digit = IsDigit(c) ? c - '0' : (c >= 'a' && c <= 'f') ? c - 'a' + 10 : (c >= 'A' && c <= 'F') ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

// raw[i] is the 'u' of an escape; moves i to its last byte.
bool DecodeUnicode(std::string_view raw, std::size_t& i, std::string& out) {
  int code = HexFour(raw, i + 1);
  if (code < 0) return false;
  i += 4;
  if (code >= 0xD800 && code < 0xDC00 && i + 2 < raw.size() && raw[i + 1] == '\\' && raw[i + 2] == 'u') {
    const int low = HexFour(raw, i + 3);
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      i += 6;
    }
  }
  if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
  base::AppendUtf8(static_cast<std::uint32_t>(code), out);
  return true;
}

}  // namespace

bool DecodeString(std::string_view raw, bool is_template, std::string& out, std::string& message) {
  static constexpr std::string_view kFrom = "\"\\/bfnrt";
  static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out += raw[i];
      continue;
    }
    const char c = ++i < raw.size() ? raw[i] : '\0';
    const std::size_t known = kFrom.find(c);
    if (c != '\0' && known != std::string_view::npos) {
      out += kTo[known];
    } else if (is_template && c == '{') {
      out += c;
    } else if (c != 'u' || !DecodeUnicode(raw, i, out)) {
      message = "illegal escape sequence in a string";
      return false;
    }
  }
  return true;
}

void Lexer::Advance(std::size_t n) {
  for (; n > 0 && pos_ < text_.size(); --n, ++pos_) {
    if (text_[pos_] == '\n') {
      ++at_.line;
      at_.column = 1;
    } else {
      ++at_.column;
    }
  }
}

void Lexer::KeepMetadata(std::string_view comment) {
  std::string_view trimmed = comment;
  while (trimmed.starts_with(' ') || trimmed.starts_with('\t')) trimmed.remove_prefix(1);
  while (trimmed.ends_with(' ') || trimmed.ends_with('\t') || trimmed.ends_with('\r')) trimmed.remove_suffix(1);
  if (trimmed == "METADATA") {
    (*metadata_)[at_.line] = trimmed;
  } else if (metadata_->count(at_.line - 1) > 0) {
    (*metadata_)[at_.line] = comment;
  }
}

bool Lexer::SkipBlank(Token& token) {
  for (;;) {
    const char c = Peek();
    if (pos_ >= text_.size()) return false;
    if (c == '\n') {
      token.newline_before = true;
    } else if (c == '#') {
      std::size_t n = 0;
      while (pos_ + n < text_.size() && Peek(n) != '\n') ++n;
      if (comments_ != nullptr) (*comments_)[{at_.line, at_.column}] = text_.substr(pos_ + 1, n - 1);
      if (metadata_ != nullptr) KeepMetadata(text_.substr(pos_ + 1, n - 1));
      Advance(n);
      token.space_before = true;
      continue;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      return true;
    }
    token.space_before = true;
    Advance(1);
  }
}

Token Lexer::Finish(Token token, Tok kind, std::size_t length) {
  token.kind = kind;
  token.raw = text_.substr(pos_, length);
  Advance(length);
  return token;
}

Token Lexer::Fail(Token token, std::string message) {
  token.text = std::move(message);
  return Finish(std::move(token), Tok::kError, 1);
}

Token Lexer::Next(const Keywords& keywords) {
  Token token;
  const bool more = SkipBlank(token);
  token.at = at_;
  if (!more) return token;
  const char c = Peek();
  if (IsLetter(c)) return Word(std::move(token), keywords);
  if (IsDigit(c)) return Number(std::move(token));
  const char before = pos_ > 0 ? text_[pos_ - 1] : ' ';
  const bool in_ref = IsLetter(before) || IsDigit(before) || before == ']' || before == ')' || before == '}' || before == '"';
  if (c == '.' && IsDigit(Peek(1)) && !in_ref) return Number(std::move(token));
  if (c == '"') return String(std::move(token));
  if (c == '`') return RawString(std::move(token));
  if (c == '$' && (Peek(1) == '"' || Peek(1) == '`')) return Template(std::move(token));
  return Symbol(std::move(token));
}

Token Lexer::Word(Token token, const Keywords& keywords) {
  std::size_t n = 1;
  while (IsLetter(Peek(n)) || IsDigit(Peek(n))) ++n;
  token.text = text_.substr(pos_, n);
  // Keywords may be names in references: input.if, every.foo.
  const bool in_ref = Peek(n) == '.' && IsLetter(Peek(n + 1));
  const Tok kind = in_ref ? Tok::kIdent : WordKind(token.text, keywords);
  return Finish(std::move(token), kind, n);
}

Token Lexer::Number(Token token) {
  const bool bare_fraction = Peek() == '.';
  std::size_t n = bare_fraction ? 0 : 1;
  if (Peek() == '0' && IsDigit(Peek(1))) return Fail(std::move(token), "a number may not start with a zero");
  while (IsDigit(Peek(n))) ++n;
  if (Peek(n) == '.' && IsDigit(Peek(n + 1))) {
    ++n;
    while (IsDigit(Peek(n))) ++n;
  }
  if (Peek(n) == 'e' || Peek(n) == 'E') {
    std::size_t e = n + 1;
    if (Peek(e) == '+' || Peek(e) == '-') ++e;
    if (!IsDigit(Peek(e))) return Fail(std::move(token), "a number's exponent has no digits");
    while (IsDigit(Peek(e))) ++e;
    n = e;
  }
  if (IsLetter(Peek(n))) return Fail(std::move(token), "illegal number format");
  token.text = bare_fraction ? "0" : "";
  token.text += text_.substr(pos_, n);
  return Finish(std::move(token), Tok::kNumber, n);
}

Token Lexer::String(Token token) {
  std::size_t n = 1;
  for (; pos_ + n < text_.size() && Peek(n) != '"'; ++n) {
    if (Peek(n) == '\n') break;
    if (Peek(n) == '\\') ++n;
  }
  if (Peek(n) != '"') return Fail(std::move(token), "a string is not closed before the line ends");
  std::string message;
  if (!DecodeString(text_.substr(pos_ + 1, n - 1), false, token.text, message)) return Fail(std::move(token), message);
  return Finish(std::move(token), Tok::kString, n + 1);
}

Token Lexer::RawString(Token token) {
  const std::size_t end = text_.find('`', pos_ + 1);
  if (end == std::string_view::npos) return Fail(std::move(token), "a raw string is not closed");
  token.text = text_.substr(pos_ + 1, end - pos_ - 1);
  return Finish(std::move(token), Tok::kRawString, end + 1 - pos_);
}

// Finds the end of a template: quotes inside braces belong to nested strings.
Token Lexer::Template(Token token) {
  const char quote = Peek(1);
  std::size_t n = 2;
  int braces = 0;
  for (; pos_ + n < text_.size(); ++n) {
    const char c = Peek(n);
    if (braces == 0) {
      if (c == quote) break;
      if (c == '\\') ++n;
      if (c == '{') ++braces;
      if (c == '\n' && quote == '"') return Fail(std::move(token), "a template string is not closed before the line ends");
      continue;
    }
    if (c == '{') ++braces;
    if (c == '}') --braces;
    if (c == '"' || c == '`') {
      for (++n; pos_ + n < text_.size() && Peek(n) != c; ++n) {
        if (c == '"' && Peek(n) == '\\') ++n;
      }
    }
  }
  if (pos_ + n >= text_.size()) return Fail(std::move(token), "a template string is not closed");
  token.text = text_.substr(pos_ + 2, n - 2);
  return Finish(std::move(token), quote == '"' ? Tok::kTemplate : Tok::kRawTemplate, n + 1);
}

Token Lexer::Symbol(Token token) {
  static constexpr std::array<std::pair<std::string_view, Tok>, 24> kSymbols = {
      {{":=", Tok::kAssign}, {"==", Tok::kEq},     {"!=", Tok::kNeq},    {"<=", Tok::kLte},    {">=", Tok::kGte},
       {"[", Tok::kLBrack},  {"]", Tok::kRBrack},  {"{", Tok::kLBrace},  {"}", Tok::kRBrace},  {"(", Tok::kLParen},
       {")", Tok::kRParen},  {",", Tok::kComma},   {":", Tok::kColon},   {";", Tok::kSemicolon}, {".", Tok::kDot},
       {"=", Tok::kUnify},   {"<", Tok::kLt},      {">", Tok::kGt},      {"+", Tok::kPlus},    {"-", Tok::kMinus},
       {"*", Tok::kMul},     {"/", Tok::kDiv},     {"%", Tok::kRem},     {"&", Tok::kAnd}}};
  for (const auto& [symbol, kind] : kSymbols) {
    if (text_.substr(pos_, symbol.size()) == symbol) return Finish(std::move(token), kind, symbol.size());
  }
  if (Peek() == '|') return Finish(std::move(token), Tok::kOr, 1);
  return Fail(std::move(token), "illegal token");
}

}  // namespace intentgate::rego
