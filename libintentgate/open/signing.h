// Signing and evidence as the settings want them.
#pragma once

#include <memory>
#include <optional>

#include <intentgate/clock.h>
#include <intentgate/settings.h>

#include "audit/log_store.h"
#include "evidence/publisher.h"
#include "evidence/signer.h"
#include "gate/assemble.h"

namespace intentgate::open {

// Null when no key is named. The signer has no store yet. Errors name the setting.
Result<std::unique_ptr<evidence::SignerSetup>> ReadSigning(const GateSettings& settings, std::shared_ptr<const Clock> clock);

// Where checkpoints go; nullopt when they stay here. Errors name the setting.
Result<std::optional<evidence::PublisherSetup>> ReadPublishing(const GateSettings& settings);

// Makes the gate have evidence over `tree`, which may be null: then nothing may be set about signing.
Status AddEvidence(std::unique_ptr<evidence::SignerSetup> signing, std::optional<evidence::PublisherSetup> publishing,
                   std::shared_ptr<audit::LogStore> tree, gate::GateParts& parts);

}  // namespace intentgate::open
