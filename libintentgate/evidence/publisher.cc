// Tested by tests/unit/evidence/publisher_test.cc.

#include "evidence/publisher.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include <intentgate/json.h>

#include "base/encoding.h"
#include "evidence/freshness.h"
#include "evidence/integrator.h"
#include "evidence/sealer.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace intentgate::evidence {
namespace {

json::Value ToJson(const std::string& tenant, const audit::StoredCheckpoint& checkpoint) {
  const CheckpointInfo info = ToInfo(checkpoint);
  return json::MakeObject(
      {{"tenant", tenant}, {"origin", info.origin}, {"size", info.size}, {"root", info.root_hex}, {"note", info.note}});
}

bool HasSignatureOf(const tlog::Note& note, const tlog::VerifierKey& key) {
  return std::any_of(note.signatures.begin(), note.signatures.end(), [&](const tlog::NoteSignature& one) {
    return one.name == key.name() && one.key_id == key.id();
  });
}

}  // namespace

Publisher::Publisher(audit::AuditLog& log, audit::LogStore& tree, std::shared_ptr<const Clock> clock,
                     PublisherSetup setup, std::function<void(const EvidenceNotice&)> notice)
    : log_(log),
      tree_(tree),
      clock_(std::move(clock)),
      setup_(std::move(setup)),
      notice_(std::move(notice)),
      witnesses_(setup_.http, setup_.timeout_ms) {
  if (setup_.interval_ms > 0) thread_ = std::thread([this] { Run(); });
}

Publisher::~Publisher() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Publisher::Offer(const std::string& tenant, const audit::StoredCheckpoint& checkpoint) {
  const std::lock_guard lock(mutex_);
  waiting_.insert_or_assign(tenant, checkpoint);
}

void Publisher::Run() {
  const std::chrono::milliseconds interval(setup_.interval_ms);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    Round();
    lock.lock();
  }
}

void Publisher::Round() {
  const std::lock_guard round(round_mutex_);
  Waiting taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(waiting_);
  }
  for (auto& [tenant, checkpoint] : taken) {
    if (Publish(tenant, checkpoint)) continue;
    const std::lock_guard lock(mutex_);
    waiting_.emplace(tenant, checkpoint);   // unless a newer one came meanwhile
  }
}

// Whether nothing is left to do for this checkpoint.
bool Publisher::Publish(const std::string& tenant, audit::StoredCheckpoint checkpoint) {
  const bool witnessed = !setup_.policy || AskWitnesses(tenant, checkpoint);
  return Anchor(tenant, checkpoint) && witnessed;
}

bool Publisher::AskWitnesses(const std::string& tenant, audit::StoredCheckpoint& checkpoint) {
  Result<tlog::Note> note = tlog::ParseNote(checkpoint.note);
  const Result<tlog::Checkpoint> said = note.ok() ? tlog::ParseCheckpoint(note->text) : Result<tlog::Checkpoint>(note.error());
  if (!said.ok()) return true;   // nobody could cosign it
  const std::size_t before = note->signatures.size();
  bool all = true;
  for (const Witness& witness : setup_.policy->witnesses()) {
    if (witness.url.empty() || HasSignatureOf(*note, witness.key)) continue;
    const Status asked = AskOne(tenant, witness, *note, *said);
    all = Report(tenant, "witness " + witness.name, asked) && all;
  }
  if (note->signatures.size() == before) return all;
  checkpoint.note = tlog::WriteNote(*note);
  std::vector<tlog::VerifierKey> cosigned;
  const Result<std::vector<tlog::VerifiedBy>> by = tlog::VerifyNote(*note, setup_.policy->keys());
  if (by.ok()) {
    for (const tlog::VerifiedBy& one : *by) cosigned.push_back(one.key);
  }
  if (setup_.policy->asks_for_any() && setup_.policy->Reached(cosigned)) checkpoint.witnessed_at_micros = clock_->UnixMicros();
  return tree_.PutCheckpoint(tenant, checkpoint).ok() && all;
}

