// Strings. Positions count code points.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/unicode_case.h"

namespace intentgate::rego {
namespace {

using builtins::ChargeBytes;
using builtins::ChargeRunes;
using builtins::FindText;
using builtins::IntOperand;
using builtins::MakeString;
using builtins::NextRune;
using builtins::StringElements;

using Args = std::span<const Value>;

Value Concat(BuiltinContext& context, Args args) {
  const auto parts = StringElements(context, 2, args[1]);
  if (!parts) return {};
  const std::string_view between = args[0].string();
  std::size_t total = parts->empty() ? 0 : between.size() * (parts->size() - 1);
  for (const std::string_view part : *parts) total += part.size();
  ChargeBytes(context, total);
  char* const out = static_cast<char*>(context.arena.Allocate(total, 1));
  char* at = out;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    if (i > 0) at = std::copy(between.begin(), between.end(), at);
    at = std::copy((*parts)[i].begin(), (*parts)[i].end(), at);
  }
  return Value::StringRef({out, total});
}

Value Contains(BuiltinContext& context, Args args) {
  ChargeRunes(context, args[0].string().size());
  return Value::Bool(FindText(args[0].string(), args[1].string()) != std::string_view::npos);
}
Value StartsWith(BuiltinContext& context, Args args) {
  ChargeBytes(context, args[1].string().size());
  return Value::Bool(args[0].string().starts_with(args[1].string()));
}
Value EndsWith(BuiltinContext& context, Args args) {
  ChargeBytes(context, args[1].string().size());
  return Value::Bool(args[0].string().ends_with(args[1].string()));
}

Value IndexOf(BuiltinContext& context, Args args) {
  const std::string_view text = args[0].string();
  if (args[1].string().empty()) return context.Error("empty search character");
  ChargeRunes(context, text.size());
  const std::size_t at = FindText(text, args[1].string());
  if (at == std::string_view::npos) return Value::Int(-1);
  return Value::Int(static_cast<std::int64_t>(builtins::CountRunes(text.substr(0, at))));
}

// Every place, also overlapping ones.
Value IndexOfN(BuiltinContext& context, Args args) {
  const std::string_view text = args[0].string();
  const std::string_view wanted = args[1].string();
  if (wanted.empty()) return context.Error("empty search character");
  ChargeRunes(context, text.size());
  ArrayBuilder out(context.arena);
  std::int64_t rune = 0;
  std::size_t pos = 0;
  for (std::size_t found = 0; (found = FindText(text, wanted, pos)) != std::string_view::npos;) {
    ChargeBytes(context, wanted.size() * 2);
    for (; pos < found; ++rune) (void)NextRune(text, pos);
    if (pos != found) continue;  // inside a code point
    out.Add(Value::Int(rune++));
    (void)NextRune(text, pos);
  }
  return out.Finish();
}

template <typename Map>
Value MapRunes(BuiltinContext& context, std::string_view text, Map map) {
  ChargeRunes(context, text.size());
  context.arena.CheckRoom(text.size() * 3);
  std::string out;
  out.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) base::AppendUtf8(map(NextRune(text, pos)), out);
  return MakeString(context, out);
}

Value Lower(BuiltinContext& context, Args args) { return MapRunes(context, args[0].string(), builtins::ToLowerRune); }
Value Upper(BuiltinContext& context, Args args) { return MapRunes(context, args[0].string(), builtins::ToUpperRune); }

// Every `from` in `text` becomes `to`; an empty `from` stands before every code point and at the end.
Value ReplaceAll(BuiltinContext& context, std::string_view text, std::string_view from, std::string_view to) {
  ChargeBytes(context, text.size());
  builtins::TextBuilder out(context);
  std::size_t pos = 0;
  if (from.empty()) {
    while (pos < text.size()) {
      const std::size_t start = pos;
      (void)NextRune(text, pos);
      out.Append(to);
      out.Append(text.substr(start, pos - start));
    }
    out.Append(to);
    return out.Finish();
  }
  for (std::size_t at; (at = FindText(text, from, pos)) != std::string_view::npos; pos = at + from.size()) {
    out.Append(text.substr(pos, at - pos));
    out.Append(to);
  }
  out.Append(text.substr(pos));
  return out.Finish();
}

Value Replace(BuiltinContext& context, Args args) {
  return ReplaceAll(context, args[0].string(), args[1].string(), args[2].string());
}

