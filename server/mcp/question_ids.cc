// A mark is "<upstream>~" before the value: before the JSON text of an id or a progress token, which become a text by it,
// and before the id of an event.
#include "mcp/question_ids.h"

#include <array>
#include <charconv>
#include <utility>

namespace intentgate::mcp {
namespace {

constexpr char kMark = '~';

std::optional<std::pair<std::size_t, std::string_view>> Split(std::string_view text, std::size_t upstreams) {
  std::size_t upstream = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), upstream);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (failure != std::errc() || digits == text.size() || *end != kMark || upstream >= upstreams) return std::nullopt;
  return std::pair{upstream, text.substr(digits + 1)};
}

// Where a message refers to one side's choice of id or token, besides its own id.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kReferences = {{
    {"notifications/cancelled", "requestId"},
    {"notifications/progress", "progressToken"},
}};

json::Value* ReferenceIn(json::Value& message) {
  const json::Value* method = message.Find("method");
  json::Value* params = message.Find("params");
  if (method == nullptr || params == nullptr || !params->is_object()) return nullptr;
  for (const auto& [name, member] : kReferences) {
    if (*method == json::Value(name)) return params->Find(member);
  }
  return nullptr;
}

}  // namespace

std::string EventPrefix(std::size_t upstream) { return std::to_string(upstream) + kMark; }

std::optional<std::string> MarkQuestion(std::size_t upstream, const json::Value& message) {
  const json::Value* method = message.Find("method");
  if (method == nullptr) return std::nullopt;
  const bool question = message.Find("id") != nullptr;
  // An upstream's progress is about a request of the client's, with the client's token.
  if (!question && !(*method == json::Value("notifications/cancelled"))) return std::nullopt;
  json::Value marked = message;
  const auto mark = [upstream](json::Value* value) {
    if (value != nullptr) *value = EventPrefix(upstream) + json::Write(*value);
  };
  if (question) {
    mark(marked.Find("id"));
    json::Value* params = marked.Find("params");
    json::Value* meta = params == nullptr ? nullptr : params->Find("_meta");
    mark(meta == nullptr ? nullptr : meta->Find("progressToken"));
  } else {
    mark(ReferenceIn(marked));
  }
  return json::Write(marked);
}

std::optional<Unmarked> UnmarkAnswer(const json::Value& message, std::size_t upstreams) {
  Unmarked out{0, message};
  json::Value* value = message.Find("method") == nullptr ? out.body.Find("id") : ReferenceIn(out.body);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const std::string text = value->string_value();
  const auto split = Split(text, upstreams);
  if (!split) return std::nullopt;
  Result<json::Value> own = json::Parse(split->second);
  if (!own.ok()) return std::nullopt;
  *value = std::move(*own);
  out.upstream = split->first;
  return out;
}

std::optional<MarkedEvent> UnmarkEvent(std::string_view id, std::size_t upstreams) {
  const auto split = Split(id, upstreams);
  if (!split) return std::nullopt;
  return MarkedEvent{split->first, std::string(split->second)};
}

}  // namespace intentgate::mcp
