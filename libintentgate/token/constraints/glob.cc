// Globs under two rules, neither of which can be made to run away.
//
// Constraint globs know two stars, so they are matched by walking all possible positions in the
// pattern at once. The pattern is a row of tokens; state i means "the first i tokens are used up"; the
// set of states is a bit row that each code point of the text moves forward. A star stays where it is
// and also lets the next token start, without reading anything.
//
// Tool-name globs follow Go's path.Match to the byte: one kind of star that cannot cross '/', so going
// back to the last star is enough, and a star that moves bytewise even inside a code point.
//
// Both take pattern length times text length.
//
// Tested by tests/unit/constraints/glob_test.cc, with Go's own answers in tests/golden/glob.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "token/constraints/constraint_eval.h"
#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;
// An invalid byte b is read as this plus b: no literal of a valid pattern equals it.
constexpr std::uint32_t kInvalidByte = 0x110000;

struct CharRange {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
};

enum class TokenKind : std::uint8_t { kLiteral, kAnyChar, kClass, kStar, kDoubleStar };

struct GlobToken {
  TokenKind kind = TokenKind::kLiteral;
  bool negated = false;
  bool slash_in_class = false;     // whether a class may match '/'
  std::uint32_t literal = 0;
  std::vector<CharRange> ranges;

  bool IsStar() const { return kind == TokenKind::kStar || kind == TokenKind::kDoubleStar; }

  bool Matches(std::uint32_t c) const {
    switch (kind) {
      case TokenKind::kLiteral: return c == literal;
      case TokenKind::kAnyChar:
      case TokenKind::kStar: return c != '/';
      case TokenKind::kDoubleStar: return true;
      case TokenKind::kClass: break;
    }
    if (c == '/' && !slash_in_class) return false;
    if (c >= kInvalidByte) c = kReplacement;
    const bool inside =
        std::any_of(ranges.begin(), ranges.end(), [c](const CharRange& r) { return r.low <= c && c <= r.high; });
    return inside != negated;
  }
};

