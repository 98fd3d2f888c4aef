#include "evidence/ocsf/source_event.h"

#include <utility>

namespace intentgate::evidence::ocsf {

Result<SourceEvent> SourceEvent::Read(const AuditRecord& record) {
  Result<json::Value> event = ShownEvent(record);
  if (!event.ok()) return event.error();
  return SourceEvent(std::move(*event));
}

std::string SourceEvent::Text(std::string_view name) {
  std::string text = Peek(name);
  if (!text.empty()) Drop(name);
  return text;
}

std::optional<std::int64_t> SourceEvent::Integer(std::string_view name) {
  const json::Value* member = event_.Find(name);
  const std::optional<std::int64_t> n = member != nullptr ? member->AsInt64() : std::nullopt;
  if (n) Drop(name);
  return n;
}

std::string SourceEvent::Peek(std::string_view name) const {
  const json::Value* member = event_.Find(name);
  return member != nullptr && member->is_string() ? member->string_value() : std::string();
}

std::string SourceEvent::Detail(std::string_view name) const {
  const json::Value* details = event_.Find("details");
  const json::Value* member = details != nullptr ? details->Find(name) : nullptr;
  return member != nullptr && member->is_string() ? member->string_value() : std::string();
}

json::Object SourceEvent::Rest() const {
  json::Object rest;
  for (const json::Member& member : event_.object()) {
    if (!placed_.contains(member.name)) rest.push_back(member);
  }
  return rest;
}

}  // namespace intentgate::evidence::ocsf
