// The MCP message reader: whatever it accepts reads back as the same call, and a strict parser agrees on it. And the two ways to read an answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mcp/answer.h"
#include "mcp/answer_rewriter.h"
#include "mcp/message.h"

namespace {

using namespace intentgate;  // NOLINT(google-build-using-namespace)

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckCall(const mcp::Message& message) {
  const auto read = mcp::ReadToolCall(message);
  if (const auto* refusal = std::get_if<mcp::Refusal>(&read)) {
    Require(json::Parse(mcp::ErrorReply(*refusal)).ok());
    return;
  }
  const auto& call = std::get<mcp::ToolCall>(read);
  const auto again = mcp::ReadMessage(json::Write(message.body()), 1 << 22);
  Require(std::holds_alternative<mcp::Message>(again));
  const auto same = mcp::ReadToolCall(std::get<mcp::Message>(again));
  Require(std::holds_alternative<mcp::ToolCall>(same));
  Require(std::get<mcp::ToolCall>(same).name == call.name);
  for (const char c : call.name) Require(static_cast<unsigned char>(c) >= 0x20);
}

// Without a tree an answer becomes the same text, or is refused with the same words.
void CheckRewriting(std::string_view text) {
  const json::Value awaited(1);
  const json::Value id("a");
  mcp::AnswerRewriter rewriter;
  const auto found = rewriter.Rewrite(text, {awaited, id, 3}, 1 << 20);
  Result<mcp::Answer> answer = mcp::ReadAnswer(text, awaited, 1 << 20);
  Require(found.ok() == answer.ok());
  if (!answer.ok()) return Require(found.error().message == answer.error().message);
  answer->body.Set("id", id);
  if (!answer->rpc_error) mcp::AddAllowNote(*answer, 3);
  Require(found->text == json::Write(answer->body));
  Require(found->rpc_error == answer->rpc_error && found->tool_error == answer->tool_error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckRewriting(text);
  const auto read = mcp::ReadMessage(text, 1 << 20);
  if (const auto* refusal = std::get_if<mcp::Refusal>(&read)) {
    Require(json::Parse(mcp::ErrorReply(*refusal)).ok());
    return 0;
  }
  const auto& message = std::get<mcp::Message>(read);
  if (message.kind() == mcp::MessageKind::kRequest) CheckCall(message);
  if (message.kind() == mcp::MessageKind::kResponse) {
    Result<mcp::Answer> answer = mcp::CheckAnswer(message.body(), *message.id());
    if (answer.ok() && !answer->rpc_error) {
      mcp::AddAllowNote(*answer, 1);
      (void)mcp::NarrowInitialize(*answer);
      if (const auto tools = mcp::ReadToolList(*answer); tools.ok()) {
        mcp::FilterList(*answer, "tools", std::vector<bool>(tools->size(), false));
      }
      Require(json::Parse(json::Write(answer->body)).ok());
    }
  }
  return 0;
}
