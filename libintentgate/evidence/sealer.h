// The background of a gate's evidence: looks at every tenant's chain again and again and has a checkpoint signed when
// there is news. One thread; a tenant whose signer refuses keeps nobody else waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/evidence.h>

#include "audit/audit_log.h"
#include "audit/log_store.h"
#include "evidence/signer.h"

namespace intentgate::evidence {

struct SealerOptions {
  std::int64_t interval_ms = 1'000;     // between two rounds; 0: no thread, rounds are the owner's
  std::int64_t max_events = 10'000;     // of this process, after which a round comes early
  std::int64_t reemit_ms = 60'000;      // a checkpoint without news is signed again after this time, for its date
};

// What a round does besides signing.
struct SealerHooks {
  std::function<void(const std::string& tenant, const audit::StoredCheckpoint& checkpoint)> signed_one;
  std::function<void(const std::string& tenant)> looked_at;     // after each tenant of a round
  std::function<void(const EvidenceNotice& notice)> notice;
};

// Thread-safe. The log and the signer must outlive it.
class Sealer {
 public:
  Sealer(audit::AuditLog& log, Signer& signer, std::shared_ptr<const Clock> clock, SealerOptions options,
         SealerHooks hooks);
  // Signs once more for what the chain has now, when a thread runs.
  ~Sealer();
  Sealer(const Sealer&) = delete;   // the thread refers to this object
  Sealer& operator=(const Sealer&) = delete;

  // One look at every tenant.
  void Round();

 private:
  struct Seen {
    std::int64_t covered = -1;            // events under the last checkpoint of this process; -1: none so far
    std::int64_t signed_at_micros = 0;
    bool key_noted = false;               // the chain names the key that signs
    std::string problem;                  // of the last attempt
    std::string forked;                   // the fork that the chain already tells of
  };

  void Run();
  bool EnoughEvents();
  void Look(const std::string& tenant);
  Status NoteKey(const std::string& tenant);
  Result<std::string> KeyOfChain(const std::string& tenant);
  void Failed(const std::string& tenant, Seen& seen, const Error& error);
  void NoteFork(const std::string& tenant, Seen& seen, const std::string& why);

  audit::AuditLog& log_;
  Signer& signer_;
  const std::shared_ptr<const Clock> clock_;
  const SealerOptions options_;
  const SealerHooks hooks_;
  std::mutex round_mutex_;
  std::map<std::string, Seen, std::less<>> seen_;   // by round_mutex_
  std::int64_t committed_before_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;   // last: it uses the others
};

// A control event about the evidence itself, `audit/<name>`, written durably; with `still`, as AuditLog::AppendIf.
Status AppendControl(audit::AuditLog& log, std::string_view tenant, std::string_view name, json::Value details,
                     std::string_view actor = {}, std::string_view reason = {}, std::function<Status()> still = {});

}  // namespace intentgate::evidence
