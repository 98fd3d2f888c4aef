#include "oauth/claims.h"

#include <algorithm>
#include <utility>

#include <intentgate/caveat.h>
#include <intentgate/tool_pattern.h>

#include "base/encoding.h"
#include "base/utf8.h"
#include "crypto/hash.h"
#include "oauth/jwt.h"

namespace intentgate::oauth {
namespace {

TokenRefusal Refuse(Reason reason, std::string message) {
  TokenRefusal refusal;
  refusal.reason = reason;
  refusal.message = std::move(message);
  return refusal;
}

TokenRefusal Bad(std::string_view claim, std::string_view what) {
  return Refuse(Reason::kTokenMalformed, "the access token's claim \"" + std::string(claim) + "\" " + std::string(what));
}

void AddWords(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    if (blank > 0) out.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
}

const json::Value* ClaimAt(const json::Value& claims, const std::string& name) {
  return name.starts_with('/') ? claims.AtPointer(name) : claims.Find(name);
}

bool IsName(std::string_view text) {
  const bool control = std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return !text.empty() && text.size() <= kMaxNameBytes && !control && base::IsValidUtf8(text);
}

std::string ShortId(std::string_view prefix, std::string_view text) {
  const crypto::Digest digest = crypto::Sha256(base::AsBytes(text));
  return std::string(prefix) + base::Base64UrlEncode(std::span(digest).first(18));
}

bool Has(const std::vector<std::string>& list, const std::string& one) { return std::find(list.begin(), list.end(), one) != list.end(); }

// Those of the scopes that reach a tool.
std::vector<std::string> Reaching(const config::OAuthIssuer& issuer, const std::vector<std::string>& scopes) {
  std::vector<std::string> out;
  for (const config::ScopeTools& rule : issuer.scope_tools) {
    if (!rule.tools.empty() && Has(scopes, rule.scope)) out.push_back(rule.scope);
  }
  return out;
}

class Mapping {
 public:
  Mapping(const json::Value& claims, std::string_view text, const config::OAuthIssuer& issuer)
      : claims_(claims), text_(text), issuer_(issuer) {}

  std::variant<TokenContent, TokenRefusal> Map() {
    if (auto no = Names()) return *std::move(no);
    if (auto no = Needed()) return *std::move(no);
    if (auto no = Caller()) return *std::move(no);
    if (auto no = ItsToken()) return *std::move(no);
    return std::move(out_);
  }

 private:
  using Refusal = std::optional<TokenRefusal>;

  Refusal Name(const std::string& claim, std::string& out) const {
    const json::Value* value = ClaimAt(claims_, claim);
    if (value == nullptr) return Bad(claim, "is missing");
    if (!value->is_string() || !IsName(value->string_value())) return Bad(claim, "is no text of 1 to 255 bytes");
    out = value->string_value();
    return std::nullopt;
  }

  Refusal Names() {
    std::string subject;
    if (auto no = Name("sub", subject)) return no;
    if (auto no = Name(issuer_.agent_claim, out_.subject)) return no;
    out_.subject = issuer_.agent_prefix + out_.subject;
    out_.tenant = issuer_.tenant;
    if (!issuer_.tenant_claim.empty()) {
      if (auto no = Name(issuer_.tenant_claim, out_.tenant)) return no;
    }
    for (const char* claim : {"client_id", "azp"}) {
      if (claims_.Find(claim) == nullptr || !out_.client.empty()) continue;
      if (auto no = Name(claim, out_.client)) return no;
    }
    out_.format = TokenFormat::kForeign;
    out_.issuer = issuer_.issuer;
    // Lengths stand before the texts, so that no two callers can spell the same.
    std::string caller;
    for (const std::string& part : {issuer_.issuer, subject, out_.client}) caller += std::to_string(part.size()) + ":" + part;
    out_.root_jti = ShortId("caller-", caller);
    if (claims_.Find("jti") == nullptr) out_.jti = ShortId("jwt-", text_);
    else if (auto no = Name("jti", out_.jti)) return no;
    return std::nullopt;
  }

  Refusal Needed() const {
    for (const auto& [claim, text] : issuer_.required_claims) {
      const json::Value* value = ClaimAt(claims_, claim);
      if (value == nullptr || !(*value == json::Value(text))) return Bad(claim, "is not what this gateway asks for");
    }
    const std::vector<std::string> scopes = ScopesOf(claims_);
    for (const std::string& scope : issuer_.required_scopes) {
      if (!Has(scopes, scope)) return Refuse(Reason::kTokenScope, "the access token lacks the scope " + scope);
    }
    return std::nullopt;
  }

