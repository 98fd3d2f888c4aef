// The text forms of caveats on the command line.

#include <algorithm>
#include <charconv>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

constexpr std::string_view kExample = "for example --where '/path subpath /data'";

Error BadWhere(const std::string& text, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument, "--where '" + text + "': " + std::string(why) + "; " + std::string(kExample)};
}

// Cuts the next word off `rest`; quotes and escapes have no meaning, the last field takes what remains.
std::string_view TakeWord(std::string_view& rest) {
  const std::size_t start = rest.find_first_not_of(' ');
  if (start == std::string_view::npos) return rest = {}, rest;
  const std::size_t end = rest.find(' ', start);
  const std::string_view word = rest.substr(start, end == std::string_view::npos ? end : end - start);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return word;
}

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (comma != 0) out.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return out;
}

Result<std::vector<json::Value>> JsonList(std::string_view text) {
  Result<json::Value> list = json::Parse(text);
  if (!list.ok()) return list.error();
  if (!list->is_array()) return Error{ErrorCode::kInvalidArgument, "wants a JSON list such as [\"a\",\"b\"]"};
  return std::move(list->array());
}

// "1..100", "..100", "1..": either side may be left out, not both.
Result<std::pair<std::optional<std::string>, std::optional<std::string>>> Bounds(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos || text.size() == 2) {
    return Error{ErrorCode::kInvalidArgument, "wants bounds such as 1..100, 1.. or ..100"};
  }
  std::pair<std::optional<std::string>, std::optional<std::string>> out;
  if (dots > 0) out.first = std::string(text.substr(0, dots));
  if (dots + 2 < text.size()) out.second = std::string(text.substr(dots + 2));
  return out;
}

Result<Constraint> LengthOf(std::string_view text) {
  const auto bounds = Bounds(text);
  if (!bounds.ok()) return bounds.error();
  const auto number = [](const std::optional<std::string>& side) -> Result<std::optional<std::int64_t>> {
    if (!side) return std::optional<std::int64_t>();
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(side->data(), side->data() + side->size(), n);
    if (error != std::errc() || end != side->data() + side->size()) {
      return Error{ErrorCode::kInvalidArgument, "wants whole numbers such as 0..200"};
    }
    return std::optional<std::int64_t>(n);
  };
  const auto min = number(bounds->first), max = number(bounds->second);
  if (!min.ok()) return min.error();
  if (!max.ok()) return max.error();
  return Constraint::Length(*min, *max);
}

Result<Constraint> ParseConstraint(std::string_view kind, std::string_view value) {
  const std::string text(value);
  if (kind == "subpath") return Constraint::Subpath(text);
  if (kind == "prefix") return Constraint::Prefix(text);
  if (kind == "glob") return Constraint::Glob(text);
  if (kind == "regex") return Constraint::Regex(text);
  if (kind == "cidr") return Constraint::Cidr(SplitList(value));
  if (kind == "length") return LengthOf(value);
  if (kind == "equals") {
    Result<json::Value> wanted = json::Parse(value);
    if (!wanted.ok()) return Error{ErrorCode::kInvalidArgument, "wants a JSON value: text in double quotes, or a number"};
    return Constraint::Equals(std::move(*wanted));
  }
  if (kind == "one_of" || kind == "contains" || kind == "subset") {
    Result<std::vector<json::Value>> list = JsonList(value);
    if (!list.ok()) return list.error();
    if (kind == "one_of") return Constraint::OneOf(std::move(*list));
    return kind == "contains" ? Constraint::Contains(std::move(*list)) : Constraint::Subset(std::move(*list));
  }
  if (kind == "range") {
    const auto bounds = Bounds(value);
    if (!bounds.ok()) return bounds.error();
    return Constraint::Range(bounds->first, bounds->second);
  }
  if (kind == "json") {
    const Result<json::Value> parsed = json::Parse(value);
    if (!parsed.ok()) return parsed.error();
    return Constraint::FromJson(*parsed);
  }
  return Error{ErrorCode::kInvalidArgument,
               "unknown constraint '" + std::string(kind) +
                   "'; known are equals, one_of, prefix, glob, regex, range, length, subpath, cidr, contains, subset, "
                   "and json for any other"};
}

}  // namespace

Result<Caveat> ParseWhere(const std::string& text) {
  std::string_view rest = text;
  std::string tool;
  std::string_view pointer = TakeWord(rest);
  if (!pointer.empty() && pointer.front() != '/') {
    tool = std::string(pointer);
    pointer = TakeWord(rest);
  }
  if (pointer.empty() || pointer.front() != '/') return BadWhere(text, "no argument's JSON pointer, which starts with /");
  const std::string_view kind = TakeWord(rest);
  if (kind.empty()) return BadWhere(text, "no constraint behind the argument");
  if (rest.empty()) return BadWhere(text, "no value behind the constraint");
  Result<Constraint> constraint = ParseConstraint(kind, rest);
  if (!constraint.ok()) return BadWhere(text, constraint.error().message);
  return Caveat::Argument(std::string(pointer), std::move(*constraint), std::move(tool));
}

Result<std::vector<Caveat>> ParseCaveats(const CaveatFlags& flags) {
  std::vector<Caveat> out;
  if (!flags.tools.empty()) out.push_back(Caveat::ToolAllow(flags.tools));
  if (!flags.deny_tools.empty()) out.push_back(Caveat::ToolDeny(flags.deny_tools));
  if (!flags.servers.empty()) out.push_back(Caveat::ServerAllow(flags.servers));
  if (flags.max_calls) out.push_back(Caveat::MaxCalls(*flags.max_calls));
  if (flags.rate_per_minute) out.push_back(Caveat::RateLimit(*flags.rate_per_minute));
  if (flags.max_cost) out.push_back(Caveat::MaxCost(*flags.max_cost));
  for (const std::string& where : flags.where) {
    Result<Caveat> caveat = ParseWhere(where);
    if (!caveat.ok()) return caveat.error();
    out.push_back(std::move(*caveat));
  }
  for (const std::string& text : flags.caveats) {
    const Result<json::Value> parsed = json::Parse(text);
    if (!parsed.ok()) return Error{parsed.error().code, "--caveat: " + parsed.error().message};
    Result<Caveat> caveat = Caveat::FromJson(*parsed);
    if (!caveat.ok()) return Error{caveat.error().code, "--caveat: " + caveat.error().message};
    out.push_back(std::move(*caveat));
  }
  for (const Caveat& caveat : out) {
    if (Status valid = caveat.Validate(); !valid.ok()) return valid.error();
  }
  return out;
}

Result<std::int64_t> ParseDuration(const std::string& text) {
  std::int64_t amount = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, amount);
  std::int64_t unit = 0;
  const std::string_view suffix(stop, static_cast<std::size_t>(end - stop));
  if (suffix.empty() || suffix == "s") unit = 1;
  if (suffix == "m") unit = 60;
  if (suffix == "h") unit = 3600;
  if (suffix == "d") unit = 86'400;
  constexpr std::int64_t kMaxDays = 36'500;
  if (error != std::errc() || unit == 0 || amount < 0 || amount > kMaxDays * 86'400 / unit) {
    return Error{ErrorCode::kInvalidArgument, "'" + text + "' is no duration; write 90s, 15m, 1h or 7d"};
  }
  return amount * unit;
}

}  // namespace intentgate::cli
