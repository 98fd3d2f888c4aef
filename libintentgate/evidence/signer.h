// Signs checkpoints and never two histories. What is promised, (epoch, size, root), is stored in the database and in a
// local file before a signature leaves; whatever contradicts either is refused with kCorrupt "fork_detected: ...".
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "audit/log_store.h"
#include "evidence/integrator.h"
#include "evidence/signer_state_file.h"
#include "tlog/note.h"

namespace intentgate::evidence {

struct SignerSetup {
  std::shared_ptr<audit::LogStore> log;
  std::shared_ptr<const Clock> clock;
  std::string deployment;                        // origins are "<deployment>/audit/<tenant>/<epoch>"
  tlog::SigningKey key;
  std::optional<tlog::SigningKey> cosigner;      // a key of type kCosignature
  SignerStateFile state_file;
  std::optional<tlog::SigningKey> previous_key;  // signs as well, while verifiers change over to `key`
};

// Thread-safe. Several processes may sign for one store, each with a state file of its own.
class Signer {
 public:
  explicit Signer(SignerSetup setup) : setup_(std::move(setup)) {}

  // Covers every event that is in the chain at the call. kNotFound for a tenant without events, kConflict when other
  // processes were faster again and again.
  Result<audit::StoredCheckpoint> CheckpointNow(std::string_view tenant);
  const tlog::VerifierKey& verifier() const { return setup_.key.verifier(); }
  // Of every key that signs here but the cosigner.
  std::vector<tlog::VerifierKey> verifiers() const;
  // Signs any other text with the log's key, such as a receipt's.
  Result<std::string> SignText(std::string text) const;

  // What a new epoch has to name: its number, and the newest checkpoint that the chain still agrees with. The tree is
  // built anew from the chain for it.
  struct NewEpoch {
    std::int64_t epoch = 1;
    std::optional<audit::StoredCheckpoint> last_trusted;
  };
  Result<NewEpoch> PlanEpoch(std::string_view tenant);
  // The first checkpoint of that epoch, over the chain as it is now. kConflict when somebody else signed meanwhile.
  Result<audit::StoredCheckpoint> BeginEpoch(std::string_view tenant, std::int64_t epoch);

  // "", or how the store contradicts what was signed, as far as its tiles go; signs and stores nothing.
  Result<std::string> Contradiction(std::string_view tenant);
  // "", or why the last attempt for this tenant signed nothing.
  std::string problem(std::string_view tenant) const;

 private:
  // The tree of one tenant, as this process follows it.
  struct Followed {
    std::int64_t epoch = 1;
    Integrator integrator;
  };
  Integrator& IntegratorOf(const std::string& tenant, std::int64_t epoch);
  Result<audit::StoredCheckpoint> Attempt(const std::string& tenant);
  Result<audit::StoredCheckpoint> Promise(const std::string& tenant, const std::optional<audit::SignerState>& stored,
                                          const audit::SignerState& next);
  Status CheckPromise(const std::string& tenant, const std::optional<audit::SignerState>& promised, std::int64_t epoch,
                      const tlog::CompactRange& tree, const tlog::NodeAt& nodes) const;
  Result<audit::StoredCheckpoint> Release(const std::string& tenant, const audit::SignerState& state) const;

  Status KeepCosignatures(const std::string& tenant, tlog::Note& note, audit::StoredCheckpoint& checkpoint) const;

  mutable std::mutex mutex_;
  SignerSetup setup_;
  std::map<std::string, Followed, std::less<>> followed_;
  std::map<std::string, std::string, std::less<>> problems_;
};

}  // namespace intentgate::evidence
