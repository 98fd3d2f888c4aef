// An admitted request whose bytes go on as they came, and its answer, whose bytes come back as they came.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "mcp/answer.h"
#include "mcp/lane.h"
#include "mcp/message.h"
#include "mcp/methods.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

struct RelayTask {
  ExchangePtr exchange;
  std::shared_ptr<const Message> message;
  Era era = Era::kLegacy;
  std::size_t upstream = 0;
  std::string principal;
  std::optional<BoundSession> bound;      // a session of the caller's own
  std::optional<Decision> decision;       // an allow whose outcome is to be recorded
  std::optional<std::string> body;        // unset: as it came
  std::optional<std::string> own_name;    // the upstream's own name of what the caller named otherwise
  // What a whole answer becomes, where it is not passed on as it came; gets the checked answer.
  std::function<std::optional<std::string>(Answer&)> change;
  // Told of a checked answer, before its outcome is recorded; true: the decision's outcome becomes known later, elsewhere.
  std::function<bool(const Answer&, const std::optional<Decision>&, std::int64_t start_nanos)> looks;
  // Told when an answer of any size has ended.
  std::function<void(bool failed)> concluded;
  // The answer may be long in coming: silence counts as on a stream.
  bool waits = false;
  // A stream that stays open: the token is asked again from time to time, and silence is no failure.
  bool listens = false;
};

// Loop-bound; answers the exchange.
void StartRelay(Lane& lane, RelayTask task);

}  // namespace intentgate::mcp
