#include "mcp/tool_call.h"

#include <utility>

#include "http/bearer.h"
#include "mcp/denial.h"
#include "mcp/receipt_header.h"
#include "mcp/relay.h"
#include "mcp/shared_call.h"

namespace intentgate::mcp {

void RunToolCall(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const ToolCall& call,
                 CallRoute route) {
  const http::HeaderList& headers = exchange->request().headers;
  const auto way = std::make_shared<CallRoute>(std::move(route));
  const Call asked{.token = http::BearerToken(headers),
                   .tool = call.name,
                   .arguments = call.arguments,
                   .method = call.method,
                   .prompt = headers.Get("X-Intent-Prompt").value_or(""),
                   .session_id = way->bound ? std::string_view(way->bound->id) : std::string_view(),
                   .remote_ip = exchange->remote_address(),
                   .server = lane.upstream.name(),
                   .continues = way->continues};
  Gate& gate = *lane.context.gate;
  // The callback may be on any thread; it touches nothing but the mailbox.
  gate.AuthorizeAsync(asked, [&lane, mailbox = lane.mailbox, exchange, message, way](Decision decision) {
    mailbox->Run([&lane, exchange, message, way, decision = std::move(decision)]() mutable {
      lane.context.metrics->Decided(decision);
      const ExchangePtr answered = WithReceipt(exchange, *lane.context.gate, decision);
      if (!decision.allowed()) return SendDenial(lane, *answered, *message->id(), decision);
      if (way->era == Era::kLegacy && !way->bound) return StartSharedCall(lane, answered, message, std::move(decision));
      RelayTask task{.exchange = answered, .message = message, .era = way->era, .principal = PrincipalOf(decision)};
      task.bound = std::move(way->bound);
      task.body = std::move(way->body);
      task.change = std::move(way->change);
      task.decision = std::move(decision);
      StartRelay(lane, std::move(task));
    });
  });
}

}  // namespace intentgate::mcp