  // What holds for all tokens of the caller.
  Refusal Caller() {
    std::vector<std::string> tools = issuer_.tools;
    const std::vector<std::string> scopes = ScopesOf(claims_);
    for (const config::ScopeTools& rule : issuer_.scope_tools) {
      if (Has(scopes, rule.scope)) tools.insert(tools.end(), rule.tools.begin(), rule.tools.end());
    }
    if (tools.empty()) return Refuse(Reason::kTokenScope, "the access token has no scope that reaches a tool");
    if (issuer_.calls_per_minute > 0) out_.caveats.push_back(Caveat::RateLimit(issuer_.calls_per_minute));
    out_.hops.push_back({.id = out_.root_jti, .label = {}, .first_caveat = 0, .caveat_count = out_.caveats.size()});
    out_.caveats.push_back(Caveat::ToolAllow(std::move(tools)));
    if (!issuer_.servers.empty()) out_.caveats.push_back(Caveat::ServerAllow(issuer_.servers));
    return std::nullopt;
  }

  Refusal ItsToken() {
    const std::size_t first = out_.hops.back().caveat_count;
    if (issuer_.max_calls > 0) out_.caveats.push_back(Caveat::MaxCalls(issuer_.max_calls));
    if (issuer_.max_cost_cents > 0) out_.caveats.push_back(Caveat::MaxCost(issuer_.max_cost_cents));
    if (auto no = Binding()) return no;
    if (auto no = OwnCaveats()) return no;
    if (out_.caveats.size() > kMaxCaveats) return Refuse(Reason::kTokenTooLarge, "the access token has too many caveats");
    out_.hops.push_back({.id = out_.jti, .label = {}, .first_caveat = first, .caveat_count = out_.caveats.size() - first});
    return std::nullopt;
  }

  // RFC 7800. A token that is bound in a way that nobody here can check is not taken for an unbound one.
  Refusal Binding() {
    const json::Value* confirmation = claims_.Find("cnf");
    if (confirmation == nullptr) return std::nullopt;
    const bool by_proof = confirmation->is_object() && confirmation->object().size() == 1 && confirmation->Find("jkt") != nullptr;
    Caveat holder = Caveat::Holder(by_proof ? TextOf(*confirmation, "jkt") : std::string());
    if (!by_proof || !holder.Validate().ok()) {
      return Refuse(Reason::kProofRefused, "the access token is bound to its holder in a way that this gateway cannot check");
    }
    out_.caveats.push_back(std::move(holder));
    return std::nullopt;
  }

  Refusal OwnCaveats() {
    if (issuer_.caveats_claim.empty()) return std::nullopt;
    const json::Value* list = ClaimAt(claims_, issuer_.caveats_claim);
    if (list == nullptr) return std::nullopt;
    if (!list->is_array()) return Bad(issuer_.caveats_claim, "is no list of caveats");
    for (const json::Value& one : list->array()) {
      Result<Caveat> caveat = Caveat::FromJson(one);
      if (!caveat.ok() || !caveat->Validate().ok()) return Bad(issuer_.caveats_claim, "has a caveat that cannot be read");
      out_.caveats.push_back(*std::move(caveat));
    }
    return std::nullopt;
  }

  const json::Value& claims_;
  const std::string_view text_;
  const config::OAuthIssuer& issuer_;
  TokenContent out_;
};

}  // namespace

std::vector<std::string> ScopesOf(const json::Value& claims) {
  std::vector<std::string> out;
  AddWords(TextOf(claims, "scope"), out);
  AddWords(TextOf(claims, "scp"), out);
  const json::Value* list = claims.Find("scp");
  if (list == nullptr || !list->is_array()) return out;
  for (const json::Value& scope : list->array()) {
    if (scope.is_string()) out.push_back(scope.string_value());
  }
  return out;
}

std::variant<TokenContent, TokenRefusal> CapabilityOf(const json::Value& claims, std::string_view text, const config::OAuthIssuer& issuer) {
  return Mapping(claims, text, issuer).Map();
}

std::vector<std::string> ScopesFor(const config::OAuthIssuer& issuer, std::string_view tool) {
  for (const config::ScopeTools& rule : issuer.scope_tools) {
    const bool helps = std::any_of(rule.tools.begin(), rule.tools.end(), [tool](const std::string& pattern) { return ToolPatternMatches(pattern, tool); });
    if (!helps) continue;
    std::vector<std::string> needed = issuer.required_scopes;
    if (!Has(needed, rule.scope)) needed.push_back(rule.scope);
    return needed;
  }
  return {};
}

std::vector<std::string> ScopesNeeded(const config::OAuthIssuer& issuer, const json::Value& claims) {
  std::vector<std::string> needed = issuer.required_scopes;
  if (!issuer.tools.empty() || !Reaching(issuer, needed).empty()) return needed;
  // A client may ask for these in place of what it has, so what it has and needs is among them.
  std::vector<std::string> more = Reaching(issuer, ScopesOf(claims));
  if (more.empty()) {
    for (const config::ScopeTools& rule : issuer.scope_tools) {
      if (!rule.tools.empty()) more.push_back(rule.scope);
    }
  }
  for (std::string& scope : more) {
    if (!Has(needed, scope)) needed.push_back(std::move(scope));
  }
  return needed;
}

}  // namespace intentgate::oauth
