// regex.*: RE2 programs with Go's rules for empty matches (none right behind another match) and Go's
// replacement templates ($1, ${name}).
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/pattern_cache.h"

namespace intentgate::rego {
namespace {

using builtins::ChargeRun;
using builtins::CompileRegex;
using builtins::Piece;
using builtins::View;

using Args = std::span<const Value>;
using Groups = std::vector<re2::StringPiece>;

std::size_t StartOf(const re2::StringPiece& match, std::string_view text) {
  return static_cast<std::size_t>(match.data() - text.data());
}

// Calls visit(groups) for each match, from left to right, at most `limit` of them (negative: all).
// groups[0] is the whole match.
void ForEachMatch(BuiltinContext& context, const RE2& program, std::string_view text, std::int64_t limit, bool with_groups,
                  const std::function<void(const Groups&)>& visit) {
  Groups groups(with_groups ? static_cast<std::size_t>(program.NumberOfCapturingGroups()) + 1 : 1);
  std::size_t pos = 0;
  std::optional<std::size_t> previous_end;
  for (std::int64_t found = 0; pos <= text.size() && (limit < 0 || found < limit);) {
    ChargeRun(context, program, text.size() - pos);
    if (!program.Match(Piece(text), pos, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) return;
    const std::size_t start = StartOf(groups[0], text);
    const std::size_t end = start + groups[0].size();
    const bool empty_behind_match = groups[0].empty() && previous_end == start;
    if (!empty_behind_match) {
      visit(groups);
      ++found;
    }
    previous_end = end;
    pos = end;
    // An empty match moves on by one code point.
    if (groups[0].empty()) {
      if (pos >= text.size()) return;
      (void)builtins::NextRune(text, pos);
    }
  }
}

Value Match(BuiltinContext& context, Args args) {
  const RE2* program = CompileRegex(context, args[0].string());
  if (program == nullptr) return {};
  ChargeRun(context, *program, args[1].string().size());
  return Value::Bool(RE2::PartialMatch(Piece(args[1].string()), *program));
}

Value IsValid(BuiltinContext& context, Args args) {
  if (!args[0].is_string()) return Value::Bool(false);
  const bool valid = CompileRegex(context, args[0].string()) != nullptr;
  context.ClearError();
  return Value::Bool(valid);
}

Value FindN(BuiltinContext& context, Args args) {
  const std::optional<std::int64_t> limit = builtins::IntOperand(context, 3, args[2]);
  const RE2* program = limit ? CompileRegex(context, args[0].string()) : nullptr;
  if (program == nullptr) return {};
  ArrayBuilder out(context.arena);
  ForEachMatch(context, *program, args[1].string(), *limit, false,
               [&](const Groups& groups) { out.Add(Value::StringCopy(context.arena, View(groups[0]))); });
  return out.Finish();
}

Value FindAllSubmatchN(BuiltinContext& context, Args args) {
  const std::optional<std::int64_t> limit = builtins::IntOperand(context, 3, args[2]);
  const RE2* program = limit ? CompileRegex(context, args[0].string()) : nullptr;
  if (program == nullptr) return {};
  ArrayBuilder out(context.arena);
  ForEachMatch(context, *program, args[1].string(), *limit, true, [&](const Groups& groups) {
    ArrayBuilder row(context.arena);
    for (const re2::StringPiece& group : groups) row.Add(Value::StringCopy(context.arena, View(group)));
    out.Add(row.Finish());
  });
  return out.Finish();
}

Value Split(BuiltinContext& context, Args args) {
  const RE2* program = CompileRegex(context, args[0].string());
  if (program == nullptr) return {};
  const std::string_view text = args[1].string();
  ArrayBuilder out(context.arena);
  const auto add = [&](std::string_view part) { out.Add(Value::StringCopy(context.arena, part)); };
  if (text.empty() && !args[0].string().empty()) {
    add("");
    return out.Finish();
  }
  std::size_t begin = 0;
  std::size_t end = 0;
  ForEachMatch(context, *program, text, -1, false, [&](const Groups& groups) {
    end = StartOf(groups[0], text);
    const std::size_t next = end + groups[0].size();
    if (next != 0) add(text.substr(begin, end - begin));
    begin = next;
  });
  if (end != text.size()) add(text.substr(begin));
  return out.Finish();
}

// The name of a group that text begins with: letters of any script, digits and underscores.
std::string_view NameAtStart(std::string_view text) {
  static const RE2 name(R"([\pL\p{Nd}_]+)");
  re2::StringPiece found;
  return name.Match(Piece(text), 0, text.size(), RE2::ANCHOR_START, &found, 1) ? View(found) : std::string_view();
}

// What a replacement template says, cut into literal text and groups.
struct TemplatePart {
  std::string_view literal;
  int group = -1;  // -1: none; a group that does not exist is beyond the last
};

std::vector<TemplatePart> ParseTemplate(const RE2& program, std::string_view text) {
  constexpr int kNoSuchGroup = 1 << 30;
  std::vector<TemplatePart> parts;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    parts.push_back({text.substr(0, dollar), -1});
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      parts.push_back({text.substr(0, 1), -1});
      text.remove_prefix(2);
      continue;
    }
    const bool braced = text.starts_with("${");
    const std::size_t name_start = braced ? 2 : 1;
    const std::string_view name = NameAtStart(text.substr(name_start));
    const std::size_t name_end = name_start + name.size();
    const bool closed = !braced || (name_end < text.size() && text[name_end] == '}');
    if (name.empty() || !closed) {
      parts.push_back({text.substr(0, 1), -1});
      text.remove_prefix(1);
      continue;
    }
    const bool numeric = name.find_first_not_of("0123456789") == std::string_view::npos && name.size() < 9;
    int group = kNoSuchGroup;
    if (numeric) {
      group = std::stoi(std::string(name));
    } else {
      const auto& named = program.NamedCapturingGroups();
      const auto found = named.find(std::string(name));
      if (found != named.end()) group = found->second;
    }
    parts.push_back({{}, group});
    text.remove_prefix(braced ? name_end + 1 : name_end);
  }
  return parts;
}

Value Replace(BuiltinContext& context, Args args) {
  const RE2* program = CompileRegex(context, args[1].string());
  if (program == nullptr) return {};
  const std::string_view text = args[0].string();
  builtins::ChargeRunes(context, args[2].string().size());
  const std::vector<TemplatePart> parts = ParseTemplate(*program, args[2].string());
  builtins::TextBuilder out(context);
  std::size_t done = 0;
  ForEachMatch(context, *program, text, -1, true, [&](const Groups& groups) {
    const std::size_t start = StartOf(groups[0], text);
    out.Append(text.substr(done, start - done));
    for (const TemplatePart& part : parts) {
      out.Append(part.literal);
      if (part.group >= 0 && static_cast<std::size_t>(part.group) < groups.size()) {
        out.Append(View(groups[static_cast<std::size_t>(part.group)]));
      }
    }
    done = start + groups[0].size();
  });
  out.Append(text.substr(done));
  return out.Finish();
}

// The one byte of a delimiter operand; nullopt with the error recorded.
std::optional<std::string_view> Delimiter(BuiltinContext& context, std::string_view which, std::string_view text) {
  if (text.size() == 1) return text;
  (void)context.Error(std::string(which) + " delimiter has to be exactly one character long but is " +
                      std::to_string(text.size()) + " long");
  return std::nullopt;
}

// Literal text with regexes between delimiters, as one anchored regex; nullopt with the error recorded.
std::optional<std::string> TemplateToRegex(BuiltinContext& context, std::string_view text, std::string_view open,
                                           std::string_view close) {
  const auto unbalanced = [&] {
    (void)context.Error("unbalanced braces in \"" + std::string(text) + "\"");
    return std::nullopt;
  };
  std::string out = "^";
  std::size_t depth = 0;
  std::size_t literal_from = 0;
  std::size_t regex_from = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t at = pos;
    (void)builtins::NextRune(text, pos);
    const std::string_view rune = text.substr(at, pos - at);
    if (rune == open && ++depth == 1) {
      out += RE2::QuoteMeta(Piece(text.substr(literal_from, at - literal_from)));
      regex_from = pos;
    } else if (rune == close) {
      if (depth == 0) return unbalanced();
      if (--depth == 0) {
        out.append("(").append(text.substr(regex_from, at - regex_from)).append(")");
        literal_from = pos;
      }
    }
  }
  if (depth != 0) return unbalanced();
  return out + RE2::QuoteMeta(Piece(text.substr(literal_from))) + "$";
}

