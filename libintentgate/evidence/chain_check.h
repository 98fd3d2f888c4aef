// Verification of a stored chain together with its tree and its newest checkpoint, from the beginning or from where
// the last verification ended.
//
// While the walk of audit::VerifyChain goes over the events, their hashes are added to a tree of its own, which owes
// nothing to the stored tiles; its root at the checkpoint's size has to be the one that was signed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/evidence.h>

#include "audit/audit_store.h"
#include "audit/log_store.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

namespace intentgate::evidence {

// Whether the note says what stands beside it, of this tenant, and one of `keys` signed it. An empty `keys` leaves the
// signature unchecked. "" or what is wrong.
std::string CheckpointProblem(const audit::StoredCheckpoint& checkpoint, std::string_view tenant,
                              std::span<const tlog::VerifierKey> keys);

// Thread-safe.
class ChainCheck {
 public:
  struct Mark {
    std::int64_t next_seq = 0;         // events below it were found good
    std::string hash;                  // of the last of them
    std::optional<tlog::CompactRange> tree;   // over them; nullopt when the tree below is not known
    std::int64_t at_micros = 0;
    bool at_checkpoint = false;        // it is where the checkpoint ended, so that every later one ends behind it
  };

  // The others must outlive this. `values`: held against the events that commit to them; may be null.
  ChainCheck(audit::AuditStore& store, audit::LogStore& log, std::vector<tlog::VerifierKey> keys, const Clock& clock,
             audit::PrivateValueStore* values = nullptr)
      : store_(store), log_(log), keys_(std::move(keys)), clock_(clock), values_(values) {}

  // `also` hears of every event that was found good; an error of its ends the verification and is given back.
  Result<EvidenceReport> Run(std::string_view tenant, bool incremental,
                             const std::function<Status(const AuditRecord&)>& also = {});
  // Where the last verification without a finding ended.
  Mark MarkOf(std::string_view tenant) const;

 private:
  Result<Mark> Start(const std::string& tenant, bool incremental) const;
  std::string Compare(const audit::StoredCheckpoint& checkpoint, std::string_view tenant, const std::optional<Mark>& at,
                      std::int64_t events) const;
  void Keep(const std::string& tenant, Mark mark);

  audit::AuditStore& store_;
  audit::LogStore& log_;
  const std::vector<tlog::VerifierKey> keys_;
  const Clock& clock_;
  audit::PrivateValueStore* const values_;
  mutable std::mutex mutex_;
  std::map<std::string, Mark, std::less<>> marks_;
};

}  // namespace intentgate::evidence