// The next code point of bytes that may be no UTF-8; an invalid byte stands alone, as in Go.
std::uint32_t NextLenient(std::string_view text, std::size_t& pos) {
  const auto lead = static_cast<unsigned char>(text[pos]);
  if (lead < 0x80) {
    ++pos;
    return lead;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const std::string_view piece = text.substr(pos, length);
  if (lead < 0xC2 || piece.size() < length || !base::IsValidUtf8(piece)) {
    ++pos;
    return kInvalidByte + lead;
  }
  return base::NextCodePoint(text, pos);
}

// Whether GlobParser takes the character for anything but itself.
bool IsSpecial(char c) { return c == '*' || c == '?' || c == '[' || c == '\\'; }

class GlobParser {
 public:
  GlobParser(std::string_view pattern, bool public_rules) : pattern_(pattern), public_(public_rules) {}

  Result<std::vector<GlobToken>> Parse() {
    std::vector<GlobToken> tokens;
    while (pos_ < pattern_.size()) {
      Result<GlobToken> token = Next();
      if (!token.ok()) return std::move(token).error();
      // Two stars side by side say what one says (path.Match has no `**`).
      if (token->kind == TokenKind::kStar && !tokens.empty() && tokens.back().kind == TokenKind::kStar) continue;
      tokens.push_back(*std::move(token));
    }
    return tokens;
  }

 private:
  Error Bad(std::size_t at, std::string_view what) const {
    return {ErrorCode::kInvalidArgument,
            "glob " + Quote(pattern_) + ": " + std::string(what) + " at byte " + std::to_string(at)};
  }

  Result<GlobToken> Next() {
    const std::size_t start = pos_;
    switch (pattern_[pos_]) {
      case '*': return Star();
      case '?':
        ++pos_;
        return GlobToken{.kind = TokenKind::kAnyChar};
      case '[': return Class();
      case '\\':
        if (++pos_ == pattern_.size()) return Bad(start, "a backslash with nothing to escape");
        break;
      default: break;
    }
    return GlobToken{.kind = TokenKind::kLiteral, .literal = NextLenient(pattern_, pos_)};
  }

  Result<GlobToken> Star() {
    const std::size_t start = pos_;
    if (public_) {
      ++pos_;
      return GlobToken{.kind = TokenKind::kStar};
    }
    while (pos_ < pattern_.size() && pattern_[pos_] == '*') ++pos_;
    if (pos_ - start > 2) return Bad(start, "more than two stars; `*` stops at '/', `**` does not");
    return GlobToken{.kind = pos_ - start == 2 ? TokenKind::kDoubleStar : TokenKind::kStar};
  }

  Result<GlobToken> Class() {
    const std::size_t start = pos_++;
    GlobToken token{.kind = TokenKind::kClass, .slash_in_class = public_};
    const char negation = public_ ? '^' : '!';
    if (pos_ < pattern_.size() && pattern_[pos_] == negation) {
      token.negated = true;
      ++pos_;
    } else if (!public_ && pos_ < pattern_.size() && pattern_[pos_] == '^') {
      return Bad(pos_, "`[^` is not a negation here; write `[!`, or `[\\^` for the character");
    }
    while (true) {
      if (pos_ >= pattern_.size()) return Bad(start, "a class without its `]`");
      if (pattern_[pos_] == ']' && !token.ranges.empty()) {
        ++pos_;
        return token;
      }
      const std::size_t range_start = pos_;
      Result<std::uint32_t> low = ClassChar();
      if (!low.ok()) return low.error();
      CharRange range{*low, *low};
      if (pos_ < pattern_.size() && pattern_[pos_] == '-') {
        ++pos_;
        Result<std::uint32_t> high = ClassChar();
        if (!high.ok()) return high.error();
        range.high = *high;
      }
      if (!public_ && range.low > range.high) return Bad(range_start, "a range that runs backwards");
      token.ranges.push_back(range);
    }
  }

  Result<std::uint32_t> ClassChar() {
    const std::size_t start = pos_;
    if (pos_ >= pattern_.size()) return Bad(start, "a class without its `]`");
    if (pattern_[pos_] == '-' || pattern_[pos_] == ']') return Bad(start, "`-` or `]` in a class needs a backslash");
    if (pattern_[pos_] == '\\' && ++pos_ == pattern_.size()) return Bad(start, "a backslash with nothing to escape");
    const std::uint32_t c = NextLenient(pattern_, pos_);
    if (c >= kInvalidByte) return Bad(start, "an invalid UTF-8 byte in a class");
    // path.Match wants a class to be closed, so nothing may follow that ends the pattern.
    if (pos_ >= pattern_.size()) return Bad(start, "a class without its `]`");
    return c;
  }

  std::string_view pattern_;
  bool public_;
  std::size_t pos_ = 0;
};

// Adds state `i` and what follows it without reading: behind a star the next token may start.
void AddState(const std::vector<GlobToken>& tokens, std::size_t i, std::span<std::uint64_t> states) {
  while (true) {
    states[i / 64] |= std::uint64_t{1} << (i % 64);
    if (i >= tokens.size() || !tokens[i].IsStar()) return;
    ++i;
  }
}

bool RunAllStates(const std::vector<GlobToken>& tokens, std::string_view text) {
  const std::size_t words = tokens.size() / 64 + 1;
  std::vector<std::uint64_t> row(2 * words, 0);
  std::span<std::uint64_t> now(row.data(), words);
  std::span<std::uint64_t> next(row.data() + words, words);
  AddState(tokens, 0, now);
  for (std::size_t pos = 0; pos < text.size();) {
    const std::uint32_t c = NextLenient(text, pos);
    std::fill(next.begin(), next.end(), 0);
    bool alive = false;
    for (std::size_t w = 0; w < words; ++w) {
      for (std::uint64_t bits = now[w]; bits != 0; bits &= bits - 1) {
        const std::size_t i = w * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        if (i >= tokens.size() || !tokens[i].Matches(c)) continue;
        AddState(tokens, tokens[i].IsStar() ? i : i + 1, next);
        alive = true;
      }
    }
    if (!alive) return false;
    std::swap(now, next);
  }
  return ((now[tokens.size() / 64] >> (tokens.size() % 64)) & 1) != 0;
}

// path.Match. A token other than a star reads a code point; the star before it grows by single bytes.
bool RunPathMatch(const std::vector<GlobToken>& tokens, std::string_view text) {
  std::size_t token = 0;
  std::size_t pos = 0;
  std::size_t after_star = tokens.size() + 1;  // the token behind the last star; beyond the end: no star yet
  std::size_t star_end = 0;                    // where the text taken by that star ends
  while (true) {
    if (token < tokens.size() && tokens[token].IsStar()) {
      after_star = ++token;
      star_end = pos;
      continue;
    }
    if (token == tokens.size() && pos == text.size()) return true;
    if (token < tokens.size() && pos < text.size()) {
      std::size_t next = pos;
      if (tokens[token].Matches(NextLenient(text, next))) {
        pos = next;
        ++token;
        continue;
      }
    }
    if (after_star > tokens.size() || star_end >= text.size() || text[star_end] == '/') return false;
    pos = ++star_end;
    token = after_star;
  }
}

// Whether a component is `.` or `..`, or an escape could become one or a separator behind our back.
bool HasHostileComponent(std::string_view text) {
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    const std::string_view part = text.substr(start, end - start);
    if (part == "." || part == "..") return true;
    start = end + 1;
  }
  for (std::size_t i = text.find('%'); i < text.size(); i = text.find('%', i + 1)) {
    std::string code(text.substr(i + 1, 2));
    std::transform(code.begin(), code.end(), code.begin(),
                   [](char c) { return c == 'E' || c == 'F' || c == 'C' ? static_cast<char>(c + 32) : c; });
    if (code == "2e" || code == "2f" || code == "5c" || code == "25" || code == "00") return true;
  }
  return text.find('\\') != std::string_view::npos;
}

