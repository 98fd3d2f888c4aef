// Signs checkpoints and never two histories. What is promised, (epoch, size, root), is stored in the database and in a
// local file before a signature leaves; whatever contradicts either is refused with kCorrupt "fork_detected: ...".
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

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
};

// Thread-safe. Several processes may sign for one store, each with a state file of its own.
class Signer {
 public:
  explicit Signer(SignerSetup setup) : setup_(std::move(setup)) {}

  // Covers every event that is in the chain at the call. kNotFound for a tenant without events, kConflict when other
  // processes were faster again and again.
  Result<audit::StoredCheckpoint> CheckpointNow(std::string_view tenant);
  const tlog::VerifierKey& verifier() const { return setup_.key.verifier(); }
  // "", or why the last attempt for this tenant signed nothing.
  std::string problem(std::string_view tenant) const;

 private:
  Result<audit::StoredCheckpoint> Attempt(const std::string& tenant);
  Status CheckPromise(const std::string& tenant, const std::optional<audit::SignerState>& promised, std::int64_t epoch,
                      const tlog::CompactRange& tree, const tlog::NodeAt& nodes) const;
  Result<audit::StoredCheckpoint> Release(const std::string& tenant, const audit::SignerState& state) const;

  mutable std::mutex mutex_;
  SignerSetup setup_;
  std::map<std::string, Integrator, std::less<>> integrators_;
  std::map<std::string, std::string, std::less<>> problems_;
};

}  // namespace intentgate::evidence
