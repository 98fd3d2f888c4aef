#include "evidence/ocsf/ocsf.h"

#include <utility>

#include "audit/canonical_event.h"
#include "base/time_format.h"
#include "evidence/ocsf/classes.h"

namespace intentgate::evidence {
namespace {

using ocsf::Draft;
using ocsf::SourceEvent;

constexpr std::int64_t kSha256 = 3, kHex = 1;
// Not OCSF's own digest over this rendering: the chain's, which does not depend on who renders it.
constexpr std::string_view kSerialization = "IntentGate chain: previous hash in hex, then the RFC 8785 event";

// The stable name of what happened, whatever the class.
std::string EventCode(const SourceEvent& source) {
  const std::string kind = source.Peek("kind");
  if (kind == "decision") return source.Peek("code");
  return kind == "outcome" ? "outcome." + source.Peek("outcome") : source.Peek("tool");
}

json::Value Metadata(const AuditRecord& record, SourceEvent& source, const OcsfOptions& options, json::Array profiles) {
  json::Value metadata = json::MakeObject({{"version", OcsfVersionName(options.version)},
                                           {"product", ocsf::Product(options)},
                                           {"log_name", "audit"},
                                           {"uid", record.event_id},
                                           {"sequence", record.seq},
                                           {"tenant_uid", record.tenant}});
  const std::string decision = source.Peek("decision_event_id");
  metadata.Set("correlation_uid", decision.empty() ? record.event_id : decision);
  if (const std::string code = EventCode(source); !code.empty()) metadata.Set("event_code", code);
  metadata.Set("original_time", source.Text("ts"));
  if (!profiles.empty()) metadata.Set("profiles", std::move(profiles));
  for (const char* name : {"event_id", "seq", "tenant"}) source.Drop(name);
  return metadata;
}

json::Value Fingerprint(const std::string& hash) {
  return json::MakeObject({{"algorithm_id", kSha256},
                           {"algorithm", "SHA-256"},
                           {"encoding_id", kHex},
                           {"serialization_id", ocsf::kOther},
                           {"serialization", kSerialization},
                           {"value", hash}});
}

json::Value Attestation(const AuditRecord& record, const OcsfOptions& options, const OcsfPredecessor* before) {
  json::Value attestation = json::MakeObject({{"chain_uid", "audit/" + record.tenant}});
  if (!options.log_key_name.empty()) attestation.Set("authority_uid", options.log_key_name);
  if (before != nullptr && before->tenant == record.tenant && before->seq + 1 == record.seq) {
    attestation.Set("prev_event", json::MakeObject({{"uid", before->event_id},
                                                    {"type_uid", before->type_uid},
                                                    {"fingerprint", Fingerprint(record.prev_hash)}}));
  }
  attestation.Set("fingerprint", Fingerprint(record.hash));
  return attestation;
}

void RenderClass(SourceEvent& source, const OcsfOptions& options, Draft& draft) {
  const std::string kind = source.Peek("kind");
  if (kind == "decision" || kind == "outcome") return ocsf::RenderApiActivity(source, options, draft);
  if (kind == "admin") return ocsf::RenderEntityManagement(source, draft);
  ocsf::RenderApplicationLifecycle(source, options, draft);
}

// Floors, so that times before 1970 stay ordered.
std::int64_t Millis(std::int64_t micros) {
  const std::int64_t whole = micros / 1000;
  return micros % 1000 < 0 ? whole - 1 : whole;
}

}  // namespace

std::string_view OcsfVersionName(OcsfVersion version) {
  return version == OcsfVersion::k1_8_0 ? "1.8.0" : "1.9.0";
}

Result<json::Value> RenderOcsf(const AuditRecord& record, const OcsfOptions& options, const OcsfPredecessor* before) {
  Result<SourceEvent> source = SourceEvent::Read(record);
  if (!source.ok()) return source.error();
  const Result<std::int64_t> micros = base::ParseRfc3339Micros(source->Peek("ts"));
  if (!micros.ok()) {
    return Error{ErrorCode::kCorrupt, "event " + std::to_string(record.seq) + " of tenant " + record.tenant +
                                          " has no time; verify the chain"};
  }
  Draft draft;
  draft.event.Set("time", Millis(*micros));
  RenderClass(*source, options, draft);
  if (options.version != OcsfVersion::k1_8_0) {
    draft.profiles.emplace_back("record_integrity");
    draft.event.Set("attestation_list", json::Array{Attestation(record, options, before)});
  }
  draft.event.Set("metadata", Metadata(record, *source, options, std::move(draft.profiles)));
  json::Value rest(source->Rest());
  rest.Set("prev_hash", record.prev_hash);
  rest.Set("hash", record.hash);
  draft.event.Set("unmapped", json::MakeObject({{"intentgate", std::move(rest)}}));
  return std::move(draft.event);
}

Status OcsfLines::Append(const AuditRecord& record, std::string& out) {
  const Result<json::Value> event = RenderOcsf(record, options_, &before_);
  if (!event.ok()) return event.error();
  json::AppendTo(*event, out);
  out += '\n';
  before_ = {record.tenant, record.seq, record.event_id, event->Find("type_uid")->AsInt64().value_or(0)};
  return {};
}

}  // namespace intentgate::evidence
