#include "rego/builtins/pattern_cache.h"

#include <algorithm>
#include <optional>

#include "rego/builtins/args.h"

namespace intentgate::rego::builtins {
namespace {

// Copies a bracket expression that starts at pattern[pos], moving pos behind it.
void CopyClass(std::string_view pattern, std::size_t& pos, std::string& out) {
  out += pattern[pos++];
  if (pos < pattern.size() && pattern[pos] == '^') out += pattern[pos++];
  if (pos < pattern.size() && pattern[pos] == ']') out += pattern[pos++];
  while (pos < pattern.size()) {
    const char c = pattern[pos];
    const std::size_t named_end = c == '[' ? pattern.substr(pos).starts_with("[:") ? pattern.find(":]", pos + 2) : std::string_view::npos
                                           : std::string_view::npos;
    if (named_end != std::string_view::npos) {
      out += pattern.substr(pos, named_end + 2 - pos);
      pos = named_end + 2;
      continue;
    }
    out += c;
    ++pos;
    if (c == '\\' && pos < pattern.size()) out += pattern[pos++];
    if (c == ']') return;
  }
}

// RE2's dialect of 2022 lacks "(?<name>" and has "\C", which matches half a code point; Rego's is the
// other way round. nullopt if the pattern uses "\C".
std::optional<std::string> ToRe2Dialect(std::string_view pattern) {
  std::string out;
  out.reserve(pattern.size() + 8);
  for (std::size_t pos = 0; pos < pattern.size();) {
    const std::string_view rest = pattern.substr(pos);
    if (rest.starts_with("\\Q")) {
      const std::size_t end = pattern.find("\\E", pos + 2);
      const std::size_t stop = end == std::string_view::npos ? pattern.size() : end + 2;
      out += pattern.substr(pos, stop - pos);
      pos = stop;
    } else if (rest.starts_with("\\C")) {
      return std::nullopt;
    } else if (rest[0] == '\\') {
      out += rest.substr(0, 2);
      pos += std::min<std::size_t>(2, rest.size());
    } else if (rest[0] == '[') {
      CopyClass(pattern, pos, out);
    } else if (rest.starts_with("(?<")) {
      out += "(?P<";
      pos += 3;
    } else {
      out += rest[0];
      ++pos;
    }
  }
  return out;
}

}  // namespace

namespace {

constexpr std::uint64_t kCompileSteps = 64;
// What it costs to find that a pattern does not fit into the memory.
constexpr std::uint64_t kTooLargeSteps = 100'000;

// `weight`: more than one if the pattern was tried with less memory before.
void ChargeCompile(BuiltinContext& context, const RE2& program, std::size_t bytes, std::size_t weight) {
  const std::uint64_t size = program.ok() ? static_cast<std::uint64_t>(program.ProgramSize()) : 0;
  const std::uint64_t failures = (weight > 1 ? 1U : 0U) + (program.error_code() == RE2::ErrorPatternTooLarge ? 1U : 0U);
  context.Charge(kCompileSteps + bytes + 4 * size + failures * kTooLargeSteps);
}

std::unique_ptr<RE2> Compile(std::string_view pattern, bool dot_all, std::int64_t memory) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  options.set_dot_nl(dot_all);
  return std::make_unique<RE2>(Piece(pattern), options);
}

}  // namespace

void ChargeRun(BuiltinContext& context, const RE2& program, std::size_t bytes) {
  constexpr std::uint64_t kSmall = 256;
  constexpr std::uint64_t kMedium = 1024;
  const auto size = static_cast<std::uint64_t>(program.ProgramSize());
  const std::uint64_t weight = size <= kSmall ? 1 : size <= kMedium ? size / 64 : size / 2;
  context.Charge(1 + bytes * weight / 16);
}

const RE2* PatternCache::Find(BuiltinContext& context, std::string_view key) {
  const auto found = programs_.find(key);
  if (found == programs_.end()) return nullptr;
  Entry& entry = found->second;
  if (entry.evaluation != context.evaluation) ChargeCompile(context, *entry.program, key.size(), entry.weight);
  entry.evaluation = context.evaluation;
  return entry.program.get();
}

void PatternCache::MakeRoom(std::uint64_t evaluation, std::size_t weight) {
  if (weight_ + weight <= kPatternsKept) return;
  std::erase_if(programs_, [&](const auto& entry) { return entry.second.evaluation != evaluation; });
  weight_ = 0;
  for (const auto& [key, entry] : programs_) weight_ += entry.weight;
  if (weight_ + weight <= kPatternsKept) return;
  programs_.clear();
  weight_ = 0;
}

const RE2* PatternCache::Add(BuiltinContext& context, std::string_view key, std::string_view pattern, bool dot_all) {
  std::size_t weight = 1;
  std::unique_ptr<RE2> program = Compile(pattern, dot_all, kPatternMemory);
  if (program->error_code() == RE2::ErrorPatternTooLarge) {
    weight = kLargePatternMemory / kPatternMemory;
    program = Compile(pattern, dot_all, kLargePatternMemory);
  }
  ChargeCompile(context, *program, key.size(), weight);
  MakeRoom(context.evaluation, weight);
  Entry& entry = programs_[std::string(key)];
  entry = {std::move(program), context.evaluation, weight};
  weight_ += weight;
  return entry.program.get();
}

namespace {

// In the words of Go's regexp.
std::string ErrorText(const RE2& program) {
  const auto text = [&] {
    switch (program.error_code()) {
      case RE2::ErrorBadEscape: return "invalid escape sequence";
      case RE2::ErrorBadCharClass: return "invalid character class";
      case RE2::ErrorBadCharRange: return "invalid character class range";
      case RE2::ErrorMissingBracket: return "missing closing ]";
      case RE2::ErrorMissingParen: return "missing closing )";
      case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
      case RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
      case RE2::ErrorRepeatSize: return "invalid repeat count";
      case RE2::ErrorRepeatOp: return "invalid nested repetition operator";
      case RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
      case RE2::ErrorBadUTF8: return "invalid UTF-8";
      case RE2::ErrorBadNamedCapture: return "invalid named capture";
      default: return "";
    }
  }();
  return *text == '\0' ? program.error() : std::string(text) + ": `" + program.error_arg() + "`";
}

}  // namespace

const RE2* CompileRegex(BuiltinContext& context, std::string_view pattern) {
  auto& cache = context.CacheFor<PatternCache>(CacheSlot::kRegex);
  const RE2* program = cache.Find(context, pattern);
  if (program == nullptr) {
    if (pattern.size() > kMaxPatternBytes) {
      (void)context.Error("a pattern may have at most " + std::to_string(kMaxPatternBytes) + " bytes");
      return nullptr;
    }
    const std::optional<std::string> translated = ToRe2Dialect(pattern);
    if (!translated) {
      ChargeBytes(context, pattern.size());
      (void)context.Error("error parsing regexp: invalid escape sequence: `\\C`");
      return nullptr;
    }
    program = cache.Add(context, pattern, *translated);
  }
  if (program->ok()) return program;
  (void)context.Error("error parsing regexp: " + ErrorText(*program));
  return nullptr;
}

}  // namespace intentgate::rego::builtins