// At each place the first key, in sorted order, that fits; replaced text is not looked at again. After an
// empty key the same place is tried once more with the others.
Value ReplaceN(BuiltinContext& context, Args args) {
  const std::span<const Entry> pairs = args[0].entries();
  for (const Entry& pair : pairs) {
    if (!pair.key.is_string()) return context.TypeError("operand 1 non-string key found in pattern object");
    if (!pair.value.is_string()) return context.TypeError("operand 1 non-string value found in pattern object");
  }
  const std::string_view text = args[1].string();
  builtins::TextBuilder out(context);
  std::size_t longest = 0;  // compared at one place, at most
  for (const Entry& pair : pairs) longest += pair.key.string().size();
  bool after_empty = false;
  for (std::size_t pos = 0; pos <= text.size();) {
    context.Charge(1 + pairs.size() + std::min(longest, pairs.size() * (text.size() - pos)) / 64);
    const auto fits = std::find_if(pairs.begin(), pairs.end(), [&](const Entry& pair) {
      return text.substr(pos).starts_with(pair.key.string()) && !(after_empty && pair.key.string().empty());
    });
    if (fits != pairs.end()) {
      out.Append(fits->value.string());
      pos += fits->key.string().size();
      after_empty = fits->key.string().empty();
      continue;
    }
    after_empty = false;
    if (pos < text.size()) out.Append(text[pos]);
    ++pos;
  }
  return out.Finish();
}

Value Split(BuiltinContext& context, Args args) {
  const std::string_view text = args[0].string();
  const std::string_view separator = args[1].string();
  ChargeRunes(context, text.size());
  ArrayBuilder out(context.arena);
  std::size_t pos = 0;
  const auto add = [&](std::string_view part) {
    context.Charge(1);
    out.Add(Value::StringCopy(context.arena, part));
  };
  if (separator.empty()) {
    while (pos < text.size()) {
      const std::size_t start = pos;
      (void)NextRune(text, pos);
      add(text.substr(start, pos - start));
    }
    return out.Finish();
  }
  for (std::size_t at; (at = FindText(text, separator, pos)) != std::string_view::npos; pos = at + separator.size()) {
    add(text.substr(pos, at - pos));
  }
  add(text.substr(pos));
  return out.Finish();
}

// The first n parts of split; of a negative n, the last -n.
Value SplitN(BuiltinContext& context, Args args) {
  const std::optional<std::int64_t> n = IntOperand(context, 3, args[2]);
  if (!n) return {};
  const Value parts = Split(context, args.first(2));
  const auto all = parts.elements();
  const std::uint64_t wanted = *n < 0 ? 0 - static_cast<std::uint64_t>(*n) : static_cast<std::uint64_t>(*n);
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, all.size()));
  return Value::Array(context.arena, *n < 0 ? all.last(count) : all.first(count));
}

Value Substring(BuiltinContext& context, Args args) {
  const std::optional<std::int64_t> offset = IntOperand(context, 2, args[1]);
  const std::optional<std::int64_t> length = offset ? IntOperand(context, 3, args[2]) : std::nullopt;
  if (!length) return {};
  if (*offset < 0) return context.Error("negative offset");
  std::string_view text = args[0].string();
  ChargeRunes(context, text.size());
  text.remove_prefix(builtins::ByteOffsetOfRune(text, static_cast<std::size_t>(*offset)));
  if (*length >= 0) text = text.substr(0, builtins::ByteOffsetOfRune(text, static_cast<std::size_t>(*length)));
  return MakeString(context, text);
}

// Takes code points off both ends, or one, as long as `drop` says so.
template <typename Drop>
std::string_view TrimRunes(std::string_view text, bool left, bool right, Drop drop) {
  while (left && !text.empty()) {
    std::size_t pos = 0;
    if (!drop(NextRune(text, pos))) break;
    text.remove_prefix(pos);
  }
  while (right && !text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    std::size_t pos = start;
    std::uint32_t rune = NextRune(text, pos);
    if (pos != text.size()) {
      start = text.size() - 1;
      rune = 0xFFFD;
    }
    if (!drop(rune)) break;
    text = text.substr(0, start);
  }
  return text;
}

Value TrimSet(BuiltinContext& context, Args args, bool left, bool right) {
  ChargeBytes(context, args[0].string().size());
  ChargeRunes(context, args[1].string().size());
  context.arena.CheckRoom(args[1].string().size() * 2 * sizeof(std::uint32_t));
  std::vector<std::uint32_t> cutset;
  for (std::size_t pos = 0; pos < args[1].string().size();) cutset.push_back(NextRune(args[1].string(), pos));
  const auto in_set = [&](std::uint32_t rune) {
    context.Charge(1 + cutset.size() / 16);
    return std::find(cutset.begin(), cutset.end(), rune) != cutset.end();
  };
  return MakeString(context, TrimRunes(args[0].string(), left, right, in_set));
}

Value Trim(BuiltinContext& context, Args args) { return TrimSet(context, args, true, true); }
Value TrimLeft(BuiltinContext& context, Args args) { return TrimSet(context, args, true, false); }
Value TrimRight(BuiltinContext& context, Args args) { return TrimSet(context, args, false, true); }

