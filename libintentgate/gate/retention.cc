// Erasing, and legal holds. What takes something away is in the chain before it happens; what protects something holds
// before it is in the chain.

#include <algorithm>
#include <utility>

#include "audit/erasure.h"
#include "audit/export_format.h"
#include "base/time_format.h"
#include "gate/events.h"
#include "gate/gate_impl.h"

namespace intentgate::gate {
namespace {

constexpr std::size_t kMaxReasonBytes = 1'024;
constexpr std::size_t kMaxHoldIdBytes = 128;

std::string Reason(std::string_view what, std::string_view why) {
  std::string reason(what);
  if (!why.empty()) (reason += ": ") += why.substr(0, kMaxReasonBytes);
  return reason;
}

Result<std::int64_t> EraseApprovals(approval::ApprovalStore& store, const std::string& tenant,
                                    std::span<const std::string> ids, bool only_count) {
  if (!only_count) return store.EraseApprovals(tenant, ids);
  const Result<std::vector<approval::StoredApproval>> there = store.FindApprovals(ids);
  if (!there.ok()) return there.error();
  return static_cast<std::int64_t>(
      std::count_if(there->begin(), there->end(), [&](const auto& one) { return one.row.tenant == tenant; }));
}

json::Value HoldDetails(const LegalHold& hold) {
  json::Value details = json::MakeObject({{"hold", hold.id}});
  const LegalHold everything;
  if (hold.from_micros != everything.from_micros) details.Set("from", base::FormatRfc3339Micros(hold.from_micros));
  if (hold.to_micros != everything.to_micros) details.Set("to", base::FormatRfc3339Micros(hold.to_micros));
  return details;
}

}  // namespace

Result<EraseReport> GateImpl::EraseValues(const EraseRequest& request, const AdminContext& admin) {
  if (!parts_.private_values) return Error{ErrorCode::kInvalidArgument, "this gate's store keeps no private values"};
  if (Status s = audit::CheckErasure(request.filter); !s.ok()) return s.error();
  if (Status s = Flush(); !s.ok()) return s.error();
  const Result<ChainHead> head = parts_.audit_store->Head(request.filter.tenant);
  if (!head.ok()) return head.error();
  AuditFilter filter = request.filter;
  filter.to_seq = std::min(filter.to_seq.value_or(head->next_seq - 1), head->next_seq - 1);
  if (parts_.retention_store) {
    if (Status s = audit::CheckHolds(*parts_.audit_store, *parts_.retention_store, filter); !s.ok()) return s.error();
  }
  if (!request.dry_run) {
    AuditEvent event = AdminEvent("admin/erase", filter.tenant, admin);
    event.reason = Reason("private values erased", request.reason);
    event.details = json::MakeObject({{"filter", audit::FilterAsJson(filter)}});
    if (Status s = RecordAdmin(std::move(event)); !s.ok()) return NotRecorded("nothing was erased", s.error());
  }
  audit::ErasedStores stores{*parts_.private_values, {}};
  if (parts_.approval_store) {
    stores.approvals = [&](std::span<const std::string> ids, bool only_count) {
      return EraseApprovals(*parts_.approval_store, filter.tenant, ids, only_count);
    };
  }
  Result<EraseReport> report = audit::EraseValues(*parts_.audit_store, stores, filter, request.dry_run);
  if (report.ok() || request.dry_run) return report;
  return Error{report.error().code, "some values may not be erased yet; ask again: " + report.error().message};
}

Status GateImpl::PlaceHold(const LegalHold& wanted, const AdminContext& admin) {
  if (!parts_.retention_store) return Error{ErrorCode::kInvalidArgument, "this gate's store keeps no legal holds"};
  LegalHold hold = wanted;
  if (hold.tenant.empty() || hold.id.empty() || hold.id.size() > kMaxHoldIdBytes || hold.from_micros > hold.to_micros) {
    return Error{ErrorCode::kInvalidArgument, "a legal hold needs a tenant, an id of 1 to " +
                                                  std::to_string(kMaxHoldIdBytes) + " bytes and a span that does not end before it begins"};
  }
  hold.reason = hold.reason.substr(0, kMaxReasonBytes);
  if (hold.placed_by.empty()) hold.placed_by = admin.actor;
  hold.placed_at_micros = parts_.clock->UnixMicros();
  if (Status s = parts_.retention_store->AddHold(hold); !s.ok()) return s;
  AuditEvent event = AdminEvent("admin/hold_placed", hold.tenant, admin);
  event.reason = Reason("legal hold placed", hold.reason);
  event.details = HoldDetails(hold);
  if (Status s = RecordAdmin(std::move(event)); !s.ok()) return NotRecorded("the hold stands all the same", s.error());
  return {};
}

Status GateImpl::LiftHold(std::string_view tenant, std::string_view id, std::string_view reason,
                          const AdminContext& admin) {
  if (!parts_.retention_store) return Error{ErrorCode::kInvalidArgument, "this gate's store keeps no legal holds"};
  const Result<std::vector<LegalHold>> holds = Holds(tenant);
  if (!holds.ok()) return holds.error();
  const auto hold = std::find_if(holds->begin(), holds->end(),
                                 [&](const LegalHold& h) { return h.tenant == tenant && h.id == id; });
  if (hold == holds->end()) return audit::NoHoldError(tenant, id);
  AuditEvent event = AdminEvent("admin/hold_lifted", tenant, admin);
  event.reason = Reason("legal hold lifted", reason);
  event.details = HoldDetails(*hold);
  if (Status s = RecordAdmin(std::move(event)); !s.ok()) return NotRecorded("the hold stands", s.error());
  return parts_.retention_store->RemoveHold(tenant, id);
}

Result<std::vector<LegalHold>> GateImpl::Holds(std::string_view tenant) {
  if (!parts_.retention_store) return std::vector<LegalHold>{};
  return parts_.retention_store->Holds(tenant);
}

}  // namespace intentgate::gate
