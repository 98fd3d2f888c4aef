// yaml.marshal, yaml.unmarshal, yaml.is_valid: YAML as a way to write JSON, with the scalars that Go's reader knows
// (0o14 is 12, "yes" and dates are strings).
//
// yaml-cpp delivers events; values are built from them directly, so an alias shares the value that it names
// and costs nothing. yaml-cpp's own depth limit ends deeper nesting with an exception.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "base/utf8.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/go_base64.h"
#include "rego/builtins/yaml_check.h"
#include "rego/decimal.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

// Why a document is refused; thrown through yaml-cpp, caught below.
struct YamlError {
  std::string message;
};

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

bool IsNull(std::string_view text) { return text.empty() || IsOneOf(text, {"~", "null", "Null", "NULL"}); }

std::optional<bool> ReadBool(std::string_view text) {
  if (IsOneOf(text, {"true", "True", "TRUE"})) return true;
  if (IsOneOf(text, {"false", "False", "FALSE"})) return false;
  return std::nullopt;
}

// Also what readers of YAML 1.1 take for a boolean.
bool LooksLikeBool(std::string_view text) {
  return ReadBool(text).has_value() || IsOneOf(text, {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"});
}

// Decimal digits of an integer in any of YAML's bases; empty if it is none.
std::string ReadInteger(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  int base = 10;
  std::size_t skip = 0;
  if (digits.starts_with("0x")) base = 16, skip = 2;
  if (digits.starts_with("0o")) base = 8, skip = 2;
  if (digits.starts_with("0b")) base = 2, skip = 2;
  if (skip == 0 && digits.size() > 1 && digits[0] == '0') base = 8, skip = 1;
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data() + skip, digits.data() + digits.size(), number, base);
  if (read.ec == std::errc() && read.ptr == digits.data() + digits.size()) {
    return (negative && number != 0 ? "-" : "") + std::to_string(number);
  }
  return {};
}

bool LooksLikeFloat(std::string_view text) {
  std::size_t pos = 0;
  const auto digits = [&] {
    const std::size_t start = pos;
    while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') ++pos;
    return pos > start;
  };
  if (pos < text.size() && (text[pos] == '-' || text[pos] == '+')) ++pos;
  bool any = digits();
  if (pos < text.size() && text[pos] == '.') {
    ++pos;
    any = digits() || any;
  }
  if (!any) return false;
  if (pos < text.size() && (text[pos] == 'e' || text[pos] == 'E')) {
    ++pos;
    if (pos < text.size() && (text[pos] == '-' || text[pos] == '+')) ++pos;
    if (!digits()) return false;
  }
  return pos == text.size();
}

bool NamesNoNumber(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return IsOneOf(text, {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"});
}

// A plain scalar by its look.
Value Resolve(BuiltinContext& context, std::string_view text) {
  if (IsNull(text)) return Value::Null();
  if (const std::optional<bool> boolean = ReadBool(text)) return Value::Bool(*boolean);
  if (NamesNoNumber(text)) throw YamlError{"json: unsupported value: " + std::string(text)};
  const std::string integer = ReadInteger(text);
  if (!integer.empty()) return Value::NumberCopy(context.arena, integer);
  if (LooksLikeFloat(text)) {
    double number = 0;
    const std::string_view unsigned_text = text.starts_with('+') ? text.substr(1) : text;
    const auto read = std::from_chars(unsigned_text.data(), unsigned_text.data() + unsigned_text.size(), number);
    if (read.ec == std::errc() && std::isfinite(number)) return Value::Double(context.arena, number);
  }
  return builtins::MakeString(context, text);
}

// Finding a node in the text, which the parser does for the whole of it first, and then making it each take as long as
// this many steps of other work (tests/bench/rego_bombs_bench.cc).
constexpr std::uint64_t kStepsToFind = 5;
constexpr std::uint64_t kStepsToMake = 2;

// About how many nodes the text has.
std::uint64_t Separators(std::string_view text) {
  const auto separates = [](char c) { return c == ',' || c == ':' || c == '-' || c == '\n'; };
  return static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), separates));
}

