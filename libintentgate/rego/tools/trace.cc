// A trace as text.

#include <algorithm>

#include <intentgate/rego_observe.h>

namespace intentgate::rego {
namespace {

constexpr std::size_t kMaxExcerpt = 120;

std::string_view Word(EvalEventKind kind) {
  switch (kind) {
    case EvalEventKind::kEnter: return "Enter";
    case EvalEventKind::kExit: return "Exit";
    case EvalEventKind::kEval: return "Eval";
    case EvalEventKind::kFail: return "Fail";
    case EvalEventKind::kRedo: return "Redo";
    case EvalEventKind::kNote: return "Note";
    case EvalEventKind::kPrint: return "Print";
  }
  return "";
}

// From a place to the end of its line; columns count characters.
std::string_view RestOfLine(std::string_view text, std::uint32_t line, std::uint32_t column) {
  for (std::uint32_t i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  for (std::uint32_t i = 1; i < column && !text.empty(); ++i) {
    do text.remove_prefix(1);
    while (!text.empty() && (static_cast<unsigned char>(text[0]) & 0xC0U) == 0x80U);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '{')) text.remove_suffix(1);
  return text.substr(0, kMaxExcerpt);
}

}  // namespace

Trace::Trace(std::span<const SourceFile> sources) : sources_(sources) {}

void Trace::Clear() {
  lines_.clear();
  cut_ = false;
}

void Trace::OnEvent(const EvalEvent& event) {
  if (lines_.size() >= kMaxEvents) {
    cut_ = true;
    return;
  }
  lines_.push_back({event.kind, std::string(event.file), event.line, event.column, event.depth, std::string(event.text)});
}

// What the level is about, and the rules around it.
std::vector<bool> Trace::Told(TraceLevel level) const {
  if (level == TraceLevel::kFull) return std::vector<bool>(lines_.size(), true);
  const EvalEventKind wanted = level == TraceLevel::kFails ? EvalEventKind::kFail : EvalEventKind::kNote;
  std::vector<bool> told(lines_.size(), false);
  std::vector<std::size_t> open;  // the rules that are entered, by depth
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    if (line.kind == EvalEventKind::kEnter) {
      open.resize(std::min<std::size_t>(open.size(), line.depth));
      open.push_back(i);
    }
    if (line.kind != wanted) continue;
    told[i] = true;
    for (std::size_t depth = 0; depth < open.size() && depth < line.depth; ++depth) told[open[depth]] = true;
  }
  return told;
}

std::string Trace::Excerpt(const Line& line, std::string_view query) const {
  if (line.kind == EvalEventKind::kNote || line.kind == EvalEventKind::kPrint) return '"' + line.text + '"';
  const auto source = std::find_if(sources_.begin(), sources_.end(), [&](const SourceFile& s) { return s.name == line.file; });
  return std::string(source == sources_.end() ? RestOfLine(query, line.line, line.column) : RestOfLine(source->text, line.line, line.column));
}

std::string Trace::Text(TraceLevel level, std::string_view query) const {
  const std::vector<bool> told = Told(level);
  std::vector<std::string> places;
  std::size_t width = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    places.push_back(told[i] ? lines_[i].file + ":" + std::to_string(lines_[i].line) : std::string());
    width = std::max(width, places.back().size());
  }
  std::string out;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (!told[i]) continue;
    out += places[i] + std::string(width - places[i].size() + 1, ' ');
    for (std::uint32_t depth = 0; depth < lines_[i].depth; ++depth) out += "| ";
    out += Word(lines_[i].kind);
    if (const std::string excerpt = Excerpt(lines_[i], query); !excerpt.empty()) out += ' ' + excerpt;
    out += '\n';
  }
  if (cut_) out += "... only the first " + std::to_string(kMaxEvents) + " events are kept\n";
  return out;
}

}  // namespace intentgate::rego
