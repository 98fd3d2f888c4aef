// The parsed event that is rendered, and which of its members have found a place.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <intentgate/audit.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::evidence::ocsf {

// Thread-compatible. Every member that is asked for counts as placed.
class SourceEvent {
 public:
  // kCorrupt when the bytes are no JSON object.
  static Result<SourceEvent> Read(const AuditRecord& record);

  // "" when the member is absent or no text.
  std::string Text(std::string_view name);
  std::optional<std::int64_t> Integer(std::string_view name);
  // Looks without placing.
  std::string Peek(std::string_view name) const;
  // Counts the member as placed: what it says stands elsewhere.
  void Drop(std::string_view name) { placed_.emplace(name); }
  // A text inside the member `details`, which stays unplaced; "" when there is none.
  std::string Detail(std::string_view name) const;

  // Members without a place, in the order of the event.
  json::Object Rest() const;

 private:
  explicit SourceEvent(json::Value event) : event_(std::move(event)) {}
  json::Value event_;
  std::set<std::string, std::less<>> placed_;
};

}  // namespace intentgate::evidence::ocsf
