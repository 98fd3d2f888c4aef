// Whether bytes are the canonical form (RFC 8785) of one event, in one pass and without a tree.
//
//   CanonicalChecker checker;
//   Result<EventView> event = checker.Check(bytes);
//
// Accepts what ReadCanonical accepted by parsing and writing again: strict JSON in UTF-8, one object, nested at
// most kEventLimits.max_depth, members sorted by UTF-16 code units and unique, no blanks, no escape that is not
// needed, numbers as ECMAScript writes them, a `seq` that is not negative and a `ts` that is a time.
// Costs about as much as hashing the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::audit {

// What an event says about itself. The texts point into the checked bytes or into the checker; a member that
// is missing or no text is "". `ts_micros` is the time in `ts`.
struct EventView {
  std::string_view actor, agent_id, jti, check, code, decision, elevation_id, event_id, kind, producer_id, root_jti;
  std::string_view session_id, tenant, tool, ts;
  // As it stands in the bytes, without its quotes.
  std::string_view tenant_json;
  std::int64_t seq = 0;
  std::optional<std::int64_t> producer_seq;
  std::int64_t ts_micros = 0;
};

// Thread-compatible. A view is good until the next Check or the end of the bytes.
class CanonicalChecker {
 public:
  // kMalformed with what is wrong.
  Result<EventView> Check(std::string_view canonical);

 private:
  std::array<std::string, 15> unescaped_;
};

}  // namespace intentgate::audit
