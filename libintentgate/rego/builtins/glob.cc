// glob.match, glob.quote_meta, regex.globs_match.
//
// A glob becomes an RE2 program: "*" and "?" stop at delimiters, "**" does not, [abc] [a-z] [!abc] and
// {one,other} are what they are in a shell, "\" takes the next character as it is.
#include <algorithm>
#include <compare>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/pattern_cache.h"

namespace intentgate::rego {
namespace {

using builtins::NextRune;
using builtins::Piece;

using Args = std::span<const Value>;

std::string RuneText(std::uint32_t rune) {
  std::string out;
  base::AppendUtf8(rune, out);
  return out;
}

std::string Quoted(std::uint32_t rune) { return RE2::QuoteMeta(RuneText(rune)); }

// In brackets, code points are written as numbers so that none has a meaning of its own.
std::string InBrackets(std::uint32_t rune) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\\x{";
  for (int shift = 20; shift >= 0; shift -= 4) out += kHex[(rune >> shift) & 15U];
  return out + "}";
}

// Turns one glob into a regex. Thread-compatible.
class GlobReader {
 public:
  GlobReader(std::string_view glob, const std::vector<std::uint32_t>& delimiters) : glob_(glob) {
    for (const std::uint32_t delimiter : delimiters) delimiter_class_ += InBrackets(delimiter);
  }

  // The regex, or nullopt and error().
  std::optional<std::string> Read() {
    std::string out = "\\A(?:";
    if (!ReadSequence(out)) return std::nullopt;
    return out + ")\\z";
  }
  const std::string& error() const { return error_; }

 private:
  static constexpr int kMaxNesting = 100;

  bool Fail(std::string message) {
    error_ = std::move(message);
    return false;
  }
  std::string AnyOne() const { return delimiter_class_.empty() ? "." : "[^" + delimiter_class_ + "]"; }

  bool ReadSequence(std::string& out) {
    int open_braces = 0;
    while (pos_ < glob_.size()) {
      if (glob_.substr(pos_).starts_with("**")) {
        while (pos_ < glob_.size() && glob_[pos_] == '*') ++pos_;
        out += ".*";
        continue;
      }
      const std::uint32_t rune = NextRune(glob_, pos_);
      const bool in_braces = open_braces > 0;
      if (rune == '*') {
        out += AnyOne() + "*";
      } else if (rune == '?') {
        out += AnyOne();
      } else if (rune == '[') {
        if (!ReadBrackets(out)) return false;
      } else if (rune == '{') {
        if (open_braces == kMaxNesting) return Fail("braces nest too deep");
        ++open_braces;
        out += "(?:";
      } else if (rune == '}' && in_braces) {
        --open_braces;
        out += ")";
      } else if (rune == ',' && in_braces) {
        out += "|";
      } else if (rune == '\\') {
        if (pos_ == glob_.size()) return Fail("trailing backslash");
        out += Quoted(NextRune(glob_, pos_));
      } else {
        out += Quoted(rune);
      }
    }
    return open_braces == 0 || Fail("unclosed `{`");
  }

  // A list "[abc]" or one range "[a-z]", after "!" the opposite.
  bool ReadBrackets(std::string& out) {
    std::vector<std::uint32_t> runes;
    const bool negated = pos_ < glob_.size() && glob_[pos_] == '!';
    if (negated) ++pos_;
    bool closed = false;
    while (pos_ < glob_.size() && !closed) {
      std::uint32_t rune = NextRune(glob_, pos_);
      if (rune == ']') {
        closed = true;
        continue;
      }
      if (rune == '\\' && pos_ < glob_.size()) rune = NextRune(glob_, pos_);
      runes.push_back(rune);
    }
    if (!closed) return Fail("unexpected end of input");
    if (runes.empty()) return Fail("could not parse range");
    out += negated ? "[^" : "[";
    if (runes.size() == 3 && runes[1] == '-') {
      if (runes[0] > runes[2]) return Fail("hi character '" + RuneText(runes[2]) + "' should be greater than lo '" + RuneText(runes[0]) + "'");
      out += InBrackets(runes[0]) + "-" + InBrackets(runes[2]);
    } else {
      if (runes.size() == 2 && runes[1] == '-') return Fail("unexpected end of input");
      for (const std::uint32_t rune : runes) out += InBrackets(rune);
    }
    out += "]";
    return true;
  }

