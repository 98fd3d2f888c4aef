#include "rego/compile/diagnostics.h"

#include <algorithm>
#include <tuple>

namespace intentgate::rego {
namespace {

constexpr std::size_t kMaxShownLine = 200;

std::string LineOf(std::string_view text, std::uint32_t line) {
  std::size_t start = 0;
  for (std::uint32_t i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n', start);
    if (end == std::string_view::npos) return {};
    start = end + 1;
  }
  std::string_view shown = text.substr(start, text.find('\n', start) - start);
  if (!shown.empty() && shown.back() == '\r') shown.remove_suffix(1);
  return std::string(shown.substr(0, kMaxShownLine));
}

}  // namespace

void Diagnostics::Add(std::string_view code, Location at, std::string message, std::string suggestion) {
  if (full()) return;
  Diagnostic d;
  d.code = code;
  d.message = std::move(message);
  d.suggestion = std::move(suggestion);
  d.line = at.line;
  d.column = at.column;
  if (const SourceFile* source = Source(at.file); source != nullptr && at.line > 0) {
    d.file = source->name;
    d.source_line = LineOf(source->text, at.line);
  }
  const bool known = std::any_of(list_.begin(), list_.end(), [&](const Diagnostic& other) {
    return other.line == d.line && other.file == d.file && other.message == d.message;
  });
  if (!known) list_.push_back(std::move(d));
}

std::vector<Diagnostic> Diagnostics::Take() {
  std::stable_sort(list_.begin(), list_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  return std::move(list_);
}

std::string Diagnostic::ToString() const {
  std::string out;
  if (line > 0) out = file + ":" + std::to_string(line) + ": ";
  out += code + ": " + message;
  if (!source_line.empty()) {
    out += "\n\t" + source_line + "\n\t";
    for (std::size_t i = 0; i + 1 < column && i < source_line.size(); ++i) out += source_line[i] == '\t' ? '\t' : ' ';
    out += '^';
  }
  if (!suggestion.empty()) out += "\n\t" + suggestion;
  return out;
}

std::string EvalError::ToString() const {
  std::string out;
  if (line > 0) out = file + ":" + std::to_string(line) + ": ";
  return out + code + ": " + message;
}

}  // namespace intentgate::rego