// Builds one document. Thread-compatible.
class DocumentReader final : public YAML::EventHandler {
 public:
  DocumentReader(BuiltinContext& context, std::string_view text) : context_(context), text_(text) {}
  Value result() const { return result_; }

  // The first document may start as it likes, the others only behind a line of "---".
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const std::string_view before = text_.substr(0, static_cast<std::size_t>(std::max(mark.pos, 0)) + 3);
    if (before.find("\n---") == std::string_view::npos && before.find("\n...") == std::string_view::npos) {
      throw YamlError{"yaml: line " + std::to_string(mark.line + 1) + ": did not find expected <document start>"};
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override { Finish(anchor, Value::Null()); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw YamlError{"yaml: an alias inside its own anchor"};
    Finish(YAML::NullAnchor, found->second);
  }
  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    const bool plain = tag.empty() || tag == "?";
    if (tag == "tag:yaml.org,2002:binary") return Finish(anchor, Binary(text));
    Finish(anchor, plain ? Resolve(context_, text) : builtins::MakeString(context_, text));
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Open(false, anchor);
  }
  void OnSequenceEnd() override {
    const Frame frame = Close();
    Finish(frame.anchor, Value::Array(context_.arena, frame.items));
  }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Open(true, anchor);
  }
  void OnMapEnd() override {
    const Frame frame = Close();
    Finish(frame.anchor, MakeObject(frame));
  }

 private:
  struct Frame {
    bool is_map = false;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::vector<Value> items;  // of a map: key, value, key, ...
  };

  void Open(bool is_map, YAML::anchor_t anchor) {
    context_.Charge(kStepsToMake);
    frames_.push_back({is_map, anchor, {}});
  }
  Frame Close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    return frame;
  }
  void Finish(YAML::anchor_t anchor, Value value) {
    context_.Charge(kStepsToMake);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = value;
    if (frames_.empty()) {
      result_ = value;
    } else {
      frames_.back().items.push_back(value);
    }
  }

  Value Binary(std::string_view text) {
    const Result<std::string> bytes = builtins::DecodeBase64(text, false);
    if (!bytes.ok()) throw YamlError{"yaml: !!binary value contains invalid base64 data"};
    return builtins::MakeString(context_, base::ReplaceInvalidUtf8(*bytes));
  }

  Value KeyText(const Value& key) {
    if (key.is_string()) return key;
    if (!key.is_number() && !key.is_bool()) {
      throw YamlError{"unsupported map key of type " + std::string(TypeName(key.type()))};
    }
    return builtins::MakeString(context_, key.ToText());
  }

  // Members of "<<" stand back behind those of the map itself.
  Value MakeObject(const Frame& frame) {
    ObjectBuilder out(context_.arena);
    std::vector<Value> merged;
    for (std::size_t i = 0; i + 1 < frame.items.size(); i += 2) {
      const Value key = KeyText(frame.items[i]);
      const Value& value = frame.items[i + 1];
      if (key.string() == "<<" && (value.is_object() || value.is_array())) {
        builtins::ForEachOrOne(value, [&](const Value& v) { merged.push_back(v); });
        continue;
      }
      if (out.Find(key).defined()) throw YamlError{"the key \"" + std::string(key.string()) + "\" stands twice in one map"};
      (void)out.Insert(key, value);
    }
    for (const Value& object : merged) {
      if (!object.is_object()) throw YamlError{"yaml: map merge requires map or sequence of maps as the value"};
      context_.Charge(object.size());
      for (const Entry& entry : object.entries()) {
        if (!out.Find(entry.key).defined()) (void)out.Insert(entry.key, entry.value);
      }
    }
    return out.Finish();
  }

  BuiltinContext& context_;
  std::string_view text_;
  int documents_ = 0;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Value> anchors_;
  Value result_ = Value::Null();
};

