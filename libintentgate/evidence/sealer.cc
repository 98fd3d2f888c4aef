// Tested by tests/unit/evidence/sealer_test.cc.

#include "evidence/sealer.h"

#include <algorithm>
#include <utility>

#include <intentgate/json.h>

#include "audit/canonical_event.h"

namespace intentgate::evidence {
namespace {

// How often the thread looks whether enough events came for an early round.
constexpr std::int64_t kLooksInInterval = 10;
constexpr std::string_view kForkPrefix = "fork_detected: ";

std::string TextAt(const json::Value& event, std::string_view pointer) {
  const json::Value* found = event.AtPointer(pointer);
  return found != nullptr && found->is_string() ? std::string(found->string_value()) : std::string();
}

}  // namespace

Status AppendControl(audit::AuditLog& log, std::string_view tenant, std::string_view name, json::Value details,
                     std::string_view actor, std::string_view reason, std::function<Status()> still) {
  AuditEvent event;
  event.kind = EventKind::kControl;
  event.tenant = tenant;
  event.tool = "audit/" + std::string(name);
  event.details = std::move(details);
  event.actor = actor;
  event.reason = reason;
  const Result<AuditReceipt> receipt =
      still ? log.AppendIf(std::move(event), std::move(still)) : log.AppendAndWait(std::move(event));
  return receipt.ok() ? Status() : receipt.error();
}

Sealer::Sealer(audit::AuditLog& log, Signer& signer, std::shared_ptr<const Clock> clock, SealerOptions options,
               SealerHooks hooks)
    : log_(log), signer_(signer), clock_(std::move(clock)), options_(options), hooks_(std::move(hooks)) {
  if (options_.interval_ms > 0) thread_ = std::thread([this] { Run(); });
}

Sealer::~Sealer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  // What could not be flushed stays uncovered, as the next run will see.
  if (log_.Flush().ok()) Round();
}

void Sealer::Run() {
  const std::chrono::milliseconds look(std::max<std::int64_t>(options_.interval_ms / kLooksInInterval, 1));
  const std::int64_t looks = std::max<std::int64_t>(options_.interval_ms / look.count(), 1);
  std::int64_t looked = 0;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, look, [this] { return stopping_; })) {
    lock.unlock();
    if (++looked >= looks || EnoughEvents()) {
      looked = 0;
      Round();
    }
    lock.lock();
  }
}

bool Sealer::EnoughEvents() {
  const std::int64_t committed = log_.stats().committed;
  return committed - committed_before_ >= options_.max_events;
}

void Sealer::Round() {
  const std::lock_guard lock(round_mutex_);
  committed_before_ = log_.stats().committed;
  const Result<std::vector<std::string>> tenants = log_.store().Tenants();
  if (!tenants.ok()) return;   // the gate says so itself when its store fails
  for (const std::string& tenant : *tenants) {
    Look(tenant);
    if (hooks_.looked_at) hooks_.looked_at(tenant);
  }
}

void Sealer::Look(const std::string& tenant) {
  Seen& seen = seen_[tenant];
  const Result<ChainHead> head = log_.store().Head(tenant);
  if (!head.ok() || head->next_seq == 0) return;
  const std::int64_t now = clock_->UnixMicros();
  const bool due = now - seen.signed_at_micros >= options_.reemit_ms * 1'000;
  if (head->next_seq == seen.covered && !due) return;
  if (!seen.key_noted) {
    if (Status s = NoteKey(tenant); !s.ok()) return Failed(tenant, seen, s.error());
    seen.key_noted = true;
  }
  const Result<audit::StoredCheckpoint> checkpoint = signer_.CheckpointNow(tenant);
  if (!checkpoint.ok()) return Failed(tenant, seen, checkpoint.error());
  seen.covered = static_cast<std::int64_t>(checkpoint->size);
  seen.signed_at_micros = checkpoint->signed_at_micros;
  if (!seen.problem.empty() && hooks_.notice) hooks_.notice({tenant, "checkpoints are signed again", false});
  seen.problem.clear();
  seen.forked.clear();
  if (hooks_.signed_one) hooks_.signed_one(tenant, *checkpoint);
}

void Sealer::Failed(const std::string& tenant, Seen& seen, const Error& error) {
  if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kConflict) return;   // the next round's
  if (error.message.starts_with(kForkPrefix)) NoteFork(tenant, seen, error.message);
  if (seen.problem.empty() && hooks_.notice) hooks_.notice({tenant, "no checkpoint is signed: " + error.message, true});
  seen.problem = error.message;
}

// Once for each time that signing stops: the numbers in the message change with every event.
void Sealer::NoteFork(const std::string& tenant, Seen& seen, const std::string& why) {
  if (!seen.forked.empty()) return;
  json::Value details = json::MakeObject({{"signing_key", signer_.verifier().ToString()},
                                          {"why", std::string_view(why).substr(kForkPrefix.size())}});
  if (AppendControl(log_, tenant, "fork_detected", std::move(details)).ok()) seen.forked = why;
}

// The chain itself says which key signs for it. A chain whose last word is another key gets an event about the change,
// which the checkpoints of the new key cover, and those of the old one as long as it signs as well.
Status Sealer::NoteKey(const std::string& tenant) {
  const Result<std::string> known = KeyOfChain(tenant);
  if (!known.ok()) return known.error();
  const std::string now = signer_.verifier().ToString();
  if (*known == now) return {};
  json::Value details = json::MakeObject({{"signing_key", now}});
  if (!known->empty()) details.Set("previous_key", *known);
  // Once, also where several gateways see the change.
  return AppendControl(log_, tenant, "key_rotated", std::move(details), {}, {}, [&]() -> Status {
    const Result<std::string> before = KeyOfChain(tenant);
    if (!before.ok()) return before.error();
    return *before == *known ? Status() : Status(Error{ErrorCode::kConflict, "another process has noted the key"});
  });
}

Result<std::string> Sealer::KeyOfChain(const std::string& tenant) {
  AuditFilter filter;
  filter.tenant = tenant;
  filter.kind = audit::EventKindName(EventKind::kControl);
  filter.tool = "audit/key_rotated";
  const Result<AuditPage> newest = log_.store().Query(filter, false, "", 1);
  if (!newest.ok()) return newest.error();
  Result<std::vector<AuditRecord>> first = std::vector<AuditRecord>();
  if (newest->records.empty()) first = log_.store().Scan(tenant, 0, 1);
  if (!first.ok()) return first.error();
  if (!first->empty() && first->front().seq > 0) {
    // The genesis event was pruned; what the chain says instead names the key of that time.
    filter.tool = audit::kPrunedTool;
    Result<AuditPage> pruned = log_.store().Query(filter, false, "", 1);
    if (!pruned.ok()) return pruned.error();
    first = std::move(pruned->records);
  }
  const std::vector<AuditRecord>& records = newest->records.empty() ? *first : newest->records;
  if (records.empty()) return std::string();
  const Result<json::Value> event = json::Parse(records.front().canonical, audit::kEventLimits);
  return event.ok() ? TextAt(*event, "/details/signing_key") : std::string();
}

}  // namespace intentgate::evidence
