// OAuth at the gateway's door: access tokens of other issuers, and proofs of possession. What is refused here never reaches a handler.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/gate.h>

#include "base/http_fetch.h"
#include "config/server_settings.h"
#include "http/message.h"
#include "oauth/access_tokens.h"
#include "oauth/key_watch.h"
#include "oauth/proof.h"
#include "telemetry/log.h"

namespace intentgate::oauth {

struct DoorParts {
  std::shared_ptr<const config::ServerSettings> settings;
  std::shared_ptr<Gate> gate;                     // learns to accept the issuers' tokens
  std::shared_ptr<base::HttpFetcher> fetcher;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Random> random;
  std::shared_ptr<const telemetry::Logger> log;
};

// Thread-safe.
class Door {
 public:
  // The error is of the randomness.
  static Result<std::shared_ptr<Door>> Create(DoorParts parts);
  ~Door();
  Door(const Door&) = delete;  // owns threads
  Door& operator=(const Door&) = delete;

  // Whether the token is of a form that the configured issuers give out.
  bool ReadsToken(std::string_view token) const { return tokens_->Reads(token); }
  // Whether CheckToken may say something else once keys were fetched: then `done` is called, on another thread, when that is over.
  [[nodiscard]] bool AwaitKeys(std::string_view token, std::function<void()> done);
  // Of a request whose token came under the scheme DPoP.
  std::variant<Proven, ProofRefusal> CheckProof(const http::RequestHead& head, std::string_view token) const;
  // As ProofCheck::Take. REQUIRES: Gate::CheckToken allowed the token with this proof's key.
  std::optional<ProofRefusal> TakeProof(const Proven& proven) { return proofs_.Take(proven); }
  // The nonce to be used from now on; empty: none is asked for.
  std::string Nonce() const { return nonces_ == nullptr ? std::string() : nonces_->Current(); }
  // All scopes that the caller would need for a call of `tool`; empty: none would help.
  std::vector<std::string> ScopesFor(std::string_view token, std::string_view tool) const { return tokens_->ScopesFor(token, tool); }
  std::vector<std::string> ScopesNeeded(std::string_view token) const { return tokens_->ScopesNeeded(token); }

 private:
  Door(const DoorParts& parts, std::shared_ptr<const Nonces> nonces);

  const std::string url_;                         // ComparableUrl of mcp.public_url; empty: it is not set
  const std::shared_ptr<const Nonces> nonces_;
  ProofCheck proofs_;
  std::shared_ptr<AccessTokens> tokens_;
  std::vector<std::unique_ptr<KeyWatch>> watches_;  // in the order of the issuers
};

}  // namespace intentgate::oauth
