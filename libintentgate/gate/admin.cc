// The operators' side of the gate. What changes something is in the chain before its effect is reported.

#include <utility>

#include "gate/events.h"
#include "gate/gate_impl.h"

namespace intentgate::gate {
namespace {

constexpr std::size_t kMaxRevokedIdBytes = 256;
constexpr std::size_t kMaxReasonBytes = 1'024;

json::Value MintDetails(const MintRequest& request, const MintedToken& minted) {
  json::Value details = json::MakeObject({{"format", "v" + std::to_string(static_cast<int>(request.format))}});
  if (minted.expires_at) details.Set("expires_at", *minted.expires_at);
  if (!request.audience.empty()) details.Set("audience", request.audience);
  json::Array caveats;
  for (const Caveat& caveat : request.caveats) caveats.push_back(caveat.ToJson());
  if (!caveats.empty()) details.Set("caveats", std::move(caveats));
  return details;
}

// The URL may hold a password.
std::string DescribeStore(const GateSettings& s) {
  if (s.store == StoreKind::kMemory) return "store memory";
  if (s.store == StoreKind::kPostgres) return "store postgres, schema " + s.postgres_schema;
  return "store sqlite " + s.sqlite_path;
}

}  // namespace

Status GateImpl::RecordAdmin(AuditEvent event) {
  Result<AuditReceipt> receipt = log_->AppendAndWait(std::move(event), AuditDurability::kDurable);
  return receipt.ok() ? Status() : receipt.error();
}

Result<MintedToken> GateImpl::Mint(const MintRequest& request, const AdminContext& admin) {
  if (!parts_.settings.keys) return Error{ErrorCode::kInvalidArgument, "no key to mint with; set keys.file or INTENTGATE_MASTER_KEY"};
  Result<MintedToken> minted = intentgate::Mint(*parts_.settings.keys, request, *parts_.clock, *parts_.random);
  if (!minted.ok()) return minted;
  AuditEvent event = AdminEvent("admin/mint", request.tenant, admin);
  event.agent_id = request.subject;
  event.capability_token_id = event.root_capability_token_id = minted->jti;
  event.caveat_count = static_cast<std::int64_t>(request.caveats.size());
  event.reason = "token minted";
  event.details = MintDetails(request, *minted);
  if (Status s = RecordAdmin(std::move(event)); !s.ok()) return NotRecorded("the token was not given out", s.error());
  return minted;
}

Status GateImpl::Revoke(const RevokeRequest& request, const AdminContext& admin) {
  if (request.id.empty() || request.id.size() > kMaxRevokedIdBytes) {
    return Error{ErrorCode::kInvalidArgument, "a token id of 1 to " + std::to_string(kMaxRevokedIdBytes) + " bytes is needed"};
  }
  token::Revocation revocation{request.tenant, request.id, request.reason.substr(0, kMaxReasonBytes),
                               request.actor.empty() ? admin.actor : request.actor, parts_.clock->UnixMicros()};
  if (Status s = revocations_->Revoke(revocation); !s.ok()) return s;
  AuditEvent event = AdminEvent("admin/revoke", request.tenant, admin);
  event.decision = "block";
  event.check = Check::kCapability;
  event.reason_code = Reason::kTokenRevoked;
  event.reason = revocation.reason.empty() ? "token revoked" : "token revoked: " + revocation.reason;
  event.capability_token_id = request.id;
  if (request.tenant.empty()) event.details = json::MakeObject({{"every_tenant", true}});
  if (Status s = RecordAdmin(std::move(event)); !s.ok()) return NotRecorded("the token is revoked all the same", s.error());
  return {};
}

Status GateImpl::SetPolicy(std::shared_ptr<const Policy> policy, const AdminContext& admin) {
  if (!policy) return Error{ErrorCode::kInvalidArgument, "a policy is needed; a gate without one refuses every call"};
  AuditEvent event = AdminEvent("admin/policy", "", admin);
  event.policy_sha256 = policy->Digest();
  event.reason = "policy set";
  if (Status s = RecordAdmin(std::move(event)); !s.ok()) return NotRecorded("the policy was not set", s.error());
  pipeline_.policy().Set(std::move(policy));
  return {};
}

Status GateImpl::RecordToolAccepted(const ToolAcceptance& acceptance, const AdminContext& admin) {
  if (admin.actor.empty()) return Error{ErrorCode::kInvalidArgument, "who accepts must be known: an actor is needed"};
  if (Status s = RecordAdmin(ToolAcceptedEvent(acceptance, admin)); !s.ok()) return NotRecorded("the definition was not accepted", s.error());
  return {};
}

Result<std::vector<RevocationRow>> GateImpl::Revocations(std::string_view tenant, std::size_t limit, std::size_t offset) {
  Result<token::RevocationPage> page = parts_.revocation_store->List(tenant, limit, offset);
  if (!page.ok()) return page.error();
  std::vector<RevocationRow> rows;
  for (token::Revocation& one : page->revocations) {
    rows.push_back({std::move(one.tenant), std::move(one.id), std::move(one.reason), std::move(one.revoked_by), one.revoked_at_micros});
  }
  return rows;
}

Result<AuditPage> GateImpl::QueryAudit(const AuditFilter& filter, std::string_view after, std::size_t limit) {
  Result<AuditPage> page = parts_.audit_store->Query(filter, false, after, limit);
  if (!page.ok() || !parts_.private_values) return page;
  if (Status s = audit::AddValues(*parts_.private_values, page->records); !s.ok()) return s.error();
  return page;
}

Result<std::int64_t> GateImpl::CountAudit(const AuditFilter& filter) { return parts_.audit_store->Count(filter); }

Result<VerifyReport> GateImpl::VerifyAudit(std::string_view tenant) {
  return audit::VerifyChain(*parts_.audit_store, tenant, 0, {}, parts_.private_values.get());
}

Status GateImpl::ExportAudit(const AuditFilter& filter, ExportFormat format, const ExportSink& sink) {
  if (Status s = Flush(); !s.ok()) return s;
  if (format == ExportFormat::kNdjson || format == ExportFormat::kCsv) {
    return audit::ExportEvents(*parts_.audit_store, filter, format, *parts_.clock, sink, parts_.private_values.get());
  }
  if (!parts_.make_renderer) {
    return Error{ErrorCode::kInvalidArgument, "this gate writes NDJSON and CSV only; open it with Gate::Open for OCSF"};
  }
  return audit::ExportRendered(*parts_.audit_store, filter, parts_.make_renderer(format), sink, parts_.private_values.get());
}

Result<std::vector<std::string>> GateImpl::Tenants() { return parts_.audit_store->Tenants(); }

Status GateImpl::Flush() { return log_->Flush(); }

GateHealth GateImpl::Health() const {
  if (!log_->ready(parts_.settings.durability)) return {false, "audit events cannot be stored, so every call is refused"};
  if (!revocations_->fresh()) return {false, "revocations cannot be read, so every token is refused"};
  if (!pipeline_.policy().current()) return {false, "no policy is set, so every call is refused"};
  return {true, ""};
}

AuditStats GateImpl::Stats() const { return log_->stats(); }

std::string GateImpl::Describe() const {
  const GateSettings& s = parts_.settings;
  const std::shared_ptr<const Policy> policy = pipeline_.policy().current();
  std::string out = DescribeStore(s);
  out += s.keys ? ", active key " + s.keys->active_id() + " of " + std::to_string(s.keys->keys().size()) : ", no key";
  out += s.require_capability ? ", token required" : ", token NOT required";
  out += s.intent == IntentMode::kOff ? ", intent off" : s.intent == IntentMode::kRequired ? ", intent required" : ", intent when given";
  if (!s.approvals) out += ", approvals off";
  if (s.extractor_failure == FailureMode::kAllow) out += " (allows when the extractor fails)";
  out += policy ? ", policy " + policy->Digest() : ", no policy";
  out += parts_.signing_key.empty() ? ", checkpoints NOT signed" : ", checkpoints signed as " + s.signing_deployment;
  return out + (s.durability == AuditDurability::kDurable ? ", audit durable"
                : s.durability == AuditDurability::kAsync ? ", audit async" : ", audit journal");
}

}  // namespace intentgate::gate
