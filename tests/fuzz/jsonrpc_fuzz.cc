// The MCP message reader: whatever it accepts reads back as the same call, and a strict parser agrees on it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mcp/answer.h"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
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