class GlobConstraint final : public CompiledConstraint {
 public:
  GlobConstraint(std::string pattern, std::vector<GlobToken> tokens)
      : pattern_(std::move(pattern)), tokens_(std::move(tokens)), path_like_(pattern_.find('/') != std::string::npos) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_string()) return WrongType(value, "a string");
    const std::string& text = value.string_value();
    if (text.size() > kMaxGlobTextBytes) {
      return CannotJudge("is over " + std::to_string(kMaxGlobTextBytes) + " bytes, too long for a glob");
    }
    if (text.find('\0') != std::string::npos) return CannotJudge("has a NUL character");
    // A pattern with '/' guards a path or URL; there `/data/**` must not let `/data/../etc` through.
    if (path_like_ && HasHostileComponent(text)) {
      return CannotJudge("has a `.` or `..` component, a backslash or an encoded separator");
    }
    if (!RunAllStates(tokens_, text)) return Fails("does not match the glob " + Quote(pattern_));
    return Holds();
  }

 private:
  std::string pattern_;
  std::vector<GlobToken> tokens_;
  bool path_like_;
};

}  // namespace

Status ValidateGlob(std::string_view pattern, bool public_rules) {
  // Most are plain names, in which nothing can be wrong.
  if (std::none_of(pattern.begin(), pattern.end(), IsSpecial)) return {};
  Result<std::vector<GlobToken>> tokens = GlobParser(pattern, public_rules).Parse();
  if (!tokens.ok()) return std::move(tokens).error();
  return {};
}

bool GlobMatch(std::string_view pattern, std::string_view text, bool public_rules) {
  const Result<std::vector<GlobToken>> tokens = GlobParser(pattern, public_rules).Parse();
  return tokens.ok() && (public_rules ? RunPathMatch(*tokens, text) : RunAllStates(*tokens, text));
}

Result<ConstraintPtr> CompileGlob(const Constraint& c) {
  const std::string& pattern = c.texts.front();
  if (pattern.size() > kMaxGlobBytes) {
    return Error{ErrorCode::kLimitExceeded, "glob: a pattern has at most " + std::to_string(kMaxGlobBytes) + " bytes"};
  }
  Result<std::vector<GlobToken>> tokens = GlobParser(pattern, false).Parse();
  if (!tokens.ok()) return std::move(tokens).error();
  return ConstraintPtr(std::make_shared<GlobConstraint>(pattern, *std::move(tokens)));
}

}  // namespace intentgate::token
