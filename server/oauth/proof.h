// Proofs of possession (DPoP, RFC 9449): a request shows that its sender holds the key to which its token is bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/gate.h>

#include "config/oauth_settings.h"
#include "crypto/hash.h"
#include "oauth/jwt.h"
#include "oauth/nonces.h"
#include "oauth/proof_memory.h"

namespace intentgate::oauth {

inline constexpr std::size_t kMaxProofBytes = 8 * 1024;
inline constexpr std::int64_t kProofFutureSeconds = 15;  // how far a sender's clock may be ahead

// What a proof may be signed with; also for the resource metadata.
const std::vector<std::string>& ProofAlgorithms();

// A URL as proofs are compared by it: without query and fragment, scheme and host in lower case, without the scheme's own port, with
// no percent-escape that needs none. Empty: it is no http or https URL.
std::string ComparableUrl(std::string_view url);

struct Proven {
  std::string thumbprint;
  bool nonce_is_old = false;  // the sender should be told the new one
  // For Gate::UseProof, which alone knows what other gateways have seen.
  crypto::Digest id{};
  std::int64_t ends_at = 0;
};

struct ProofRefusal {
  enum class Kind : std::uint8_t { kInvalid, kNonce, kFull, kUntold };
  Kind kind = Kind::kInvalid;
  std::string why;            // safe to show
};

// Nothing for a proof that no gateway has seen before.
std::optional<ProofRefusal> RefusalOf(const Result<ProofUse>& used);

// What the proof has to be for. Borrows.
struct ProofTarget {
  std::string_view method;
  std::string_view url;       // a ComparableUrl
  std::string_view token;
};

// Thread-safe.
class ProofCheck {
 public:
  // `nonces` may be null: then none is asked for.
  ProofCheck(const config::DpopSettings& settings, std::shared_ptr<const Nonces> nonces, std::shared_ptr<const Clock> clock)
      : proof_seconds_(settings.proof_seconds), nonces_(std::move(nonces)), clock_(std::move(clock)), memory_(static_cast<std::size_t>(settings.max_proofs)) {}

  // Whether the proof is good but for a use before: uses nothing up, since anybody can make a key and a proof.
  std::variant<Proven, ProofRefusal> Check(std::string_view proof, const ProofTarget& target) const;
  // Uses the proof up in this process, once its token was found good; what other gateways have seen the caller has to ask
  // (Gate::UseProof). Nothing for a proof that is new here.
  std::optional<ProofRefusal> Take(const Proven& proven);

 private:
  const std::int64_t proof_seconds_;
  const std::shared_ptr<const Nonces> nonces_;
  const std::shared_ptr<const Clock> clock_;
  ProofMemory memory_;
};

}  // namespace intentgate::oauth
