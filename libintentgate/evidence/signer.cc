// Tested by tests/unit/evidence/signer_test.cc.

#include "evidence/signer.h"

#include <algorithm>
#include <utility>

#include "tlog/checkpoint.h"

namespace intentgate::evidence {
namespace {

constexpr int kAttempts = 5;

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
  const std::optional<audit::SignerState> local = setup_.state_file.Get(tenant);
  const std::int64_t epoch = stored->has_value() ? (*stored)->epoch : 1;
  if (local && local->epoch > epoch) return Fork("this machine has signed a later epoch than the store knows of");

  Integrator& integrator = integrators_.try_emplace(tenant, log, tenant).first->second;
  const Result<tlog::CompactRange> tree = integrator.CatchUp(stored->has_value() ? (*stored)->size : 0);
  if (!tree.ok()) return tree.error().code == ErrorCode::kCorrupt ? Fork(tree.error().message) : tree.error();
  if (tree->size() == 0 && !stored->has_value() && !local) {
    return Error{ErrorCode::kNotFound, "tenant " + tenant + " has no events"};
  }
  const tlog::NodeAt nodes = StoredNodes(log, tenant, tree->size());
  const audit::SignerState next{epoch, tree->size(), tree->Root()};
  for (const std::optional<audit::SignerState>& promised : {*stored, local, std::optional(next)}) {
    if (Status s = CheckPromise(tenant, promised, epoch, *tree, nodes); !s.ok()) return s.error();
  }
  if (Status s = log.SetSignerState(tenant, *stored, next); !s.ok()) return s.error();
  if (Status s = setup_.state_file.Set(tenant, next); !s.ok()) return s.error();
  return Release(tenant, next);
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
  if (setup_.cosigner) {
    if (Status s = tlog::SignNote(note, *setup_.cosigner, now / 1'000'000); !s.ok()) return s.error();
  }
  audit::StoredCheckpoint checkpoint{state.epoch, state.size, state.root, now, tlog::WriteNote(note), 0};
  if (Status s = setup_.log->PutCheckpoint(tenant, checkpoint); !s.ok()) return s.error();
  return checkpoint;
}

}  // namespace intentgate::evidence