// yaml-cpp's finding in the words of Go's reader, where it has some for it.
std::string ErrorText(const YAML::Exception& error) {
  static const std::pair<std::string_view, std::string_view> kWords[] = {
      {YAML::ErrorMsg::END_OF_MAP, "did not find expected key"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "did not find expected ',' or '}'"},
      {YAML::ErrorMsg::END_OF_SEQ, "did not find expected '-' indicator"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "did not find expected ',' or ']'"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR, "unknown anchor referenced"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "found character that cannot start any token"},
      {YAML::ErrorMsg::MAP_VALUE, "mapping values are not allowed in this context"},
      {YAML::ErrorMsg::EOF_IN_SCALAR, "found unexpected end of stream"},
      {YAML::ErrorMsg::TAB_IN_INDENTATION, "found a tab character that violates indentation"},
  };
  constexpr std::size_t kOfParser = 5;  // behind them those of Go's scanner, which does not number the first line
  const auto* const word = std::find_if(std::begin(kWords), std::end(kWords), [&](const auto& w) { return error.msg == w.first; });
  const bool known = word != std::end(kWords);
  const bool numbered = !known || error.mark.line > 0 || word < std::begin(kWords) + kOfParser;
  return "yaml: " + (numbered ? "line " + std::to_string(error.mark.line + 1) + ": " : std::string()) + (known ? std::string(word->second) : error.msg);
}

// As deep as brackets may be open in a text: yaml-cpp keeps some hundred bytes for each before it hands anything out.
constexpr std::size_t kMaxOpenBrackets = 10'000;

bool OpensTooMany(std::string_view text) {
  std::size_t open = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > kMaxOpenBrackets) return true;
  }
  return false;
}

// The first document of the text; with `all`, the others must read as well.
Result<Value> ReadYaml(BuiltinContext& context, std::string_view text, bool all) {
  builtins::ChargeBytes(context, text.size() * 48);
  context.Charge(kStepsToFind * Separators(text));
  context.arena.CheckRoom(text.size() * 32);
  if (const std::optional<std::string> problem = builtins::YamlProblem(text)) return Error{ErrorCode::kMalformed, *problem};
  if (OpensTooMany(text)) return Error{ErrorCode::kMalformed, "yaml: exceeded max depth of " + std::to_string(kMaxOpenBrackets)};
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    DocumentReader reader(context, text);
    (void)parser.HandleNextDocument(reader);
    const Value first = reader.result();
    while (all && parser.HandleNextDocument(reader)) {
    }
    return first;
  } catch (const YamlError& error) {
    return Error{ErrorCode::kMalformed, error.message};
  } catch (const YAML::Exception& error) {
    return Error{ErrorCode::kMalformed, ErrorText(error)};
  }
}

// A string that would be read as something else, or not at all, needs quotes.
bool PlainIsSafe(std::string_view text) {
  if (IsNull(text) || LooksLikeBool(text) || NamesNoNumber(text) || !ReadInteger(text).empty() || LooksLikeFloat(text)) return false;
  const std::string_view indicators = ",[]{}#&*!|>'\"%@`";
  if (indicators.find(text[0]) != std::string_view::npos || text.starts_with(' ') || text.ends_with(' ')) return false;
  const bool dash_like = text[0] == '-' || text[0] == '?' || text[0] == ':';
  if (dash_like && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.starts_with("---") || text.starts_with("...") || text == "<<" || text == "=") return false;
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos && !text.ends_with(':');
}

// What begins like a date would be one for other readers.
bool LooksLikeDate(std::string_view text) {
  return text.size() >= 8 && text[4] == '-' && text.substr(0, 4).find_first_not_of("0123456789") == std::string_view::npos;
}