Status Publisher::AskOne(const std::string& tenant, const Witness& witness, tlog::Note& note,
                         const tlog::Checkpoint& checkpoint) {
  const Result<std::vector<tlog::NoteSignature>> cosigned =
      witnesses_.AddCheckpoint(witness, note, checkpoint, StoredNodes(tree_, tenant, checkpoint.size));
  if (cosigned.ok()) {
    note.signatures.insert(note.signatures.end(), cosigned->begin(), cosigned->end());
    return {};
  }
  if (cosigned.error().code != ErrorCode::kConflict) return cosigned.error();
  // Another replica may have been faster; then the chain has what the witness has seen.
  const Result<ChainHead> head = log_.store().Head(tenant);
  if (!head.ok()) return head.error();
  const std::uint64_t seen = witnesses_.FollowedBy(witness, checkpoint.origin);
  if (seen <= static_cast<std::uint64_t>(head->next_seq)) return {};
  return Error{ErrorCode::kConflict, "the witness " + witness.name + " has cosigned " + std::to_string(seen) +
                                         " events, but the chain has only " + std::to_string(head->next_seq) +
                                         ": a backup was restored, or events were removed"};
}

bool Publisher::Anchor(const std::string& tenant, const audit::StoredCheckpoint& checkpoint) {
  const Done now{checkpoint.epoch, checkpoint.size};
  const std::string line = json::Write(ToJson(tenant, checkpoint)) + "\n";
  bool all = true;
  const auto put = [&](const std::string& source, bool wanted, const std::function<Status()>& to) {
    Done& done = done_[{tenant, source}];
    if (!wanted || done == now) return;
    const Status status = to();
    if (status.ok()) done = now;
    all = Report(tenant, source, status) && all;
  };
  put("anchor file", !setup_.anchors.file.empty(), [&] { return ToFile(line); });
  put("anchor webhook", !setup_.anchors.webhook_url.empty(), [&] { return ToWebhook(line); });
  put("anchor tenant", !setup_.anchors.tenant.empty() && tenant != setup_.anchors.tenant,
      [&] { return ToTenant(tenant, checkpoint); });
  return all;
}

Status Publisher::ToWebhook(const std::string& line) {
  base::HttpFetchRequest request;
  request.method = "POST";
  request.url = setup_.anchors.webhook_url;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = line;
  request.timeout_ms = setup_.timeout_ms;
  const Result<base::HttpFetchReply> reply = setup_.http->Fetch(request);
  if (!reply.ok()) return Error{reply.error().code, "the webhook cannot be reached: " + reply.error().message};
  if (reply->status >= 200 && reply->status < 300) return {};
  return Error{ErrorCode::kUnavailable, "the webhook answered with HTTP " + std::to_string(reply->status)};
}

Status Publisher::ToFile(const std::string& line) {
  const int file = ::open(setup_.anchors.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  bool good = file >= 0;
  for (std::string_view left = line; good && !left.empty();) {
    const ssize_t n = ::write(file, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) left.remove_prefix(static_cast<std::size_t>(n));
  }
  good = good && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (good) return {};
  return Error{ErrorCode::kIo, setup_.anchors.file + ": " + std::strerror(error)};
}

Status Publisher::ToTenant(const std::string& tenant, const audit::StoredCheckpoint& checkpoint) {
  return AppendControl(log_, setup_.anchors.tenant, "anchored", ToJson(tenant, checkpoint));
}

bool Publisher::Report(const std::string& tenant, const std::string& source, const Status& status) {
  const std::pair<std::string, std::string> key(tenant, source);
  const auto known = problems_.find(key);
  const bool had_one = known != problems_.end();
  if (status.ok()) {
    if (had_one && notice_) notice_({tenant, "works again", false, source});
    if (had_one) problems_.erase(known);
    return true;
  }
  const ErrorCode code = status.error().code;
  const bool tells_of_the_log = code == ErrorCode::kConflict || code == ErrorCode::kCorrupt;
  if (notice_ && (!had_one || (tells_of_the_log && known->second != code))) {
    notice_({tenant, status.error().message, true, source});
  }
  problems_.insert_or_assign(key, code);
  return false;
}

}  // namespace intentgate::evidence
