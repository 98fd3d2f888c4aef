#include "rego/builtins/graphql/lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"
#include "rego/builtins/go_quote.h"
#include "rego/builtins/url_text.h"

namespace intentgate::rego::graphql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// The lines' common indentation and the blank lines at both ends are no part of a block string's value.
std::string BlockValue(std::string_view raw) {
  std::vector<std::string_view> lines;
  for (std::size_t pos = 0;;) {
    const std::size_t end = raw.find('\n', pos);
    lines.push_back(raw.substr(pos, end == std::string_view::npos ? end : end - pos));
    if (end == std::string_view::npos) break;
    pos = end + 1;
  }
  std::size_t common = std::string_view::npos;
  for (const std::string_view line : lines) common = std::min(common, line.find_first_not_of(" \t"));
  if (common != std::string_view::npos) {
    for (std::size_t i = 1; i < lines.size(); ++i) lines[i].remove_prefix(std::min(common, lines[i].size()));
  }
  const auto blank = [](std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; };
  auto first = lines.begin();
  auto last = lines.end();
  while (first != last && blank(*first)) ++first;
  while (first != last && blank(*(last - 1))) --last;
  std::string out;
  for (auto line = first; line != last; ++line) {
    if (line != first) out += '\n';
    out += *line;
  }
  return out;
}

}  // namespace

std::string_view TokText(Tok tok) {
  static constexpr std::array<std::string_view, 21> kTexts = {"<Invalid>", "<EOF>", "!", "$", "&", "(", ")", "...", ":", "=", "@", "[", "]", "{", "}", "|", "Name", "Int", "Float", "String", "BlockString"};
  return kTexts[static_cast<std::size_t>(tok)];
}

std::string Token::Text() const {
  const std::string text(TokText(kind));
  return value.empty() || kind == Tok::kInvalid ? text : text + " " + builtins::QuoteString(value, false);
}

void Lexer::Advance(std::size_t bytes) {
  for (const std::size_t end = std::min(pos_ + bytes, text_.size()); pos_ < end; ++pos_) {
    const char c = text_[pos_];
    if (c == '\n' || (c == '\r' && Peek(1) != '\n')) {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++column_;
    }
  }
}

void Lexer::SkipBlank(Comments& comments) {
  for (;;) {
    const char c = Peek();
    if (pos_ >= text_.size()) return;
    if (c == '\t' || c == ' ' || c == ',' || c == '\n' || c == '\r') {
      Advance(1);
    } else if (text_.substr(pos_, 3) == "\xEF\xBB\xBF") {
      Advance(3);
    } else if (c == '#') {
      std::size_t end = pos_;
      while (end < text_.size() && (static_cast<unsigned char>(text_[end]) > 0x1F || text_[end] == '\t')) ++end;
      comments.emplace_back(text_.substr(pos_, end - pos_));
      Advance(end - pos_);
    } else {
      return;
    }
  }
}

Token Lexer::Next() {
  Comments comments;
  SkipBlank(comments);
  Position at = Here();
  // A string is said to start behind its quotes.
  if (Peek() == '"') at.column += text_.substr(pos_, 3) == "\"\"\"" ? 3U : 1U;
  Token token = Read();
  token.comments = std::move(comments);
  if (token.kind != Tok::kInvalid) token.at = at;
  return token;
}

Token Lexer::Invalid(std::string why) const { return {Tok::kInvalid, std::move(why), Here(), {}}; }

Token Lexer::Read() {
  if (pos_ >= text_.size()) return {};
  const char c = Peek();
  static constexpr std::pair<char, Tok> kSingle[] = {{'!', Tok::kBang}, {'$', Tok::kDollar}, {'&', Tok::kAmp}, {'(', Tok::kParenL}, {')', Tok::kParenR}, {':', Tok::kColon}, {'=', Tok::kEquals}, {'@', Tok::kAt}, {'[', Tok::kBracketL}, {']', Tok::kBracketR}, {'{', Tok::kBraceL}, {'}', Tok::kBraceR}, {'|', Tok::kPipe}};
  for (const auto& [sign, kind] : kSingle) {
    if (c != sign) continue;
    Advance(1);
    return {kind, {}, {}, {}};
  }
  if (text_.substr(pos_, 3) == "...") {
    Advance(3);
    return {Tok::kSpread, {}, {}, {}};
  }
  if (IsNameStart(c)) {
    std::size_t n = 1;
    while (IsNameStart(Peek(n)) || IsDigit(Peek(n))) ++n;
    Token token{Tok::kName, std::string(text_.substr(pos_, n)), {}, {}};
    Advance(n);
    return token;
  }
  if (c == '-' || IsDigit(c)) return Number();
  if (c == '"') return text_.substr(pos_, 3) == "\"\"\"" ? BlockString() : String();
  if (static_cast<unsigned char>(c) < 0x20) return Invalid("Cannot contain an invalid character");
  if (c == '\'') return Invalid("Unexpected single quote character ('), did you mean to use a double quote (\")?");
  return Invalid("Cannot parse the unexpected character \"" + std::string(1, c) + "\".");
}

