// What every request to the endpoint has in common, before and beside the rules of its era.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/methods.h"
#include "mcp/target.h"

namespace intentgate::mcp {

// One request. Loop-bound.
class Reception {
 public:
  Reception(Lane& lane, ExchangePtr exchange) : lane_(lane), exchange_(std::move(exchange)), head_(exchange_->request()) {}

 protected:
  std::string_view Token() const;
  std::string_view SessionId() const;
  Decision Caller() const;

  // A refusal of the transport.
  void Turn(int status, std::string_view reason, const json::Value& id = {});
  void Unauthorized(const json::Value& id, const Decision& caller);
  // What was refused before the first question is an event too; text without a token that is not even JSON
  // is noise and is only counted.
  void Record(const Refusal& refusal);
  // A tool whose definition nobody has accepted, asked for by somebody with a good token.
  bool IsQuarantined(const ToolCall& call, const std::optional<Target>& target) const;
  // Record, and tell the client.
  void Refuse(const Refusal& refusal);

  Lane& lane_;
  const ExchangePtr exchange_;
  const http::RequestHead& head_;
};

// The era of a message: modern when its envelope or its header names a modern revision. Neither Mcp-Method nor any
// other reserved key tells: clients of the legacy era send them too.
Era EraOf(const http::RequestHead& head, const json::Value& body);

void HandlePost(Lane& lane, ExchangePtr exchange);
void HandleGet(Lane& lane, ExchangePtr exchange);
void HandleDelete(Lane& lane, ExchangePtr exchange);

}  // namespace intentgate::mcp
