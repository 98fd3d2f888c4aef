#include "gate/capability_check.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "gate/counters.h"
#include "token/adopt.h"

namespace intentgate::gate {
namespace {

constexpr std::size_t kCachedTokens = 4'096;

Refused No(Reason code, std::string reason) {
  return {Check::kCapability, code, std::move(reason), Verdict::kBlock, "token"};
}

// "caveat 2 (arg) of hop 1"; "token" when none of them refused.
std::string RuleOf(const TokenRefusal& refusal, const TokenContent& token) {
  if (!refusal.caveat_index || *refusal.caveat_index >= token.caveats.size()) return "token";
  const Caveat& caveat = token.caveats[*refusal.caveat_index];
  const std::string_view name = caveat.kind == CaveatKind::kUnknown ? std::string_view(caveat.type_name) : CaveatKindName(caveat.kind);
  std::string rule = "caveat " + std::to_string(*refusal.caveat_index) + " (" + std::string(name) + ")";
  if (refusal.hop) rule += " of hop " + std::to_string(*refusal.hop);
  return rule;
}

// Who wrote a list of tools that are denied had tools in mind. Such a token reaches what is no tool only when a
// tool_allow names the method.
bool SpeaksOfToolsOnly(const TokenContent& token) {
  bool denies = false;
  for (const Caveat& caveat : token.caveats) {
    if (caveat.kind == CaveatKind::kToolAllow) return false;
    denies = denies || caveat.kind == CaveatKind::kToolDeny;
  }
  return denies;
}

std::optional<Refused> WithinTime(const TokenContent& token, std::int64_t now) {
  if (token.not_before && now < *token.not_before) {
    return No(Reason::kTokenNotYetValid, "the token is not valid before unix second " + std::to_string(*token.not_before));
  }
  if (token.expires_at && now >= *token.expires_at) {
    return No(Reason::kTokenExpired, "the token expired at unix second " + std::to_string(*token.expires_at));
  }
  return std::nullopt;
}

std::optional<Refused> HeldBy(Judged& judged, std::string_view holder) {
  std::optional<TokenRefusal> refusal = CheckHolder(judged.token->token, holder);
  if (!refusal) return std::nullopt;
  judged.refused_caveat = refusal->caveat_index;
  Refused no = No(refusal->reason, std::move(refusal->message));
  no.rule = RuleOf(*refusal, judged.token->token.content());
  return no;
}

}  // namespace

CapabilityCheck::CapabilityCheck(const GateSettings& settings, std::shared_ptr<const Clock> clock,
                                 RevocationWatch& revocations)
    : settings_(settings),
      verify_options_{settings.accept_v3, settings.accept_v4, settings.accept_v5, settings.audience},
      clock_(std::move(clock)),
      revocations_(revocations),
      cache_(kCachedTokens) {}

std::optional<Refused> CapabilityCheck::Verified(std::string_view text, Judged& judged) {
  judged.token = cache_.Find(text, clock_->UnixSeconds());
  if (!judged.token) {
    const bool foreign = foreign_ != nullptr && foreign_->Reads(text);
    if (auto no = foreign ? ReadForeign(text, judged) : Read(text, judged)) return no;
    cache_.Keep(text, judged.token);
  }
  judged.tenant = judged.token->token.content().tenant;
  judged.agent_id = judged.token->token.content().subject;
  return std::nullopt;
}

std::optional<Refused> CapabilityCheck::Read(std::string_view text, Judged& judged) {
  if (!settings_.keys) return No(Reason::kTokenUnknownKey, "this gate has no key to check a token with");
  VerifyResult verified = Verify(text, *settings_.keys, verify_options_, *clock_);
  if (!verified.ok()) {
    judged.refused_caveat = verified.refusal().caveat_index;
    return No(verified.refusal().reason, verified.refusal().message);
  }
  const TokenContent& content = verified.token().content();
  judged.token = std::make_shared<const KnownToken>(
      KnownToken{verified.token(), RevocableIds(content), CountersFor(&content, content.tenant, content.subject, settings_),
                 KeyAcceptedUntil(content, *settings_.keys)});
  return std::nullopt;
}

std::optional<Refused> CapabilityCheck::ReadForeign(std::string_view text, Judged& judged) {
  auto read = foreign_->Verify(text);
  if (auto* refusal = std::get_if<TokenRefusal>(&read)) return No(refusal->reason, std::move(refusal->message));
  ForeignToken& vouched = std::get<ForeignToken>(read);
  const VerifiedToken adopted = token::AdoptForeign(std::move(vouched.content));
  const TokenContent& content = adopted.content();
  judged.token = std::make_shared<const KnownToken>(
      KnownToken{adopted, RevocableIds(content), CountersFor(&content, content.tenant, content.subject, settings_), vouched.known_until});
  return std::nullopt;
}

std::optional<Refused> CapabilityCheck::NotRevoked(Judged& judged) {
  const std::int64_t before = clock_->MonotonicNanos();
  const RevocationAnswer answer = revocations_.Ask(judged.tenant, judged.token->ids);
  judged.times.revocation = std::max<std::int64_t>(clock_->MonotonicNanos() - before, 1);
  switch (answer) {
    case RevocationAnswer::kGood: return std::nullopt;
    case RevocationAnswer::kRevoked: return No(Reason::kTokenRevoked, "the token has been revoked");
    case RevocationAnswer::kUnavailable: break;
  }
  return No(Reason::kRevocationUnavailable,
            "it cannot be known whether the token has been revoked; try again, and tell an operator if it stays so");
}

std::optional<Refused> CapabilityCheck::Ask(const Call& call, Judged& judged) {
  if (call.token.empty()) {
    if (!settings_.require_capability) return std::nullopt;
    return No(Reason::kNoToken, "a capability token is required; send it as \"Authorization: Bearer TOKEN\"");
  }
  if (auto no = Verified(call.token, judged)) return no;
  if (auto no = NotRevoked(judged)) return no;
  if (auto no = HeldBy(judged, call.holder)) return no;
  // A method is judged under its own name.
  if (call.tool == call.method && SpeaksOfToolsOnly(judged.token->token.content())) {
    return No(Reason::kToolNotAllowed, "the token speaks of tools only; for " + std::string(call.method) +
                                           " it needs a tool_allow that names the method");
  }
  const CaveatContext context{
      .tool = call.tool, .arguments = call.arguments, .server = call.server, .holder = call.holder, .now = clock_->UnixSeconds()};
  if (auto refusal = CheckCaveats(judged.token->token, context)) {
    judged.refused_caveat = refusal->caveat_index;
    Refused no = No(refusal->reason, std::move(refusal->message));
    no.rule = RuleOf(*refusal, judged.token->token.content());
    return no;
  }
  return std::nullopt;
}

std::optional<Refused> CapabilityCheck::AskToken(std::string_view text, std::string_view holder, Judged& judged) {
  if (text.empty()) return No(Reason::kNoToken, "a capability token is required");
  if (auto no = Verified(text, judged)) return no;
  if (auto no = NotRevoked(judged)) return no;
  if (auto no = WithinTime(judged.token->token.content(), clock_->UnixSeconds())) return no;
  return HeldBy(judged, holder);
}

bool CapabilityCheck::CouldCall(const Judged& judged, std::string_view tool, std::string_view server,
                                std::string_view holder) const {
  return intentgate::CouldCall(judged.token->token, tool, {.server = server, .holder = holder, .now = clock_->UnixSeconds()});
}

}  // namespace intentgate::gate
