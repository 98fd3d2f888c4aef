// What is known of one call while it is judged, and afterwards for its event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/intent.h>
#include <intentgate/policy.h>

#include "approval/approval_store.h"
#include "budget/ledger.h"
#include "gate/token_cache.h"

namespace intentgate::gate {

// A "no" of one of the four checks.
struct Refused {
  Check check = Check::kNone;
  Reason code = Reason::kInvalidRequest;
  std::string reason;                        // safe to show to the agent
  Verdict verdict = Verdict::kBlock;
  std::string rule = {};                     // as in Decision
};

// What a call had to do with its approval.
enum class ApprovalStep : std::uint8_t {
  kNone,
  kRequested,   // it made the approval
  kPending,     // it waits for one that was there
  kNamed,       // it named one that is answered or over
  kUsed,
};

// Filled from top to bottom; what a refusal cut off keeps its default. Thread-compatible.
struct Judged {
  std::shared_ptr<const KnownToken> token;   // null: none was given, or it was not verified
  std::string tenant = "default";
  std::string agent_id;
  std::optional<std::size_t> refused_caveat;
  std::optional<Intent> intent;
  std::string intent_problem;                // the extractor failed and the settings said to go on
  std::shared_ptr<const Policy> policy;      // the one that was asked
  std::string policy_reason;                 // why it allowed
  std::string policy_detail;                 // the engine's error, for operators
  bool requires_step_up = false;
  std::shared_ptr<const approval::StoredApproval> approval;   // null: none, or one that is not the call's
  ApprovalStep approval_step = ApprovalStep::kNone;
  bool approved = false;                     // a person said yes to this call, and it counts
  std::vector<budget::Taken> taken;
  std::optional<Refused> refused;
  CheckTimes times;
  std::vector<TraceStep> trace;              // Explain only
};

}  // namespace intentgate::gate
