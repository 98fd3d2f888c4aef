// First question: did we issue this token, is it still good, does it cover this call?
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <intentgate/clock.h>
#include <intentgate/foreign_tokens.h>
#include <intentgate/keys.h>
#include <intentgate/settings.h>

#include "gate/judged.h"
#include "gate/revocation_watch.h"

namespace intentgate::gate {

// Thread-safe.
class CapabilityCheck {
 public:
  CapabilityCheck(const GateSettings& settings, std::shared_ptr<const Clock> clock, RevocationWatch& revocations);

  // Fills token, tenant, agent and refused_caveat of `judged`. A call without a token passes when the
  // settings do not require one.
  std::optional<Refused> Ask(const Call& call, Judged& judged);
  // The token alone: authentic, not revoked, within its time, presented by its holder.
  std::optional<Refused> AskToken(std::string_view text, std::string_view holder, Judged& judged);
  // REQUIRES: judged.token, from AskToken.
  bool CouldCall(const Judged& judged, std::string_view tool, std::string_view server,
                 std::string_view holder) const;
  // REQUIRES: no call is judged yet.
  void AcceptForeign(std::shared_ptr<const ForeignTokens> tokens) { foreign_ = std::move(tokens); }

 private:
  std::optional<Refused> Verified(std::string_view text, Judged& judged);
  std::optional<Refused> Read(std::string_view text, Judged& judged);
  std::optional<Refused> ReadForeign(std::string_view text, Judged& judged);
  std::optional<Refused> NotRevoked(Judged& judged);

  const GateSettings& settings_;
  const VerifyOptions verify_options_;
  const std::shared_ptr<const Clock> clock_;
  RevocationWatch& revocations_;
  std::shared_ptr<const ForeignTokens> foreign_;
  TokenCache cache_;
};

}  // namespace intentgate::gate
