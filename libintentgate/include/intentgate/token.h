// Capability tokens: mint, attenuate without the key, verify.
//
//   Result<MintedToken> root  = Mint(ring, {.subject = "agent-7", .ttl_seconds = 300,
//                                           .caveats = {Caveat::ToolAllow({"read_file"})}}, *clock, *random);
//   Result<std::string> child = Attenuate(root->token, {Caveat::MaxCalls(3)}, {}, *clock, *random);
//   Result<VerifiedToken> v   = Verify(*child, ring, {}, *clock);
//
// v3 and v4 are the public product's formats, byte for byte. v5 ("ig5.") is ours: MACs over received
// bytes, key ids, an id per hop, argument caveats. Verification costs one hash per caveat (v3, v4) or
// per hop (v5); limits are checked before the first one. Every function is thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/caveat.h>
#include <intentgate/clock.h>
#include <intentgate/json.h>
#include <intentgate/keys.h>
#include <intentgate/reason.h>
#include <intentgate/result.h>

namespace intentgate {

inline constexpr std::size_t kMaxTokenBytes = 16 * 1024;
inline constexpr std::size_t kMaxCaveats = 64;
inline constexpr std::size_t kMaxHops = 32;                          // v5: hops behind the root
inline constexpr std::size_t kMaxToolNameBytes = 256;                // a longer name matches no pattern
inline constexpr std::int64_t kMaxTtlSeconds = 90 * 24 * 3600;       // v5: expiry is mandatory, at most this far away
inline constexpr std::int64_t kDefaultTtlSeconds = 3600;             // v5, when the caller gives none

// kForeign: what ForeignTokens (foreign_tokens.h) has read; nothing mints it.
enum class TokenFormat : std::uint8_t { kV3 = 3, kV4 = 4, kV5 = 5, kForeign = 100 };

struct MintRequest {
  TokenFormat format = TokenFormat::kV5;
  std::string subject;                            // required: the agent
  std::string issuer = "intentgate";
  std::string tenant = "default";
  std::string zone = "default";                   // v4, v5
  std::string audience;                           // v5: who may accept it; empty: any gate with the key
  std::optional<std::int64_t> ttl_seconds;        // v5: default 3600; v3, v4: none means no expiry
  std::optional<std::int64_t> not_before;         // unix seconds
  std::optional<std::int64_t> max_depth;          // v5: hops that may be added
  std::vector<Caveat> caveats;                    // after agent_lock and exp, which Mint puts first in v3, v4
};

struct MintedToken {
  std::string token;                              // what the agent sends after "Bearer "
  std::string jti;                                // id to revoke it by
  std::optional<std::int64_t> expires_at;         // unix seconds
};

// kInvalidArgument: subject missing, a caveat the format cannot carry or that fails Validate, a ttl out of range.
Result<MintedToken> Mint(const KeyRing& ring, const MintRequest& request, const Clock& clock, Random& random);

struct AttenuateOptions {
  std::optional<std::int64_t> expires_in_seconds;  // adds an expiry caveat
  bool seal = false;                               // v5: nothing can be added behind this hop
  std::string label;                               // v5: a name for the hop in audit and errors, at most 64 bytes
};

// A child that can do no more than its parent. Needs no key. kInvalidArgument: nothing to add, a caveat
// that fails Validate, a v5 caveat on a v3/v4 token (the message says which), a sealed parent;
// kLimitExceeded: caveats, hops, bytes or depth; kMalformed, kUnsupportedVersion: no token.
Result<std::string> Attenuate(std::string_view token, const std::vector<Caveat>& caveats,
                              const AttenuateOptions& options, const Clock& clock, Random& random);

struct Hop {
  std::string id;                                 // v5: 16 characters, unique; v3, v4: the root's jti
  std::string label;                              // v5
  std::size_t first_caveat = 0;                   // index into caveats()
  std::size_t caveat_count = 0;
};

// A token's content. What Decode returns is unverified: for display only. Immutable, thread-safe, cheap to copy.
struct TokenContent {
  TokenFormat format = TokenFormat::kV5;
  std::string key_id;                             // v5
  std::string jti;                                // v5: the last hop's id, so that a branch can be revoked
  std::string root_jti;                           // the root's id
  std::string issuer, tenant, zone, subject, audience;
  std::string client;                             // foreign: the OAuth client that presents it
  std::int64_t issued_at = 0;                     // unix seconds
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> expires_at;         // the earliest of all expiries
  std::optional<std::int64_t> max_depth;
  bool sealed = false;
  std::vector<Hop> hops;                          // hops[0] is the root
  std::vector<Caveat> caveats;                    // of all hops, in order

