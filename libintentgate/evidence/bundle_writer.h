// Writes an auditor's bundle (docs/formats/bundle.md) from a store.
//
// Thread-safe. Memory is bounded by a segment and the proofs of one event; what is appended meanwhile is not in it.
#pragma once

#include <cstdint>
#include <string>

#include <intentgate/audit.h>
#include <intentgate/clock.h>
#include <intentgate/evidence.h>
#include <intentgate/result.h>

#include "audit/audit_store.h"
#include "audit/log_store.h"

namespace intentgate::evidence {

// The events of request.tenant up to the newest checkpoint, under that checkpoint; without any checkpoint all of them,
// and the bundle says that nothing is signed for. Writes what is stored and judges nothing: the bundle of a store that
// was tampered with does not verify. kNotFound for a tenant without events, kCorrupt when the newest checkpoint covers
// more events than the store has, the sink's error when it fails. `values` is asked if the request wants values; null:
// there are none.
Status WriteBundle(audit::AuditStore& store, audit::LogStore& log, const BundleRequest& request, const Clock& clock,
                   const ExportSink& sink, audit::PrivateValueStore* values = nullptr);

// An archive segment: the events from the beginning of the chain in this store up to, not including, `next_seq`, under a
// checkpoint that covers them.
struct ArchiveRequest {
  std::string tenant;
  std::int64_t next_seq = 0;
  audit::StoredCheckpoint checkpoint;   // of at least next_seq events
  bool include_values = false;
};
Status WriteArchive(audit::AuditStore& store, audit::LogStore& log, const ArchiveRequest& request, const Clock& clock,
                    const ExportSink& sink, audit::PrivateValueStore* values);

}  // namespace intentgate::evidence