// What Go's writer puts into a text as it is. Code points beyond the first plane it escapes.
bool IsPrintable(std::uint32_t rune) {
  if (rune < 0x80) return rune >= 0x20 && rune != 0x7F;
  return rune >= 0xA0 && rune < 0x10000 && rune != 0xFEFF && rune != 0xFFFE && rune != 0xFFFF;
}

bool IsPrintable(std::string_view text, bool with_lines = false) {
  for (std::size_t pos = 0; pos < text.size();) {
    const std::uint32_t rune = builtins::NextRune(text, pos);
    if (!IsPrintable(rune) && !(with_lines && rune == '\n')) return false;
  }
  return true;
}

std::string Escaped(std::uint32_t rune) {
  static constexpr std::pair<std::uint32_t, std::string_view> kShort[] = {
      {0, "\\0"},    {7, "\\a"},    {8, "\\b"},    {9, "\\t"},    {10, "\\n"},    {11, "\\v"},      {12, "\\f"},      {13, "\\r"},
      {27, "\\e"},   {'"', "\\\""}, {'\\', "\\\\"}, {0x85, "\\N"}, {0xA0, "\\_"}, {0x2028, "\\L"}, {0x2029, "\\P"}};
  for (const auto& [special, text] : kShort) {
    if (rune == special) return std::string(text);
  }
  const std::size_t digits = rune < 0x100 ? 2 : rune < 0x10000 ? 4 : 8;
  std::string out(digits + 2, '0');
  out[0] = '\\';
  out[1] = digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
  for (std::size_t i = out.size(); rune != 0; rune /= 16) out[--i] = "0123456789ABCDEF"[rune % 16];
  return out;
}

// A number as Go's writer has it: integers of 64 bits as they are, others as floats.
std::string NumberText(const Value& number) {
  std::string scratch;
  const std::string text(number.number_text(scratch));
  std::uint64_t whole = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (number.is_int() || (read.ec == std::errc() && read.ptr == text.data() + text.size())) return text;
  const double value = ParseDouble(text);
  const bool scientific = value != 0 && (std::fabs(value) < 1e-4 || std::fabs(value) >= 1e6);
  char buffer[64];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value, scientific ? std::chars_format::scientific : std::chars_format::fixed);
  return std::string(buffer, written.ptr);
}

// Writes block style with sorted keys. Thread-compatible.
class YamlWriter {
 public:
  explicit YamlWriter(BuiltinContext& context) : context_(context) {}

  std::string Write(const Value& value) {
    if (value.is_collection() && value.size() > 0) {
      AppendBlock(value, 0, false);
    } else {
      AppendScalar(value, 2);
      out_ += '\n';
    }
    return std::move(out_);
  }

 private:
  // `inline_first`: the first line goes on behind "- ".
  void AppendBlock(const Value& value, std::size_t indent, bool inline_first) {
    if (indent > static_cast<std::size_t>(kMaxValueDepth) * 2) throw EvalAbort{"eval_limit_error", "yaml.marshal: the value nests too deep"};
    const auto begin_line = [&] {
      if (!inline_first) out_.append(indent, ' ');
      inline_first = false;
      context_.Charge(1 + indent / 16);
      context_.arena.CheckRoom(out_.size());
    };
    if (value.is_object()) {
      for (const Entry& entry : value.entries()) {
        begin_line();
        const std::string key = entry.key.is_string() ? std::string(entry.key.string()) : entry.key.ToJsonText();
        AppendString(key, indent, true);
        out_ += ':';
        AppendValue(entry.value, indent + 2, indent + 2);
      }
      return;
    }
    for (const Value& element : value.elements()) {
      begin_line();
      out_ += '-';
      if (element.is_collection() && element.size() > 0) {
        out_ += ' ';
        AppendBlock(element, indent + 2, true);
      } else {
        AppendValue(element, indent, indent + 2);
      }
    }
  }