Value TemplateMatch(BuiltinContext& context, Args args) {
  const auto open = Delimiter(context, "start", args[2].string());
  const auto close = open ? Delimiter(context, "end", args[3].string()) : std::nullopt;
  if (!close) return {};
  builtins::ChargeRunes(context, args[0].string().size());
  const std::optional<std::string> pattern = TemplateToRegex(context, args[0].string(), *open, *close);
  const RE2* program = pattern ? CompileRegex(context, *pattern) : nullptr;
  if (program == nullptr) return {};
  ChargeRun(context, *program, args[1].string().size());
  return Value::Bool(RE2::PartialMatch(Piece(args[1].string()), *program));
}

constexpr TypeSpec kStringRows{ty::kArray, ty::kArray};

constexpr Builtin kTable[] = {
    MakeBuiltin("regex.match", Match, ty::Boolean, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("re_match", Match, ty::Boolean, kBuiltinDeprecated, ty::String, ty::String),
    MakeBuiltin("regex.is_valid", IsValid, ty::Boolean, kBuiltinUncheckedArgs, ty::String),
    MakeBuiltin("regex.find_n", FindN, ty::ArrayOf(ty::kString), kBuiltinPlain, ty::String, ty::String, ty::Number),
    MakeBuiltin("regex.find_all_string_submatch_n", FindAllSubmatchN, kStringRows, kBuiltinPlain, ty::String, ty::String,
                ty::Number),
    MakeBuiltin("regex.split", Split, ty::ArrayOf(ty::kString), kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("regex.replace", Replace, ty::String, kBuiltinPlain, ty::String, ty::String, ty::String),
    MakeBuiltin("regex.template_match", TemplateMatch, ty::Boolean, kBuiltinPlain, ty::String, ty::String, ty::String,
                ty::String),
};

}  // namespace

std::span<const Builtin> RegexBuiltins() { return kTable; }

}  // namespace intentgate::rego
