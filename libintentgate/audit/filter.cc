#include "audit/filter.h"

#include <charconv>

#include "base/encoding.h"

namespace intentgate::audit {
namespace {

bool Fits(std::string_view wanted, std::string_view have) { return wanted.empty() || wanted == have; }

// Reads digits up to `end` and moves behind it.
bool TakeInteger(std::string_view& text, char end, std::int64_t& out) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return false;
  const std::from_chars_result read = std::from_chars(text.data(), text.data() + at, out);
  if (read.ec != std::errc() || read.ptr != text.data() + at) return false;
  text.remove_prefix(at + 1);
  return true;
}

}  // namespace

bool Matches(const AuditFilter& f, const EventView& e) {
  return (!f.from_micros || e.ts_micros >= *f.from_micros) && (!f.to_micros || e.ts_micros <= *f.to_micros) &&
         Fits(f.tenant, e.tenant) && Fits(f.agent_id, e.agent_id) && Fits(f.tool, e.tool) &&
         Fits(f.decision, e.decision) && Fits(f.check, e.check) && Fits(f.jti, e.jti) &&
         Fits(f.event_id, e.event_id) && Fits(f.elevation_id, e.elevation_id) && Fits(f.kind, e.kind) &&
         (!f.from_seq || e.seq >= *f.from_seq) && (!f.to_seq || e.seq <= *f.to_seq) &&
         Fits(f.root_jti, e.root_jti) && Fits(f.session_id, e.session_id) && Fits(f.code, e.code) &&
         Fits(f.actor, e.actor);
}

bool Matches(const AuditFilter& f, const StoredEvent& e) {
  EventView view;
  view.agent_id = e.agent_id;
  view.jti = e.jti;
  view.check = e.check;
  view.decision = e.decision;
  view.elevation_id = e.elevation_id;
  view.event_id = e.record.event_id;
  view.kind = e.kind;
  view.tenant = e.record.tenant;
  view.tool = e.tool;
  view.ts_micros = e.ts_micros;
  view.seq = e.record.seq;
  view.root_jti = e.root_jti;
  view.session_id = e.session_id;
  view.code = e.code;
  view.actor = e.actor;
  return Matches(f, view);
}

Status CheckPageLimit(std::size_t limit) {
  if (limit >= 1 && limit <= kMaxPage) return {};
  return Error{ErrorCode::kInvalidArgument, "the limit of a page must be 1 to " + std::to_string(kMaxPage) +
                                                "; ask for the rest with the page's `next`"};
}

bool NarrowsEvents(const AuditFilter& f) {
  return f.from_micros || f.to_micros || !f.agent_id.empty() || !f.tool.empty() || !f.decision.empty() ||
         !f.check.empty() || !f.jti.empty() || !f.event_id.empty() || !f.elevation_id.empty() || !f.kind.empty() ||
         f.from_seq || f.to_seq || !f.root_jti.empty() || !f.session_id.empty() || !f.code.empty() || !f.actor.empty();
}

std::string WriteCursor(const Cursor& cursor) {
  const std::string plain = std::to_string(cursor.ts_micros) + "." + std::to_string(cursor.seq) + "." + cursor.tenant;
  return base::Base64UrlEncode(base::AsBytes(plain));
}

Result<Cursor> ReadCursor(std::string_view text) {
  const Error bad{ErrorCode::kInvalidArgument, "not a page position; pass the `next` of an earlier page unchanged"};
  Result<std::string> plain = base::Base64UrlDecodeText(text);
  if (!plain.ok()) return bad;
  std::string_view rest = *plain;
  Cursor cursor;
  if (!TakeInteger(rest, '.', cursor.ts_micros) || !TakeInteger(rest, '.', cursor.seq)) return bad;
  cursor.tenant = rest;
  return cursor;
}

}  // namespace intentgate::audit