Token Lexer::Number() {
  std::size_t n = Peek() == '-' ? 1 : 0;
  bool is_float = false;
  const auto digits = [&] {
    const std::size_t start = n;
    while (IsDigit(Peek(n))) ++n;
    return n > start;
  };
  const auto next = [&] { return pos_ + n < text_.size() ? "\"" + std::string(1, Peek(n)) + "\"" : std::string("<EOF>"); };
  if (Peek(n) == '0') {
    ++n;
    if (IsDigit(Peek(n))) return Invalid("Invalid number, unexpected digit after 0: " + next() + ".");
  } else if (!digits()) {
    return Invalid("Invalid number, expected digit but got: " + next() + ".");
  }
  if (Peek(n) == '.') {
    ++n;
    is_float = true;
    if (!digits()) return Invalid("Invalid number, expected digit but got: " + next() + ".");
  }
  if (Peek(n) == 'e' || Peek(n) == 'E') {
    ++n;
    is_float = true;
    if (Peek(n) == '-' || Peek(n) == '+') ++n;
    if (!digits()) return Invalid("Invalid number, expected digit but got: " + next() + ".");
  }
  Token token{is_float ? Tok::kFloat : Tok::kInt, std::string(text_.substr(pos_, n)), {}, {}};
  Advance(n);
  return token;
}

// At the backslash; moves behind the escape.
bool Lexer::Escape(std::string& out) {
  static constexpr std::string_view kFrom = "\"\\/bfnrt";
  static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const std::size_t known = pos_ + 1 < text_.size() ? kFrom.find(Peek(1)) : std::string_view::npos;
  if (known != std::string_view::npos) {
    out += kTo[known];
    Advance(2);
    return true;
  }
  if (Peek(1) != 'u') return false;
  const bool braced = Peek(2) == '{';
  std::uint32_t code = 0;
  std::size_t n = braced ? 3 : 2;
  const std::size_t start = n;
  for (; n < start + (braced ? 8U : 4U) && builtins::HexDigit(Peek(n)) >= 0; ++n) {
    code = code << 4 | static_cast<std::uint32_t>(builtins::HexDigit(Peek(n)));
  }
  if (braced ? n == start || Peek(n) != '}' : n != start + 4) return false;
  if (braced) ++n;
  if (code >= 0xD800 && code < 0xDC00 && Peek(n) == '\\' && Peek(n + 1) == 'u') {
    std::uint32_t low = 0;
    bool good = true;
    for (std::size_t i = 0; i < 4; ++i) {
      good = good && builtins::HexDigit(Peek(n + 2 + i)) >= 0;
      low = low << 4 | static_cast<std::uint32_t>(std::max(builtins::HexDigit(Peek(n + 2 + i)), 0));
    }
    if (good && low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      n += 6;
    }
  }
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if ((surrogate && braced) || code > 0x10FFFF) return false;
  base::AppendUtf8(surrogate ? 0xFFFD : code, out);
  Advance(n);
  return true;
}

Token Lexer::String() {
  Advance(1);
  Token token{Tok::kString, {}, {}, {}};
  while (pos_ < text_.size() && Peek() != '\n' && Peek() != '\r') {
    const char c = Peek();
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return Invalid("Invalid character within String.");
    if (c == '"') {
      Advance(1);
      return token;
    }
    if (c == '\\') {
      if (!Escape(token.value)) return Invalid("Invalid character escape sequence: \\" + std::string(text_.substr(pos_ + 1, 1)) + ".");
      continue;
    }
    token.value += c;
    Advance(1);
  }
  return Invalid("Unterminated string.");
}

Token Lexer::BlockString() {
  Advance(3);
  std::string raw;
  while (pos_ < text_.size()) {
    if (text_.substr(pos_, 4) == "\\\"\"\"") {
      raw += "\"\"\"";
      Advance(4);
      continue;
    }
    if (text_.substr(pos_, 3) == "\"\"\"") {
      std::size_t quotes = 3;
      while (Peek(quotes) == '"') ++quotes;
      raw.append(quotes - 3, '"');
      Advance(quotes);
      return {Tok::kBlockString, BlockValue(raw), {}, {}};
    }
    const char c = Peek();
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') return Invalid("Invalid character within String.");
    if (c == '\r') {
      raw += '\n';
      Advance(Peek(1) == '\n' ? 2 : 1);
      continue;
    }
    raw += c;
    Advance(1);
  }
  return Invalid("Unterminated string.");
}

}  // namespace intentgate::rego::graphql
