#include "contract/chains.h"

#include <utility>

#include "audit/canonical_event.h"

namespace intentgate::test {

audit::StoredEvent MakeStored(const std::string& tenant, std::int64_t seq, const std::string& prev_hash,
                              AuditEvent event) {
  event.tenant = tenant;
  if (seq == 0) event.kind = EventKind::kGenesis;
  if (event.event_id.empty()) event.event_id = tenant + "-" + std::to_string(seq);
  if (event.ts_micros == 0) event.ts_micros = 1'700'000'000'000'000 + seq;
  const audit::EventDraft draft = audit::MakeDraft(std::move(event), "test", false);
  audit::StoredEvent stored = draft.stored;
  audit::Place(draft, seq, prev_hash, stored.record);
  return stored;
}

audit::TenantBatch MakeBatch(const std::string& tenant, const ChainHead& head, int count) {
  audit::TenantBatch batch{tenant, {}};
  std::string prev = head.hash;
  for (int i = 0; i < count; ++i) {
    batch.events.push_back(MakeStored(tenant, head.next_seq + i, prev));
    prev = batch.events.back().record.hash;
  }
  return batch;
}

}  // namespace intentgate::test