Value TrimPrefix(BuiltinContext& context, Args args) {
  ChargeBytes(context, args[1].string().size());
  const std::string_view text = args[0].string();
  const bool fits = text.starts_with(args[1].string());
  return fits ? Value::StringRef(text.substr(args[1].string().size())) : args[0];
}
Value TrimSuffix(BuiltinContext& context, Args args) {
  ChargeBytes(context, args[1].string().size());
  const std::string_view text = args[0].string();
  const bool fits = text.ends_with(args[1].string());
  return fits ? Value::StringRef(text.substr(0, text.size() - args[1].string().size())) : args[0];
}
Value TrimSpace(BuiltinContext& context, Args args) {
  ChargeRunes(context, args[0].string().size());
  return MakeString(context, TrimRunes(args[0].string(), true, true, builtins::IsSpaceRune));
}

// True if one of the texts has one of the affixes. Either side is a string or a collection of strings.
template <typename Fits>
Value AnyAffix(BuiltinContext& context, Args args, Fits fits) {
  std::vector<std::string_view> sides[2];
  for (std::size_t i = 0; i < 2; ++i) {
    if (args[i].is_string()) {
      sides[i] = {args[i].string()};
      continue;
    }
    if (!args[i].is_array() && !args[i].is_set()) return context.OperandError(i + 1, "one of {string, set, array}", args[i]);
    auto strings = StringElements(context, i + 1, args[i]);
    if (!strings) return {};
    sides[i] = *std::move(strings);
  }
  std::size_t longest = 0;
  for (const std::string_view affix : sides[1]) longest += affix.size();
  for (const std::string_view text : sides[0]) {
    context.Charge(sides[1].size() + std::min(longest, sides[1].size() * text.size()) / 64);
    const bool found = std::any_of(sides[1].begin(), sides[1].end(), [&](std::string_view affix) { return fits(text, affix); });
    if (found) return Value::Bool(true);
  }
  return Value::Bool(false);
}

Value AnyPrefix(BuiltinContext& context, Args args) {
  return AnyAffix(context, args, [](std::string_view text, std::string_view affix) { return text.starts_with(affix); });
}
Value AnySuffix(BuiltinContext& context, Args args) {
  return AnyAffix(context, args, [](std::string_view text, std::string_view affix) { return text.ends_with(affix); });
}

// Without overlaps; an empty search is found before every code point and at the end.
Value StringsCount(BuiltinContext& context, Args args) {
  const std::string_view text = args[0].string();
  const std::string_view wanted = args[1].string();
  ChargeRunes(context, text.size());
  if (wanted.empty()) return Value::Int(static_cast<std::int64_t>(builtins::CountRunes(text)) + 1);
  std::int64_t count = 0;
  for (std::size_t at = 0; (at = FindText(text, wanted, at)) != std::string_view::npos; at += wanted.size()) ++count;
  return Value::Int(count);
}

Value Reverse(BuiltinContext& context, Args args) {
  const std::string_view text = args[0].string();
  ChargeRunes(context, text.size());
  context.arena.CheckRoom(text.size() * 2);
  std::string out(text.size(), '\0');
  std::size_t end = text.size();
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    (void)NextRune(text, pos);
    end -= pos - start;
    text.copy(out.data() + end, pos - start, start);
  }
  return MakeString(context, out);
}

constexpr TypeSpec kStrings = ty::OneOf(ty::kString | ty::kArray | ty::kSet);

constexpr Builtin kTable[] = {
    MakeBuiltin("concat", Concat, ty::String, kBuiltinPlain, ty::String, ty::ArrayOrSetOf(ty::kString)),
    MakeBuiltin("contains", Contains, ty::Boolean, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("startswith", StartsWith, ty::Boolean, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("endswith", EndsWith, ty::Boolean, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("indexof", IndexOf, ty::Number, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("indexof_n", IndexOfN, ty::ArrayOf(ty::kNumber), kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("lower", Lower, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("upper", Upper, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("replace", Replace, ty::String, kBuiltinPlain, ty::String, ty::String, ty::String),
    MakeBuiltin("strings.replace_n", ReplaceN, ty::String, kBuiltinPlain, TypeSpec{ty::kObject, ty::kString}, ty::String),
    MakeBuiltin("split", Split, ty::ArrayOf(ty::kString), kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("strings.split_n", SplitN, ty::ArrayOf(ty::kString), kBuiltinPlain, ty::String, ty::String, ty::Number),
    MakeBuiltin("substring", Substring, ty::String, kBuiltinPlain, ty::String, ty::Number, ty::Number),
    MakeBuiltin("trim", Trim, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("trim_left", TrimLeft, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("trim_right", TrimRight, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("trim_prefix", TrimPrefix, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("trim_suffix", TrimSuffix, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("trim_space", TrimSpace, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("strings.any_prefix_match", AnyPrefix, ty::Boolean, kBuiltinUncheckedArgs, kStrings, kStrings),
    MakeBuiltin("strings.any_suffix_match", AnySuffix, ty::Boolean, kBuiltinUncheckedArgs, kStrings, kStrings),
    MakeBuiltin("strings.count", StringsCount, ty::Number, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("strings.reverse", Reverse, ty::String, kBuiltinPlain, ty::String),
};

}  // namespace

std::span<const Builtin> StringBuiltins() { return kTable; }

}  // namespace intentgate::rego