  void AppendValue(const Value& value, std::size_t block_indent, std::size_t text_indent) {
    if (value.is_collection() && value.size() > 0) {
      out_ += '\n';
      AppendBlock(value, block_indent, false);
      return;
    }
    out_ += ' ';
    AppendScalar(value, text_indent);
    out_ += '\n';
  }

  void AppendScalar(const Value& value, std::size_t indent) {
    if (value.is_string()) {
      AppendString(value.string(), indent, false);
    } else {
      out_ += value.is_number() ? NumberText(value) : value.ToJsonText();
    }
  }

  void AppendQuoted(std::string_view text) {
    out_ += '"';
    for (std::size_t pos = 0; pos < text.size();) {
      const std::size_t from = pos;
      const std::uint32_t rune = builtins::NextRune(text, pos);
      const bool plain = IsPrintable(rune) && rune != '"' && rune != '\\' && rune != 0xA0 && rune != 0x2028 && rune != 0x2029;
      out_ += plain ? std::string(text.substr(from, pos - from)) : Escaped(rune);
    }
    out_ += '"';
  }

  void AppendString(std::string_view text, std::size_t indent, bool is_key) {
    builtins::ChargeRunes(context_, 2 * text.size());
    context_.arena.CheckRoom(3 * (out_.size() + text.size()));
    const bool needs_type_quotes =
        IsNull(text) || LooksLikeBool(text) || !ReadInteger(text).empty() || LooksLikeFloat(text) || (IsPrintable(text) && LooksLikeDate(text));
    if (needs_type_quotes) {
      AppendQuoted(text);
    } else if (IsPrintable(text)) {
      if (PlainIsSafe(text)) {
        out_ += text;
        return;
      }
      out_ += '\'';
      for (const char c : text) out_.append(c == '\'' ? 2 : 1, c);
      out_ += '\'';
    } else if (!is_key && FitsLiteralBlock(text)) {
      AppendLiteralBlock(text, indent);
    } else {
      AppendQuoted(text);
    }
  }

  static bool FitsLiteralBlock(std::string_view text) {
    if (text[0] == ' ' || text[0] == '\n') return false;
    return IsPrintable(text, true) && text.find(" \n") == std::string_view::npos && !text.ends_with(' ');
  }

  void AppendLiteralBlock(std::string_view text, std::size_t indent) {
    out_ += text.ends_with("\n\n") ? "|+" : text.ends_with('\n') ? "|" : "|-";
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (std::size_t pos = 0; pos <= text.size();) {
      const std::size_t end = std::min(text.find('\n', pos), text.size());
      out_ += '\n';
      context_.Charge(1 + indent / 16);
      context_.arena.CheckRoom(3 * out_.size());
      if (end > pos) out_.append(indent, ' ').append(text.substr(pos, end - pos));
      pos = end + 1;
    }
  }

  BuiltinContext& context_;
  std::string out_;
};

Value Marshal(BuiltinContext& context, Args args) {
  builtins::ChargeTree(context, args[0]);
  return builtins::MakeString(context, YamlWriter(context).Write(args[0]));
}

Value Unmarshal(BuiltinContext& context, Args args) {
  const Result<Value> value = ReadYaml(context, args[0].string(), false);
  return value.ok() ? *value : context.Error(value.error().message);
}

Value IsValid(BuiltinContext& context, Args args) {
  if (!args[0].is_string()) return Value::Bool(false);
  return Value::Bool(ReadYaml(context, args[0].string(), true).ok());
}

constexpr Builtin kTable[] = {
    MakeBuiltin("yaml.marshal", Marshal, ty::String, kBuiltinPlain, ty::Any),
    MakeBuiltin("yaml.unmarshal", Unmarshal, ty::Any, kBuiltinPlain, ty::String),
    MakeBuiltin("yaml.is_valid", IsValid, ty::Boolean, kBuiltinUncheckedArgs, ty::String),
};

}  // namespace

std::span<const Builtin> YamlBuiltins() { return kTable; }

}  // namespace intentgate::rego