  json::Value ToJson() const;                     // for `decode --json`; never holds the MAC
};

// Reads without checking any MAC. kMalformed, kUnsupportedVersion, kLimitExceeded.
Result<TokenContent> Decode(std::string_view token);

namespace internal {
struct CompiledCaveats;
}

// Only Verify makes one, so a function that takes it cannot be handed an unchecked token.
class VerifiedToken {
 public:
  const TokenContent& content() const { return *content_; }
  // The caveats with their patterns compiled.
  const internal::CompiledCaveats& compiled() const { return *compiled_; }

 private:
  friend struct VerifiedTokenMaker;
  VerifiedToken(std::shared_ptr<const TokenContent> content, std::shared_ptr<const internal::CompiledCaveats> compiled)
      : content_(std::move(content)), compiled_(std::move(compiled)) {}
  std::shared_ptr<const TokenContent> content_;
  std::shared_ptr<const internal::CompiledCaveats> compiled_;
};

// A refusal with its place, for people and for the audit chain.
struct TokenRefusal {
  Reason reason = Reason::kTokenMalformed;
  std::string message;                            // safe to show to the caller
  std::optional<std::size_t> caveat_index;        // into caveats()
  std::optional<std::size_t> hop;
};

struct VerifyOptions {
  bool accept_v3 = true;
  bool accept_v4 = true;
  bool accept_v5 = true;
  std::string audience;                           // who we are; a token for someone else is refused
};

// Either a verified token or the refusal.
class VerifyResult {
 public:
  VerifyResult(VerifiedToken token) : token_(std::move(token)) {}       // NOLINT(google-explicit-constructor)
  VerifyResult(TokenRefusal refusal) : refusal_(std::move(refusal)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return token_.has_value(); }
  const VerifiedToken& token() const { return *token_; }
  const TokenRefusal& refusal() const { return refusal_; }

 private:
  std::optional<VerifiedToken> token_;
  TokenRefusal refusal_;
};

// Format, limits, key, MAC, structure. Does not look at the clock except for retired keys: the caveats
// are CheckCaveats' business. Unknown key and wrong MAC give the caller one and the same message.
VerifyResult Verify(std::string_view token, const KeyRing& ring, const VerifyOptions& options, const Clock& clock);

struct CaveatContext {
  std::string_view tool;
  const json::Value* arguments = nullptr;         // an object, or null when the call has none
  std::string_view agent;                         // who presents the token; empty: its own subject
  std::string_view server;                        // the upstream's name; empty: mcp_allow goes by the tool's prefix
  std::string_view callee, callee_zone;           // agent-to-agent calls
  std::string_view holder;                        // thumbprint of the key that the caller has proved to hold; empty: of none
  std::optional<std::int64_t> risk;               // a score; risk_max refuses when there is none
  std::int64_t now = 0;                           // unix seconds
};

// What refuses first - not-before, the root's expiry, then the caveats in order - or nullopt. Calls, rates
// and costs are counted by the budget, not here; a limit below one call refuses at once. An argument that
// a caveat names and the call lacks is a refusal.
std::optional<TokenRefusal> CheckCaveats(const VerifiedToken& token, const CaveatContext& context);

// The holder caveats alone: kProofRequired without a proven key, kProofRefused for another one, and for a token that is
// bound to none.
std::optional<TokenRefusal> CheckHolder(const VerifiedToken& token, std::string_view holder);

// One line of an explanation.
struct CaveatAnswer {
  std::optional<std::size_t> caveat_index;        // nullopt: the token's own times
  std::size_t hop = 0;
  bool holds = true;
  std::optional<Reason> reason;                   // of one that does not hold
  std::string text;                               // what it asks and, if it does not hold, why not
};

// Every caveat's answer, not only the first "no": the call passes exactly when all hold. The first entry is
// the token's times. For people; CheckCaveats is the fast way.
std::vector<CaveatAnswer> ExplainCaveats(const VerifiedToken& token, const CaveatContext& context);

// Whether any call of `tool` could pass: every caveat but those on arguments. For tools/list.
bool CouldCall(const VerifiedToken& token, std::string_view tool, const CaveatContext& context);

}  // namespace intentgate
