#include "admin/resources.h"

#include <algorithm>

#include "base/time_format.h"

namespace intentgate::admin {
namespace {

constexpr std::int64_t kMaxOffset = 100'000;

Result<std::optional<std::int64_t>> TimeParameter(const Request& request, const std::string& name) {
  return ReadTime(name, TextParameter(request, name));
}

// A slip in one of these would be answered with no events, as if nothing had happened.
Result<std::string> OneOf(const Request& request, const std::string& name, std::initializer_list<std::string_view> words) {
  std::string text = TextParameter(request, name);
  if (text.empty() || std::find(words.begin(), words.end(), text) != words.end()) return text;
  std::string list;
  for (const std::string_view word : words) list.append(list.empty() ? "" : ", ").append(word);
  return Error{ErrorCode::kInvalidArgument, name + " must be one of " + list};
}

// The event as it was hashed, with the private values that are there and its place in the chain beside it.
Result<json::Value> Shown(const AuditRecord& record) {
  Result<json::Value> event = ShownEvent(record);
  if (!event.ok()) return event;
  event->Set("seq", record.seq);
  event->Set("prev_hash", record.prev_hash);
  event->Set("hash", record.hash);
  return event;
}

// The public clients page by offset; the store pages by position. Walks over what the offset skips.
Result<AuditPage> PageAt(Gate& gate, const AuditFilter& filter, std::string after, std::int64_t offset,
                         std::size_t limit) {
  while (offset > 0) {
    const std::size_t step = static_cast<std::size_t>(std::min<std::int64_t>(offset, 1000));
    Result<AuditPage> skipped = gate.QueryAudit(filter, after, step);
    if (!skipped.ok()) return skipped;
    if (skipped->next.empty()) return AuditPage{};
    after = std::move(skipped->next);
    offset -= static_cast<std::int64_t>(step);
  }
  return gate.QueryAudit(filter, after, limit);
}

}  // namespace

Result<std::optional<std::int64_t>> ReadTime(const std::string& name, const std::string& text) {
  if (text.empty()) return std::optional<std::int64_t>();
  const Result<std::int64_t> micros = base::ParseRfc3339Micros(text);
  if (!micros.ok()) return Error{ErrorCode::kInvalidArgument, name + " must be an RFC 3339 time, such as 2026-01-31T00:00:00Z"};
  return std::optional<std::int64_t>(*micros);
}

Result<AuditFilter> ReadFilter(const Request& request) {
  AuditFilter filter;
  const auto from = TimeParameter(request, "from");
  const auto to = TimeParameter(request, "to");
  if (!from.ok()) return from.error();
  if (!to.ok()) return to.error();
  filter.from_micros = *from;
  filter.to_micros = *to;
  Result<std::string> tenant = TenantFor(request, TextParameter(request, "tenant"));
  if (!tenant.ok()) return tenant.error();
  filter.tenant = std::move(*tenant);
  filter.agent_id = TextParameter(request, "agent_id");
  filter.tool = TextParameter(request, "tool");
  const auto decision = OneOf(request, "decision", {"allow", "block", "escalate"});
  const auto check = OneOf(request, "check", {"capability", "intent", "policy", "budget"});
  const auto kind = OneOf(request, "kind", {"genesis", "decision", "outcome", "admin", "control"});
  for (const auto* word : {&decision, &check, &kind}) {
    if (!word->ok()) return word->error();
  }
  filter.decision = *decision;
  filter.check = *check;
  filter.kind = *kind;
  filter.jti = TextParameter(request, "jti");
  filter.event_id = TextParameter(request, "event_id");
  filter.elevation_id = TextParameter(request, "elevation_id");
  filter.root_jti = TextParameter(request, "root_jti");
  filter.session_id = TextParameter(request, "session_id");
  filter.code = TextParameter(request, "code");
  filter.actor = TextParameter(request, "actor");
  return filter;
}

Reply QueryAudit(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"from", "to", "tenant", "agent_id", "tool", "decision", "check", "jti",
                                               "event_id", "elevation_id", "kind", "root_jti", "session_id", "code",
                                               "actor", "limit", "offset", "after", "count"});
      !known.ok()) {
    return Reply::FromError(known.error());
  }
  const Result<AuditFilter> filter = ReadFilter(request);
  const Result<std::int64_t> limit = IntegerParameter(request, "limit", 100, 1, 1000);
  const Result<std::int64_t> offset = IntegerParameter(request, "offset", 0, 0, kMaxOffset);
  if (!filter.ok()) return Reply::FromError(filter.error());
  if (!limit.ok()) return Reply::FromError(limit.error());
  if (!offset.ok()) return Reply::FromError(offset.error());
  const auto count = OneOf(request, "count", {"true", "false"});
  if (!count.ok()) return Reply::FromError(count.error());
  // What was answered before this request is to be found by it.
  if (Status flushed = on.gate->Flush(); !flushed.ok()) return Reply::FromError(flushed.error());
  const Result<AuditPage> page = PageAt(*on.gate, *filter, TextParameter(request, "after"), *offset,
                                        static_cast<std::size_t>(*limit));
  if (!page.ok()) return Reply::FromError(page.error());
  json::Array events;
  for (const AuditRecord& record : page->records) {
    Result<json::Value> event = Shown(record);
    if (!event.ok()) return Reply::FromError(event.error());
    events.push_back(std::move(*event));
  }
  json::Value body = json::MakeObject({{"events", std::move(events)}, {"limit", *limit}, {"offset", *offset}});
  if (!page->next.empty()) body.Set("next", page->next);
  if (*count == "true") {
    const Result<std::int64_t> total = on.gate->CountAudit(*filter);
    body.Set("total", total.ok() ? *total : std::int64_t{-1});
  }
  return {200, std::move(body)};
}

}  // namespace intentgate::admin
