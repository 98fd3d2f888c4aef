#include "open/signing.h"

#include <optional>
#include <string>
#include <utility>

#include "evidence/evidence.h"
#include "evidence/key_file.h"

namespace intentgate::open {
namespace {

Error In(const std::string& where, const Error& cause) { return {cause.code, where + ": " + cause.message}; }

}  // namespace

Result<std::unique_ptr<evidence::SignerSetup>> ReadSigning(const GateSettings& settings,
                                                           std::shared_ptr<const Clock> clock) {
  if (settings.signing_key_file.empty()) return std::unique_ptr<evidence::SignerSetup>();
  Result<tlog::SigningKey> key = evidence::ReadKeyFile(settings.signing_key_file);
  if (!key.ok()) return In("audit.signing.key_file", key.error());
  std::optional<tlog::SigningKey> previous;
  if (!settings.signing_previous_key_file.empty()) {
    Result<tlog::SigningKey> read = evidence::ReadKeyFile(settings.signing_previous_key_file);
    if (!read.ok()) return In("audit.signing.previous_key_file", read.error());
    if (read->verifier().ToString() == key->verifier().ToString()) {
      return Error{ErrorCode::kInvalidArgument, "audit.signing.previous_key_file: holds the same key as audit.signing.key_file"};
    }
    previous = *std::move(read);
  }
  const std::string state = settings.signing_state_file.empty() ? settings.signing_key_file + ".state" : settings.signing_state_file;
  Result<evidence::SignerStateFile> file = evidence::SignerStateFile::Open(state);
  if (!file.ok()) return In("audit.signing.state_file", file.error());
  return std::make_unique<evidence::SignerSetup>(evidence::SignerSetup{
      nullptr, std::move(clock), settings.signing_deployment, *std::move(key), std::nullopt, *std::move(file), std::move(previous)});
}

Status AddEvidence(std::unique_ptr<evidence::SignerSetup> signing, std::shared_ptr<audit::LogStore> tree,
                   gate::GateParts& parts) {
  if (!tree) {
    if (!signing) return {};
    return Error{ErrorCode::kInvalidArgument, "audit.signing.key_file: this store keeps no checkpoints; unset it, or set "
                                              "store.kind to sqlite"};
  }
  if (signing) {
    parts.signing_key = signing->key.verifier().ToString();
    signing->log = tree;
  }
  const auto shared = std::make_shared<std::unique_ptr<evidence::SignerSetup>>(std::move(signing));
  parts.make_evidence = [shared, tree, values = parts.private_values, retention = parts.retention_store, clock = parts.clock, settings = parts.settings](audit::AuditLog& log) {
    evidence::EvidenceSetup setup;
    setup.tree = tree;
    setup.values = values;
    setup.retention = retention;
    setup.archive_directory = settings.archive_directory;
    setup.archive_values = settings.archive_values;
    setup.retention_days = settings.retention_days;
    setup.clock = clock;
    setup.deployment = settings.signing_deployment;
    if (*shared) setup.signer = std::make_unique<evidence::Signer>(std::move(**shared));
    setup.sealer = {settings.signing_interval_ms, settings.signing_max_events, settings.signing_reemit_ms};
    setup.max_merge_delay_ms = settings.signing_max_merge_delay_ms;
    return evidence::MakeEvidence(std::move(setup), log);
  };
  return {};
}

}  // namespace intentgate::open
