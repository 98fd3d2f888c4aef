// What operators do with old events through the C API: export a part, erase, hold, prune.

#include <intentgate/evidence.h>
#include <intentgate/retention.h>

#include "capi/filter.h"
#include "capi/objects.h"
#include "capi/request.h"

namespace intentgate::capi {
namespace {

AdminContext Admin(ig_str actor) { return {std::string(View(actor)), "", ""}; }

// An end of a hold's span that is open has no member.
json::Value ToJson(const LegalHold& hold) {
  const LegalHold open;
  json::Value out = json::MakeObject({{"tenant", hold.tenant},
                                      {"id", hold.id},
                                      {"reason", hold.reason},
                                      {"placed_by", hold.placed_by},
                                      {"placed_at_micros", hold.placed_at_micros}});
  if (hold.from_micros != open.from_micros) out.Set("from_micros", hold.from_micros);
  if (hold.to_micros != open.to_micros) out.Set("to_micros", hold.to_micros);
  return out;
}

Result<LegalHold> ReadHold(std::string_view text) {
  Request json(text, {"tenant", "id", "reason", "from_micros", "to_micros"});
  LegalHold hold;
  hold.tenant = json.Text("tenant", "default");
  hold.id = json.Text("id");
  hold.reason = json.Text("reason");
  hold.from_micros = json.Integer("from_micros").value_or(hold.from_micros);
  hold.to_micros = json.Integer("to_micros").value_or(hold.to_micros);
  if (!json.status().ok()) return json.status().error();
  return hold;
}

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_gate_export_events(ig_gate* gate, ig_str filter_json, ig_str format, ig_sink sink, void* context, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(sink);
    const Result<AuditFilter> filter = ReadFilter(View(filter_json));
    if (!filter.ok()) return Fail(error, filter.error());
    const Result<ExportFormat> as = ParseExportFormat(View(format));
    if (!as.ok()) return Fail(error, as.error());
    const Status s = gate->gate->ExportAudit(*filter, *as, [&](std::string_view piece) -> Status {
      if (sink(context, piece.data(), piece.size()) == 0) return {};
      return Error{ErrorCode::kCancelled, "the sink stopped the export"};
    });
    return s.ok() ? IG_OK : Fail(error, s.error());
  });
}

ig_code ig_gate_erase_values(ig_gate* gate, ig_str filter_json, ig_str reason, int dry_run, ig_str actor, ig_text** report_json,
                             ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(report_json);
    if (dry_run != 0 && dry_run != 1) return Fail(error, IG_INVALID_ARGUMENT, "dry_run must be 1 or 0");
    const Result<AuditFilter> filter = ReadFilter(View(filter_json));
    if (!filter.ok()) return Fail(error, filter.error());
    const EraseRequest request{.filter = *filter, .reason = std::string(View(reason)), .dry_run = dry_run == 1};
    const Result<EraseReport> report = gate->gate->EraseValues(request, Admin(actor));
    if (!report.ok()) return Fail(error, report.error());
    return GiveText(report_json, json::Write(json::MakeObject({{"events", report->events}, {"values", report->values},
                                                               {"approvals", report->approvals}})));
  });
}

ig_code ig_gate_place_hold(ig_gate* gate, ig_str hold_json, ig_str actor, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    const Result<LegalHold> hold = ReadHold(View(hold_json));
    if (!hold.ok()) return Fail(error, hold.error());
    const Status s = gate->gate->PlaceHold(*hold, Admin(actor));
    return s.ok() ? IG_OK : Fail(error, s.error());
  });
}

ig_code ig_gate_lift_hold(ig_gate* gate, ig_str tenant, ig_str id, ig_str reason, ig_str actor, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    const Status s = gate->gate->LiftHold(View(tenant), View(id), View(reason), Admin(actor));
    return s.ok() ? IG_OK : Fail(error, s.error());
  });
}

ig_code ig_gate_holds(ig_gate* gate, ig_str tenant, ig_text** holds_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(holds_json);
    const Result<std::vector<LegalHold>> holds = gate->gate->Holds(View(tenant));
    if (!holds.ok()) return Fail(error, holds.error());
    json::Array rows;
    for (const LegalHold& hold : *holds) rows.push_back(ToJson(hold));
    return GiveText(holds_json, json::Write(json::Value(std::move(rows))));
  });
}

ig_code ig_gate_prune(ig_gate* gate, ig_str tenant, int64_t before_micros, ig_str reason, int dry_run, ig_str actor,
                      ig_text** report_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(report_json);
    if (dry_run != 0 && dry_run != 1) return Fail(error, IG_INVALID_ARGUMENT, "dry_run must be 1 or 0");
    Evidence* evidence = gate->gate->evidence();
    if (evidence == nullptr) return Fail(error, IG_UNAVAILABLE, "this gate's store keeps no tree over the chain");
    const PruneRequest request{.tenant = std::string(View(tenant)), .before_micros = before_micros,
                               .reason = std::string(View(reason)), .dry_run = dry_run == 1};
    const Result<PruneReport> report = evidence->Prune(request, Admin(actor));
    if (!report.ok()) return Fail(error, report.error());
    return GiveText(report_json, json::Write(json::MakeObject({{"first_seq", report->first_seq},
                                                               {"next_first_seq", report->next_first_seq},
                                                               {"resumed", report->resumed},
                                                               {"archive", report->archive},
                                                               {"archive_sha256", report->archive_sha256}})));
  });
}

}  // extern "C"
