// An answer in JSON whose id was the gateway's: checked as ReadAnswer checks it and written while it is read. A tree in between
// would cost as much as the reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/result.h>

#include "json/events.h"

namespace intentgate::mcp {

struct AnswerChanges {
  const json::Value& awaited;                     // the id that it must have, a text or a number
  const json::Value& id;                          // the one that it gets
  std::optional<std::int64_t> note_ms = {};       // a result gets the note of AddAllowNote with this latency
};

struct RewrittenAnswer {
  std::string text;
  bool rpc_error = false;   // as in Answer
  bool tool_error = false;
};

// Keeps the memory that it works on. Thread-compatible.
class AnswerRewriter {
 public:
  // What json::Write gives of ReadAnswer's body after the changes; errors as ReadAnswer's.
  Result<RewrittenAnswer> Rewrite(std::string_view text, const AnswerChanges& changes, std::size_t max_bytes);

 private:
  std::unique_ptr<json::EventReader> reader_;
  std::vector<std::string_view> names_;  // of the open objects
  std::vector<std::size_t> opened_;      // where in names_ each of them begins
};

}  // namespace intentgate::mcp
