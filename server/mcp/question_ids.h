// Questions of several upstreams to one client (sampling, elicitation, roots). Two upstreams may choose the same ids, so
// the client sees an id that says whose question it is, and its answer finds the way back by it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <intentgate/json.h>

namespace intentgate::mcp {

// A message of an upstream as the client is to see it; nullopt: as it came.
std::optional<std::string> MarkQuestion(std::size_t upstream, const json::Value& message);

struct Unmarked {
  std::size_t upstream = 0;
  json::Value body;
};
// A client's answer, or a notification about a question, as its upstream is to see it. nullopt: it carries no such mark.
std::optional<Unmarked> UnmarkAnswer(const json::Value& message, std::size_t upstreams);

// The same for the ids of events, by which a client comes back for the rest of a stream.
std::string EventPrefix(std::size_t upstream);
struct MarkedEvent {
  std::size_t upstream = 0;
  std::string id;
};
std::optional<MarkedEvent> UnmarkEvent(std::string_view id, std::size_t upstreams);

}  // namespace intentgate::mcp
