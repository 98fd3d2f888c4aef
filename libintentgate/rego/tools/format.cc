// A formatter over tokens, not over the syntax tree: what it writes has the tokens that it read, which is checked.
//
// A line is indented by one tab more than the line on which the innermost open bracket stands; a line that begins with a
// closing bracket, as much as the line of its opening one.

#include <intentgate/rego_format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "rego/compile/diagnostics.h"
#include "rego/syntax/lexer.h"
#include "rego/syntax/parser.h"

namespace intentgate::rego {
namespace {

constexpr Keywords kAllWords{true, true, true, true, false, false};

struct Comment {
  std::string_view text;
  bool own_line = false;
  bool blank_before = false;
};

// A token and what stood between it and the one before.
struct Item {
  Token token;
  std::vector<Comment> comments;
  bool newline = false;      // before the token, behind the last comment or without one
  bool blank_line = false;
  // Of an opening bracket.
  std::size_t partner = 0;
  bool body = false;         // a brace around expressions
  bool spread = false;       // what is inside begins on a line of its own
  bool tall = false;         // a comprehension whose expressions do
};

bool IsOpening(Tok t) { return t == Tok::kLParen || t == Tok::kLBrack || t == Tok::kLBrace; }
bool IsClosing(Tok t) { return t == Tok::kRParen || t == Tok::kRBrack || t == Tok::kRBrace; }

bool EndsTerm(Tok t) {
  switch (t) {
    case Tok::kIdent:
    case Tok::kNumber:
    case Tok::kString:
    case Tok::kRawString:
    case Tok::kTemplate:
    case Tok::kRawTemplate:
    case Tok::kNull:
    case Tok::kTrue:
    case Tok::kFalse: return true;
    default: return IsClosing(t);
  }
}

bool IsWord(std::string_view raw) { return !raw.empty() && ((raw[0] >= 'a' && raw[0] <= 'z') || (raw[0] >= 'A' && raw[0] <= 'Z')); }

// Behind or before which a statement cannot end.
bool IsOperator(Tok t) {
  switch (t) {
    case Tok::kAssign:
    case Tok::kUnify:
    case Tok::kEq:
    case Tok::kNeq:
    case Tok::kLt:
    case Tok::kLte:
    case Tok::kGt:
    case Tok::kGte:
    case Tok::kPlus:
    case Tok::kMinus:
    case Tok::kMul:
    case Tok::kDiv:
    case Tok::kRem:
    case Tok::kAnd:
    case Tok::kOr: return true;
    default: return false;
  }
}

class Layout {
 public:
  explicit Layout(std::string_view text) : text_(text) {
    Read();
    Pair();
  }

  std::string Write() {
    for (std::size_t i = 0; i + 1 < items_.size(); ++i) Put(i);
    Comments(items_.back());
    if (!out_.empty()) out_ += '\n';
    return std::move(out_);
  }

  // The tokens without those that the layout may add or leave out.
  std::vector<std::string_view> Meaning() const {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Tok kind = items_[i].token.kind;
      const bool optional = kind == Tok::kSemicolon || (kind == Tok::kComma && IsClosing(items_[i + 1].token.kind));
      if (!optional) out.push_back(items_[i].token.raw);
      for (const Comment& comment : items_[i].comments) out.push_back(comment.text);
    }
    return out;
  }

 private:
  void Read() {
    Lexer lexer(text_, {0, 1, 1}, nullptr);
    const char* end = text_.data();
    do {
      Item item;
      item.token = lexer.Next(kAllWords);
      // import future.keywords.in: behind a dot a word is a name.
      const bool named = !items_.empty() && items_.back().token.kind == Tok::kDot && IsWord(item.token.raw);
      if (named) item.token.kind = Tok::kIdent;
      const char* begin = item.token.kind == Tok::kEof ? text_.data() + text_.size() : item.token.raw.data();
      ReadGap({end, static_cast<std::size_t>(begin - end)}, item);
      end = begin + item.token.raw.size();
      items_.push_back(std::move(item));
    } while (items_.back().token.kind != Tok::kEof);
  }