  std::string_view glob_;
  std::size_t pos_ = 0;
  std::string delimiter_class_;
  std::string error_;
};

// null: no delimiters; the empty array: the dot. nullopt with the error recorded.
std::optional<std::vector<std::uint32_t>> Delimiters(BuiltinContext& context, const Value& operand) {
  std::vector<std::uint32_t> out;
  if (operand.is_null()) return out;
  for (const Value& element : operand.elements()) {
    context.Charge(1);
    if (!element.is_string() || builtins::CountRunes(element.string()) != 1) {
      (void)builtins::ElementError(context, 2, operand, "rune", element);
      return std::nullopt;
    }
    std::size_t pos = 0;
    out.push_back(NextRune(element.string(), pos));
  }
  if (out.empty()) out.push_back('.');
  return out;
}

const RE2* CompileGlob(BuiltinContext& context, std::string_view glob, const std::vector<std::uint32_t>& delimiters) {
  std::string key;
  for (const std::uint32_t delimiter : delimiters) key += RuneText(delimiter);
  key += '\0';
  key += glob;
  auto& cache = context.CacheFor<builtins::PatternCache>(CacheSlot::kGlob);
  const RE2* program = cache.Find(context, key);
  if (program == nullptr) {
    if (glob.size() > builtins::kMaxPatternBytes) {
      (void)context.Error("a pattern may have at most " + std::to_string(builtins::kMaxPatternBytes) + " bytes");
      return nullptr;
    }
    GlobReader reader(glob, delimiters);
    const std::optional<std::string> regex = reader.Read();
    if (!regex) {
      builtins::ChargeRunes(context, glob.size());
      (void)context.Error(reader.error());
      return nullptr;
    }
    program = cache.Add(context, key, *regex, true);
  }
  if (program->ok()) return program;
  (void)context.Error("the pattern is too large");
  return nullptr;
}

Value GlobMatch(BuiltinContext& context, Args args) {
  const auto delimiters = Delimiters(context, args[1]);
  const RE2* program = delimiters ? CompileGlob(context, args[0].string(), *delimiters) : nullptr;
  if (program == nullptr) return {};
  builtins::ChargeRun(context, *program, args[2].string().size());
  return Value::Bool(RE2::PartialMatch(Piece(args[2].string()), *program));
}

Value QuoteMeta(BuiltinContext& context, Args args) {
  builtins::ChargeRunes(context, args[0].string().size());
  context.arena.CheckRoom(6 * args[0].string().size());
  std::string out;
  for (const char c : args[0].string()) {
    if (std::string_view("*?\\[]{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return builtins::MakeString(context, out);
}

// One step of the small language of regex.globs_match: characters that fit, and how often.
struct Step {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
  bool optional = false;  // "*"
  bool repeats = false;   // "*" and "+"
};

bool Overlap(const Step& a, const Step& b) {
  for (const auto& [a_low, a_high] : a.ranges) {
    for (const auto& [b_low, b_high] : b.ranges) {
      if (a_low <= b_high && b_low <= a_high) return true;
    }
  }
  return false;
}

// Reads "a.[x-z0]+\*" into steps.
class StepReader {
 public:
  explicit StepReader(std::string_view text) : text_(text) {}

  std::optional<std::vector<Step>> Read() {
    std::vector<Step> steps;
    while (pos_ < text_.size()) {
      const std::size_t at = pos_;
      const std::uint32_t rune = NextRune(text_, pos_);
      if (rune == '*' || rune == '+') {
        if (!flag_allowed_) return Fail(at + 1, "flag '" + RuneText(rune) + "' must be preceded by a non-flag");
        steps.back().repeats = true;
        steps.back().optional = rune == '*';
        flag_allowed_ = false;
        continue;
      }
      Step step;
      if (rune == ']') return Fail(at + 1, "set-close ']' with no preceding '['");
      if (rune == '.') {
        step.ranges = {{0, 0x10FFFF}};
      } else if (rune == '[') {
        if (!ReadSet(step)) return Fail(pos_, error_);
      } else if (rune == '\\') {
        if (pos_ == text_.size()) return Fail(pos_, "escape sequence must be followed by a character");
        const std::uint32_t escaped = NextRune(text_, pos_);
        step.ranges = {{escaped, escaped}};
      } else {
        step.ranges = {{rune, rune}};
      }
      steps.push_back(std::move(step));
      flag_allowed_ = true;
    }
    return steps;
  }
  const std::string& error() const { return error_; }

 private:
  std::optional<std::vector<Step>> Fail(std::size_t pos, const std::string& what) {
    error_ = "input:" + std::string(text_) + ", pos:" + std::to_string(pos) + ", " + what + ": the input provided is invalid";
    return std::nullopt;
  }

  bool ReadSet(Step& step) {
    while (pos_ < text_.size()) {
      std::uint32_t low = NextRune(text_, pos_);
      if (low == ']') return true;
      if (low == '\\' && pos_ < text_.size()) low = NextRune(text_, pos_);
      std::uint32_t high = low;
      if (pos_ + 1 < text_.size() && text_[pos_] == '-' && text_[pos_ + 1] != ']') {
        ++pos_;
        high = NextRune(text_, pos_);
        if (high == '\\' && pos_ < text_.size()) high = NextRune(text_, pos_);
        if (high < low) {
          error_ = "range is out of order";
          return false;
        }
      }
      step.ranges.emplace_back(low, high);
    }
    error_ = "a set must be closed with ']'";
    return false;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  bool flag_allowed_ = false;
  std::string error_;
};

// Whether some text of at least one character fits both: a walk over pairs of positions, where (i, j) means
// that both have come so far.
bool Intersect(BuiltinContext& context, const std::vector<Step>& a, const std::vector<Step>& b) {
  struct State {
    std::size_t i;
    std::size_t j;
    bool has_text;
    auto operator<=>(const State&) const = default;
  };
  std::set<State> seen;
  std::vector<State> open = {{0, 0, false}};
  while (!open.empty()) {
    context.Charge(1);
    const auto [i, j, has_text] = open.back();
    open.pop_back();
    if (!seen.insert({i, j, has_text}).second) continue;
    context.arena.CheckRoom(seen.size() * 64);
    if (i == a.size() && j == b.size() && has_text) return true;
    if (i < a.size() && a[i].optional) open.push_back({i + 1, j, has_text});
    if (j < b.size() && b[j].optional) open.push_back({i, j + 1, has_text});
    if (i == a.size() || j == b.size() || !Overlap(a[i], b[j])) continue;
    // One common character: each side goes on, or stays if its step repeats.
    open.push_back({i + 1, j + 1, true});
    if (a[i].repeats) open.push_back({i, j + 1, true});
    if (b[j].repeats) open.push_back({i + 1, j, true});
  }
  return false;
}

Value GlobsMatch(BuiltinContext& context, Args args) {
  std::vector<Step> steps[2];
  for (std::size_t i = 0; i < 2; ++i) {
    builtins::ChargeBytes(context, args[i].string().size());
    StepReader reader(args[i].string());
    auto read = reader.Read();
    if (!read) return context.Error(reader.error());
    steps[i] = *std::move(read);
  }
  // Two empty ones are the same text, though otherwise only texts that are not empty count.
  return Value::Bool((args[0].string().empty() && args[1].string().empty()) || Intersect(context, steps[0], steps[1]));
}

constexpr Builtin kTable[] = {
    MakeBuiltin("glob.match", GlobMatch, ty::Boolean, kBuiltinPlain, ty::String,
                TypeSpec{static_cast<std::uint16_t>(ty::kNull | ty::kArray), ty::kString}, ty::String),
    MakeBuiltin("glob.quote_meta", QuoteMeta, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("regex.globs_match", GlobsMatch, ty::Boolean, kBuiltinPlain, ty::String, ty::String),
};

}  // namespace

std::span<const Builtin> GlobBuiltins() { return kTable; }

}  // namespace intentgate::rego
