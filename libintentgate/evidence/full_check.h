// The verification of whole chains in the background: of each tenant's, some time after the last one, slowly. What an
// incremental verification found good once it does not read again; this does.
//
// Every one that ends leaves an event in the chain, `audit/verified` or `audit/verification_failed`. So all processes
// know when the last one was, and it stands under the checkpoints.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/clock.h>
#include <intentgate/evidence.h>

#include "audit/audit_log.h"
#include "base/periodic.h"
#include "evidence/chain_check.h"

namespace intentgate::evidence {

struct FullCheckOptions {
  std::int64_t interval_ms = 0;                  // between two of one tenant; 0: none
  std::int64_t events_per_second = 20'000;       // at most
  bool thread = true;                            // false: rounds are the owner's
};

struct FullCheckHooks {
  // What the chain says about the last one.
  std::function<Result<FullVerification>(const std::string& tenant)> last;
  std::function<void(const std::string& tenant)> ended;
  std::function<void(const EvidenceNotice& notice)> notice;
};

inline constexpr std::string_view kVerified = "verified", kVerificationFailed = "verification_failed";

// One text for a failure, from the report as from the event about it.
std::string FailureText(const std::string& problem, std::optional<std::int64_t> seq);

// Thread-safe. The log and the check must outlive it.
class FullCheck {
 public:
  FullCheck(audit::AuditLog& log, ChainCheck& check, std::shared_ptr<const Clock> clock, FullCheckOptions options,
            FullCheckHooks hooks);
  ~FullCheck();   // Stop, and waits for the thread
  FullCheck(const FullCheck&) = delete;   // the thread refers to this object
  FullCheck& operator=(const FullCheck&) = delete;

  // Verifies the chains that are due.
  void Round();
  // Ends one that runs, without a result. For good.
  void Stop();
  // Puts what runs now beside what ended.
  void AddRunning(std::string_view tenant, FullVerification& out) const;
  // What was found by somebody who asked for a full verification: ends a failure that stands, or begins one.
  void Note(const std::string& tenant, const EvidenceReport& found);

 private:
  Result<bool> IsDue(const std::string& tenant);
  void Check(const std::string& tenant);
  Result<EvidenceReport> Verify(const std::string& tenant);
  Status Pace(const std::string& tenant, const AuditRecord& record, std::int64_t start_nanos, std::int64_t& read);
  void Record(const std::string& tenant, const EvidenceReport& found);
  bool Stopping() const;

  audit::AuditLog& log_;
  ChainCheck& check_;
  const std::shared_ptr<const Clock> clock_;
  const FullCheckOptions options_;
  const FullCheckHooks hooks_;
  std::mutex round_mutex_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::string running_;                        // its tenant; "": none
  FullVerification progress_;                  // of that one
  std::map<std::string, std::int64_t, std::less<>> tried_micros_;   // what ended without an event waits as well
  std::unique_ptr<base::Periodic> thread_;     // last: it uses the others
};

}  // namespace intentgate::evidence