  void ReadGap(std::string_view gap, Item& item) {
    std::size_t lines = items_.empty() ? 1 : 0;
    while (!gap.empty()) {
      if (gap[0] == '#') {
        std::size_t size = std::min(gap.find('\n'), gap.size());
        std::string_view text = gap.substr(0, size);
        while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
        item.comments.push_back({text, lines > 0, lines > 1 && !(items_.empty() && item.comments.empty())});
        gap.remove_prefix(size);
        lines = 0;
        continue;
      }
      if (gap[0] == '\n') ++lines;
      gap.remove_prefix(1);
    }
    item.newline = lines > 0;
    item.blank_line = lines > 1;
  }

  void Pair() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Tok kind = items_[i].token.kind;
      if (IsOpening(kind)) {
        items_[i].body = kind == Tok::kLBrace && IsBody(i, open);
        items_[i].spread = items_[i].body || items_[i + 1].newline || !items_[i + 1].comments.empty();
        open.push_back(i);
      } else if (IsClosing(kind) && !open.empty()) {
        items_[open.back()].partner = i;
        const std::size_t bar = BarBetween(open.back(), i);
        items_[open.back()].tall = bar != 0 && items_[bar + 1].newline;
        // Nothing inside: nothing to spread.
        if (open.back() + 1 == i && items_[i].comments.empty()) items_[open.back()].spread = false;
        items_[i].partner = open.back();
        open.pop_back();
      }
    }
  }

  // A brace that follows a whole term, or one of the words that a body follows.
  bool IsBody(std::size_t at, const std::vector<std::size_t>& open) const {
    if (at == 0) return false;
    const Tok before = items_[at - 1].token.kind;
    if (before == Tok::kIf || before == Tok::kElse || before == Tok::kNot) return true;
    const bool statements = open.empty() || items_[open.back()].body;
    return statements && EndsTerm(before);
  }

  bool BreaksBefore(std::size_t i) const {
    const Item& item = items_[i];
    if (!item.comments.empty()) return true;
    if (i == 0) return false;
    const Item& before = items_[i - 1];
    if (IsOpening(before.token.kind)) return before.spread;
    if (IsClosing(item.token.kind)) return items_[item.partner].spread || items_[item.partner].tall;
    if (before.token.kind == Tok::kSemicolon && InBody()) return true;
    if (!item.newline) return before.token.kind == Tok::kRBrace && items_[before.partner].body && item.token.kind != Tok::kElse && InStatements();
    if (item.token.kind == Tok::kElse) return true;
    // A statement goes on where it cannot end.
    const Tok last = before.token.kind;
    // Behind the bar of a comprehension a line may end.
    if ((IsOperator(last) && last != Tok::kOr) || last == Tok::kIf || last == Tok::kIn || last == Tok::kContains || last == Tok::kWith || last == Tok::kNot || last == Tok::kDot) return false;
    return !(IsOperator(item.token.kind) && item.token.kind != Tok::kMinus);
  }

  bool InBody() const { return !open_.empty() && items_[open_.back().item].body; }
  bool InStatements() const { return open_.empty() || InBody(); }

  bool BlankBefore(std::size_t i) const {
    const Item& item = items_[i];
    if (IsClosing(item.token.kind)) return false;
    const bool first = i == 0 || IsOpening(items_[i - 1].token.kind);
    return item.blank_line && (!first || !item.comments.empty());
  }

  bool SpaceBefore(std::size_t i) const {
    if (i == 0) return false;
    const Tok before = items_[i - 1].token.kind;
    const Tok here = items_[i].token.kind;
    const bool adjacent = !items_[i].token.space_before && !items_[i].newline;
    if (IsOpening(before) || IsClosing(here)) return false;
    if (here == Tok::kComma || here == Tok::kSemicolon || here == Tok::kColon) return false;
    if (here == Tok::kDot || before == Tok::kDot) return false;
    if (here == Tok::kLParen || here == Tok::kLBrack) {
      // A call or an index stands right behind; a list behind a word or an operator does not.
      const bool word = EndsTerm(before) || before == Tok::kContains || before == Tok::kEvery || before == Tok::kIf;
      return !(word && adjacent);
    }
    // A sign belongs to what follows, where no term came before it.
    if (before == Tok::kMinus && i >= 2 && adjacent) return EndsTerm(items_[i - 2].token.kind);
    return true;
  }

  void Indent(std::size_t depth) { out_.append(depth, '\t'); }

  void NewLine(std::size_t depth, bool blank) {
    if (!out_.empty()) out_ += blank ? "\n\n" : "\n";
    Indent(depth);
    line_depth_ = depth;
  }

  std::size_t InnerDepth() const { return open_.empty() ? 0 : open_.back().depth + 1; }

  // Those before a token.
  void Comments(const Item& item) {
    bool first = true;
    for (const Comment& comment : item.comments) {
      if (comment.own_line || out_.empty()) {
        const bool opened = first && !out_.empty() && !open_.empty() && open_.back().fresh;
        NewLine(InnerDepth(), comment.blank_before && !opened);
      } else {
        out_ += ' ';
      }
      out_ += comment.text;
      first = false;
    }
  }

  void Put(std::size_t i) {
    const Item& item = items_[i];
    const Tok kind = item.token.kind;
    if (kind == Tok::kSemicolon && (InStatements() || items_[i + 1].newline)) {
      if (!item.comments.empty()) Comments(item);
      return;
    }
    // A comma before the end of what is spread; none where it is not.
    if (kind == Tok::kComma && IsClosing(items_[i + 1].token.kind) && !items_[items_[i + 1].partner].spread) return;
    if (IsClosing(kind) && i > 0 && NeedsComma(i)) out_ += ',';
    Comments(item);
    if (BreaksBefore(i)) {
      std::size_t depth = IsClosing(kind) && !open_.empty() ? open_.back().depth : InnerDepth();
      if (kind == Tok::kWith) ++depth;
      // opa fmt sets the head of a comprehension under its bracket.
      if (i > 0 && IsOpening(items_[i - 1].token.kind) && items_[i - 1].tall) depth = open_.back().depth;
      NewLine(depth, BlankBefore(i));
    } else if (SpaceBefore(i)) {
      out_ += ' ';
    }
    out_ += item.token.raw;
    if (!open_.empty()) open_.back().fresh = false;
    if (IsOpening(kind)) open_.push_back({i, line_depth_, true});
    if (IsClosing(kind) && !open_.empty()) open_.pop_back();
  }

  // Of a list of terms that is spread over lines; a comprehension and a body have none.
  bool NeedsComma(std::size_t closing) const {
    const Item& open = items_[items_[closing].partner];
    const Tok before = items_[closing - 1].token.kind;
    if (!open.spread || open.body || before == Tok::kComma || IsOpening(before)) return false;
    return BarBetween(items_[closing].partner, closing) == 0 && !(open.token.kind == Tok::kLParen && !IsCall(items_[closing].partner));
  }

  // The first bar of what is directly inside; 0: there is none.
  std::size_t BarBetween(std::size_t begin, std::size_t end) const {
    std::size_t depth = 0;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const Tok kind = items_[i].token.kind;
      if (IsOpening(kind)) ++depth;
      if (IsClosing(kind)) --depth;
      if (depth == 0 && kind == Tok::kOr) return i;
    }
    return 0;
  }

  bool IsCall(std::size_t open) const {
    return open > 0 && !items_[open].token.space_before && (EndsTerm(items_[open - 1].token.kind) || items_[open - 1].token.kind == Tok::kContains);
  }

  struct Open {
    std::size_t item;
    std::size_t depth;   // of the line on which it stands
    bool fresh;          // nothing was written behind it
  };

  std::string_view text_;
  std::vector<Item> items_;
  std::vector<Open> open_;
  std::string out_;
  std::size_t line_depth_ = 0;
};

}  // namespace

Result<std::string> Format(std::string_view text, LanguageVersion version) {
  const SourceFile source{"policy", std::string(text)};
  const auto parse = [&](std::string_view module, Diagnostics& diagnostics) {
    ParseModule(module, 0, version == LanguageVersion::kV1 ? Dialect::kV1 : Dialect::kV0, diagnostics);
    return diagnostics.empty();
  };
  Diagnostics diagnostics({&source, 1}, 1);
  if (!parse(text, diagnostics)) return Error{ErrorCode::kMalformed, diagnostics.Take()[0].ToString()};
  Layout layout(text);
  std::string out = layout.Write();
  Diagnostics again({&source, 1}, 1);
  if (!parse(out, again) || Layout(out).Meaning() != layout.Meaning()) {
    return Error{ErrorCode::kInternal, "the formatter would change the meaning of this text; it was left alone"};
  }
  return out;
}

}  // namespace intentgate::rego
