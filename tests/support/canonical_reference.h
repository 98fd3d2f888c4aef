// The slow, obvious reading of canonical bytes: parse them, write them again, compare. What CanonicalChecker is
// held against; linked only into tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <intentgate/json.h>

#include "audit/canonical_check.h"
#include "audit/canonical_event.h"

namespace intentgate::audit {

struct CanonicalReference {
  StoredEvent stored;
  std::string producer_id;
  std::optional<std::int64_t> producer_seq;
};

// nullopt when the bytes are not one canonical event.
inline std::optional<CanonicalReference> ReadByReference(std::string_view bytes) {
  const Result<json::Value> event = json::Parse(bytes, kEventLimits);
  if (!event.ok() || !event->is_object()) return std::nullopt;
  const Result<std::string> again = json::WriteJcs(*event);
  if (!again.ok() || *again != bytes) return std::nullopt;
  Result<StoredEvent> stored = ProjectionsOf(*event);
  if (!stored.ok()) return std::nullopt;
  const json::Value* id = event->Find("producer_id");
  const json::Value* seq = event->Find("producer_seq");
  return CanonicalReference{std::move(*stored), id != nullptr && id->is_string() ? id->string_value() : "",
                            seq != nullptr ? seq->AsInt64() : std::nullopt};
}

// Whether both readings of `bytes` have the same verdict and, if it is good, the same content.
inline bool AgreesWithReference(std::string_view bytes) {
  CanonicalChecker checker;
  const Result<EventView> fast = checker.Check(bytes);
  const std::optional<CanonicalReference> slow = ReadByReference(bytes);
  if (fast.ok() != slow.has_value()) return false;
  if (!slow) return true;
  return FirstDifference(*fast, slow->stored).empty() && fast->producer_id == slow->producer_id &&
         fast->producer_seq == slow->producer_seq &&
         json::Write(json::Value(slow->stored.record.tenant)) == "\"" + std::string(fast->tenant_json) + "\"";
}

}  // namespace intentgate::audit
