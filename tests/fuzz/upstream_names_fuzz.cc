// The marks of several upstreams on ids, tokens and events must come back as they were, and nothing else be taken for a mark;
// a URI template must match without reading past its end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mcp/directory.h"
#include "mcp/question_ids.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intentgate;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t half = text.find('\n');
  if (half != std::string_view::npos) (void)mcp::MatchesTemplate(text.substr(0, half), text.substr(half + 1));
  if (const auto event = mcp::UnmarkEvent(text, 3); event && event->upstream >= 3) std::abort();
  const auto marked = mcp::UnmarkEvent(mcp::EventPrefix(2) + std::string(text), 3);
  if (!marked || marked->upstream != 2 || marked->id != text) std::abort();
  const Result<json::Value> message = json::Parse(text);
  if (!message.ok() || !message->is_object()) return 0;
  if (const auto answer = mcp::UnmarkAnswer(*message, 3); answer && answer->upstream >= 3) std::abort();
  const auto question = mcp::MarkQuestion(1, *message);
  const json::Value* id = message->Find("id");
  if (!question || id == nullptr) return 0;
  const Result<json::Value> seen = json::Parse(*question);
  if (!seen.ok()) std::abort();
  json::Value reply{json::Object{}};
  reply.Set("id", *seen->Find("id"));
  const auto back = mcp::UnmarkAnswer(reply, 3);
  if (!back || back->upstream != 1 || !(*back->body.Find("id") == *id)) std::abort();
  return 0;
}
