// Tested by tests/unit/evidence/signer_test.cc.

#include "evidence/signer.h"

#include <algorithm>
#include <utility>

#include "tlog/checkpoint.h"

namespace intentgate::evidence {
namespace {

constexpr int kAttempts = 5;
constexpr std::size_t kCheckpointPage = 64;

Error Fork(const std::string& why) { return {ErrorCode::kCorrupt, "fork_detected: " + why}; }

}  // namespace

Result<audit::StoredCheckpoint> Signer::CheckpointNow(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  const std::string name(tenant);
  for (int attempt = 1;; ++attempt) {
    Result<audit::StoredCheckpoint> checkpoint = Attempt(name);
    const bool again = !checkpoint.ok() && checkpoint.error().code == ErrorCode::kConflict && attempt < kAttempts;
    if (again) continue;
    problems_[name] = checkpoint.ok() ? std::string() : checkpoint.error().message;
    return checkpoint;
  }
}

std::string Signer::problem(std::string_view tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = problems_.find(tenant);
  return found == problems_.end() ? std::string() : found->second;
}

Result<audit::StoredCheckpoint> Signer::Attempt(const std::string& tenant) {
  audit::LogStore& log = *setup_.log;
  // Before the chain is read: what another process has signed until here is in the chain then.
  const Result<std::optional<audit::SignerState>> stored = log.GetSignerState(tenant);
  if (!stored.ok()) return stored.error();
  const Result<std::optional<audit::SignerState>> kept = setup_.state_file.Get(tenant);
  if (!kept.ok()) return kept.error();
  const std::optional<audit::SignerState>& local = *kept;
  const std::int64_t epoch = stored->has_value() ? (*stored)->epoch : 1;
  if (local && local->epoch > epoch) return Fork("this machine has signed a later epoch than the store knows of");

  const Result<tlog::CompactRange> tree =
      IntegratorOf(tenant, epoch).CatchUp(stored->has_value() ? (*stored)->size : 0);
  if (!tree.ok()) return tree.error().code == ErrorCode::kCorrupt ? Fork(tree.error().message) : tree.error();
  if (tree->size() == 0 && !stored->has_value() && !local) {
    return Error{ErrorCode::kNotFound, "tenant " + tenant + " has no events"};
  }
  const tlog::NodeAt nodes = StoredNodes(log, tenant, tree->size());
  const audit::SignerState next{epoch, tree->size(), tree->Root()};
  for (const std::optional<audit::SignerState>& promised : {*stored, local, std::optional(next)}) {
    if (Status s = CheckPromise(tenant, promised, epoch, *tree, nodes); !s.ok()) return s.error();
  }
  return Promise(tenant, *stored, next);
}

// Stores what is promised, then signs it.
Result<audit::StoredCheckpoint> Signer::Promise(const std::string& tenant,
                                                const std::optional<audit::SignerState>& stored,
                                                const audit::SignerState& next) {
  if (Status s = setup_.log->SetSignerState(tenant, stored, next); !s.ok()) return s.error();
  if (Status s = setup_.state_file.Set(tenant, next); !s.ok()) return s.error();
  return Release(tenant, next);
}

// A new epoch is a new history: what was integrated of the old one counts for nothing.
Integrator& Signer::IntegratorOf(const std::string& tenant, std::int64_t epoch) {
  const auto found = followed_.find(tenant);
  if (found != followed_.end() && found->second.epoch == epoch) return found->second.integrator;
  if (found != followed_.end()) followed_.erase(found);
  return followed_.try_emplace(tenant, Followed{epoch, Integrator(*setup_.log, tenant)}).first->second.integrator;
}

Result<Signer::NewEpoch> Signer::PlanEpoch(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  audit::LogStore& log = *setup_.log;
  const std::string name(tenant);
  const Result<std::optional<audit::SignerState>> stored = log.GetSignerState(tenant);
  if (!stored.ok()) return stored.error();
  const Result<std::optional<audit::SignerState>> kept = setup_.state_file.Get(tenant);
  if (!kept.ok()) return kept.error();
  const std::optional<audit::SignerState>& local = *kept;
  NewEpoch plan;
  plan.epoch = 1 + std::max(stored->has_value() ? (*stored)->epoch : 0, local ? local->epoch : 0);
  if (Status s = log.DropTiles(tenant); !s.ok()) return s.error();
  const Result<tlog::CompactRange> tree = IntegratorOf(name, plan.epoch).CatchUp(0);
  if (!tree.ok()) return tree.error();
  const tlog::NodeAt nodes = StoredNodes(log, name, tree->size());
  for (std::uint64_t at_most = tree->size(); at_most > 0;) {
    Result<std::vector<audit::StoredCheckpoint>> page = log.Checkpoints(tenant, at_most, kCheckpointPage);
    if (!page.ok()) return page.error();
    // Newest first by epoch: sizes descend within one only.
    std::uint64_t smallest = at_most;
    for (audit::StoredCheckpoint& checkpoint : *page) {
      smallest = std::min(smallest, checkpoint.size);
      const Result<tlog::Hash> root = tlog::RootOf(checkpoint.size, nodes);
      if (!root.ok()) return root.error();
      if (*root != checkpoint.root) continue;
      plan.last_trusted = std::move(checkpoint);
      return plan;
    }
    if (page->size() < kCheckpointPage || smallest == 0) break;
    at_most = smallest - 1;
  }
  return plan;
}

Result<audit::StoredCheckpoint> Signer::BeginEpoch(std::string_view tenant, std::int64_t epoch) {
  const std::lock_guard lock(mutex_);
  const std::string name(tenant);
  const Result<std::optional<audit::SignerState>> stored = setup_.log->GetSignerState(tenant);
  if (!stored.ok()) return stored.error();
  const Result<std::optional<audit::SignerState>> kept = setup_.state_file.Get(tenant);
  if (!kept.ok()) return kept.error();
  const std::optional<audit::SignerState>& local = *kept;
  if ((stored->has_value() && (*stored)->epoch >= epoch) || (local && local->epoch >= epoch)) {
    return Error{ErrorCode::kConflict, "epoch " + std::to_string(epoch) + " of tenant " + name + " was opened meanwhile"};
  }
  const Result<tlog::CompactRange> tree = IntegratorOf(name, epoch).CatchUp(0);
  if (!tree.ok()) return tree.error();
  Result<audit::StoredCheckpoint> checkpoint = Promise(name, *stored, {epoch, tree->size(), tree->Root()});
  if (checkpoint.ok()) problems_[name].clear();
  return checkpoint;
}

std::vector<tlog::VerifierKey> Signer::verifiers() const {
  std::vector<tlog::VerifierKey> keys{setup_.key.verifier()};
  if (setup_.previous_key) keys.push_back(setup_.previous_key->verifier());
  return keys;
}

Result<std::string> Signer::SignText(std::string text) const {
  tlog::Note note;
  note.text = std::move(text);
  if (Status s = tlog::SignNote(note, setup_.key, 0); !s.ok()) return s.error();
  return tlog::WriteNote(note);
}

Result<std::string> Signer::Contradiction(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  audit::LogStore& log = *setup_.log;
  const Result<std::optional<audit::SignerState>> stored = log.GetSignerState(tenant);
  if (!stored.ok()) return stored.error();
  const Result<std::optional<audit::SignerState>> kept = setup_.state_file.Get(tenant);
  if (!kept.ok()) return kept.error();
  const std::int64_t epoch = stored->has_value() ? (*stored)->epoch : 1;
  if (*kept && (*kept)->epoch > epoch) return Fork("this machine has signed a later epoch than the store knows of").message;
  for (const std::optional<audit::SignerState>& promised : {*stored, *kept}) {
    if (!promised || promised->epoch != epoch || promised->size == 0) continue;
    const std::string of = std::to_string(promised->size) + " events of tenant " + std::string(tenant);
    const Result<std::vector<tlog::Hash>> last = log.ChainHashes(tenant, static_cast<std::int64_t>(promised->size) - 1, 1);
    if (last.ok() && last->empty()) {
      return Fork("a checkpoint of " + of + " was signed, but the store does not hold as many; a backup was restored, or "
                  "events were removed").message;
    }
    const Result<tlog::Hash> root = tlog::RootOf(promised->size, StoredNodes(log, std::string(tenant), promised->size));
    if (!root.ok() && root.error().code == ErrorCode::kNotFound) continue;   // the next attempt to sign builds them
    if (!root.ok()) return root.error();
    if (*root != promised->root) return Fork("the first " + of + " are others than those that were signed for").message;
  }
  return std::string();
}

// Whether the tree, as its tiles tell it, goes on from what was promised.
Status Signer::CheckPromise(const std::string& tenant, const std::optional<audit::SignerState>& promised,
                            std::int64_t epoch, const tlog::CompactRange& tree, const tlog::NodeAt& nodes) const {
  if (!promised || promised->epoch != epoch) return {};
  const std::string of = std::to_string(promised->size) + " events of tenant " + tenant;
  if (promised->size > tree.size()) {
    return Fork("a checkpoint of " + of + " was signed, but the store holds " + std::to_string(tree.size()) +
                "; a backup was restored, or events were removed");
  }
  const Result<tlog::Hash> root = tlog::RootOf(promised->size, nodes);
  if (!root.ok()) return root.error();
  if (*root == promised->root) return {};
  return Fork("the first " + of + " are others than those that were signed for");
}

Result<audit::StoredCheckpoint> Signer::Release(const std::string& tenant, const audit::SignerState& state) const {
  const std::int64_t now = setup_.clock->UnixMicros();
  tlog::Note note;
  note.text = tlog::WriteCheckpoint(
      {setup_.deployment + "/audit/" + tenant + "/" + std::to_string(state.epoch), state.size, state.root});
  if (Status s = tlog::SignNote(note, setup_.key, now / 1'000'000); !s.ok()) return s.error();
  if (setup_.previous_key) {
    if (Status s = tlog::SignNote(note, *setup_.previous_key, now / 1'000'000); !s.ok()) return s.error();
  }
  if (setup_.cosigner) {
    if (Status s = tlog::SignNote(note, *setup_.cosigner, now / 1'000'000); !s.ok()) return s.error();
  }
  audit::StoredCheckpoint checkpoint{state.epoch, state.size, state.root, now, "", 0};
  if (Status s = KeepCosignatures(tenant, note, checkpoint); !s.ok()) return s.error();
  checkpoint.note = tlog::WriteNote(note);
  if (Status s = setup_.log->PutCheckpoint(tenant, checkpoint); !s.ok()) return s.error();
  return checkpoint;
}

// A checkpoint that is signed again stays what its witnesses cosigned: their signatures are over the same text.
Status Signer::KeepCosignatures(const std::string& tenant, tlog::Note& note, audit::StoredCheckpoint& checkpoint) const {
  const Result<std::vector<audit::StoredCheckpoint>> there = setup_.log->Checkpoints(tenant, checkpoint.size, 1);
  if (!there.ok()) return there.error();
  if (there->empty() || there->front().epoch != checkpoint.epoch || there->front().size != checkpoint.size) return {};
  const Result<tlog::Note> before = tlog::ParseNote(there->front().note);
  if (!before.ok() || before->text != note.text) return {};
  const auto signed_now = note.signatures;
  for (const tlog::NoteSignature& one : before->signatures) {
    const bool ours = std::any_of(signed_now.begin(), signed_now.end(), [&](const tlog::NoteSignature& mine) {
      return mine.name == one.name && mine.key_id == one.key_id;
    });
    if (!ours && note.signatures.size() < tlog::kMaxNoteSignatures) note.signatures.push_back(one);
  }
  checkpoint.witnessed_at_micros = there->front().witnessed_at_micros;
  return {};
}

}  // namespace intentgate::evidence
