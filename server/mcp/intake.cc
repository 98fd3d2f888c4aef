#include "mcp/intake.h"

#include <string>
#include <utility>
#include <variant>

#include "base/encoding.h"
#include "http/bearer.h"
#include "http/forwarding_exchange.h"
#include "mcp/answer.h"
#include "mcp/credential.h"
#include "mcp/exchange_util.h"
#include "mcp/resource_metadata.h"
#include "oauth/door.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kRetrySeconds = "10";

// An exchange whose client has proved to hold a key.
class ProvenExchange final : public http::ForwardingExchange {
 public:
  // `nonce` goes into the answer; empty: none does.
  ProvenExchange(ExchangePtr inner, std::string key, std::string nonce)
      : ForwardingExchange(std::move(inner)), key_(std::move(key)), nonce_(std::move(nonce)) {
    params() = wrapped().params();
  }

  std::string_view proven_key() const override { return key_; }
  void Send(int status, const http::HeaderList& headers, std::string_view body) override { wrapped().Send(status, With(headers), body); }
  void Start(int status, const http::HeaderList& headers) override { wrapped().Start(status, With(headers)); }

 private:
  http::HeaderList With(const http::HeaderList& headers) const {
    http::HeaderList out = headers;
    if (!nonce_.empty()) out.Add("DPoP-Nonce", nonce_);
    return out;
  }

  const std::string key_, nonce_;
};

// What passes by itself is not the client's fault.
int StatusOf(Reason code) {
  if (code == Reason::kTokenScope) return 403;
  return code == Reason::kIssuerUnavailable || code == Reason::kRevocationUnavailable ? 503 : 401;
}

// `key` is what a proof has shown, `nonce` what goes into the answer; both may be empty.
void Refuse(const Lane& lane, http::Exchange& exchange, std::string_view token, const Decision& refusal, std::string_view key, int status,
            const std::string& challenge, const std::string& nonce) {
  const Call call{.token = token, .tool = {}, .method = {}, .session_id = exchange.request().headers.Get("Mcp-Session-Id").value_or(""),
                  .remote_ip = exchange.remote_address(), .server = lane.server_name(), .holder = key};
  lane.context.metrics->Refused();
  lane.context.gate->RecordRefusedToken(call, refusal);
  http::HeaderList headers{{"Content-Type", "application/json"}};
  if (status == 503) headers.Add("Retry-After", kRetrySeconds);
  else headers.Add("WWW-Authenticate", challenge);
  if (!nonce.empty()) headers.Add("DPoP-Nonce", nonce);
  const int code = IsModern(exchange.request()) ? kModernRefusal + kCapabilityRefused % 100 : kCapabilityRefused;
  exchange.Send(status, headers, ErrorReply({}, code, CodeMessage(kCapabilityRefused), refusal.reason));
}

Decision TokenRefusal(Reason code, std::string why) {
  Decision refusal;
  refusal.check = Check::kCapability;
  refusal.code = code;
  refusal.reason = std::move(why);
  refusal.rule = "token";
  return refusal;
}

class Intake {
 public:
  Intake(Lane& lane, ExchangePtr exchange, ExchangeHandler handle)
      : lane_(lane), door_(*lane.context.door), exchange_(std::move(exchange)), handle_(handle),
        token_(http::AccessToken(exchange_->request().headers)), with_proof_(http::HasProofScheme(exchange_->request().headers)) {}

  // `waited`: the issuer's keys were fetched for this request.
  void Run(bool waited) {
    // What the token is bound to is known only with the keys.
    if (!waited && door_.ReadsToken(token_) && LacksKeys() && Wait()) return;
    if (!with_proof_) return Enter({});
    auto checked = door_.CheckProof(exchange_->request(), token_);
    if (const auto* no = std::get_if<oauth::ProofRefusal>(&checked)) return RefuseProof(*no);
    Enter(std::move(std::get<oauth::Proven>(checked)));
  }

 private:
  bool LacksKeys() const {
    const Reason code = lane_.context.gate->CheckToken(token_).code;
    return code == Reason::kTokenUnknownKey || code == Reason::kIssuerUnavailable;
  }

  bool Wait() {
    // The loop lives longer than the lane, and runs nothing any more when the lane goes.
    return door_.AwaitKeys(token_, [&loop = lane_.loop, &lane = lane_, exchange = exchange_, handle = handle_]() mutable {
      loop.Post([&lane, exchange = std::move(exchange), handle]() mutable { Intake(lane, std::move(exchange), handle).Run(true); });
    });
  }

  // `proven` is empty for a request without a proof.
  void Enter(oauth::Proven proven) {
    const Decision caller = lane_.context.gate->CheckToken(token_, proven.thumbprint);
    if (!caller.allowed()) return Refuse(caller, proven.thumbprint, StatusOf(caller.code), Challenge(caller));
    if (!with_proof_) return handle_(lane_, std::move(exchange_));
    UseUp(std::move(proven));
  }

  // Behind all other checks: only holders of good tokens fill the memory and make the store write.
  void UseUp(oauth::Proven proven) {
    if (const auto no = door_.TakeProof(proven)) return RefuseProof(*no, proven.thumbprint);
    const std::string id(base::AsText(proven.id));
    const std::int64_t ends_at = proven.ends_at;
    const std::uint64_t wait = lane_.next_proof_wait++;
    lane_.proof_waits.emplace(wait, [&lane = lane_, exchange = exchange_, handle = handle_, proven = std::move(proven)](const Result<ProofUse>& used) {
      Intake(lane, exchange, handle).Proceed(proven, used);
    });
    // The callback may be on any thread; it touches nothing but the mailbox.
    lane_.context.gate->UseProof(id, ends_at, [&lane = lane_, mailbox = lane_.mailbox, wait](Result<ProofUse> used) {
      mailbox->Run([&lane, wait, used = std::move(used)] { lane.proof_waits.extract(wait).mapped()(used); });
    });
  }

  void Proceed(const oauth::Proven& proven, const Result<ProofUse>& used) {
    if (!used.ok()) lane_.context.log->Warn("the store did not say whether a proof of possession was used before", {{"detail", used.error().message}});
    if (const auto no = oauth::RefusalOf(used)) return RefuseProof(*no, proven.thumbprint);
    std::string nonce = proven.nonce_is_old ? door_.Nonce() : std::string();
    handle_(lane_, std::make_shared<ProvenExchange>(std::move(exchange_), proven.thumbprint, std::move(nonce)));
  }

  std::string Challenge(const Decision& caller) const {
    ChallengeOptions options{.error = "invalid_token", .proof = with_proof_ || IsAboutProof(caller.code), .scopes = {}};
    if (caller.code == Reason::kTokenScope) {
      options.error = "insufficient_scope";
      options.scopes = door_.ScopesNeeded(token_);
    }
    return mcp::Challenge(*lane_.context.settings, options);
  }

  // `key` is what the proof has shown in spite of all.
  void RefuseProof(const oauth::ProofRefusal& no, std::string_view key = {}) {
    const Decision refusal = TokenRefusal(Reason::kProofRefused, no.why);
    const bool nonce = no.kind == oauth::ProofRefusal::Kind::kNonce;
    const bool ours = no.kind == oauth::ProofRefusal::Kind::kFull || no.kind == oauth::ProofRefusal::Kind::kUntold;
    Refuse(refusal, key, ours ? 503 : 401, mcp::Challenge(*lane_.context.settings, {.error = nonce ? "use_dpop_nonce" : "invalid_dpop_proof", .proof = true, .scopes = {}}));
  }

  void Refuse(const Decision& refusal, std::string_view key, int status, const std::string& challenge) {
    mcp::Refuse(lane_, *exchange_, token_, refusal, key, status, challenge, with_proof_ ? door_.Nonce() : std::string());
  }

  Lane& lane_;
  oauth::Door& door_;
  ExchangePtr exchange_;
  const ExchangeHandler handle_;
  const std::string_view token_;  // of exchange_'s head
  const bool with_proof_;
};

}  // namespace

void Admit(Lane& lane, ExchangePtr exchange, ExchangeHandler handle) {
  const http::HeaderList& headers = exchange->request().headers;
  if (http::IsMalformedAuthorization(headers)) {
    const Decision refusal = TokenRefusal(Reason::kTokenMalformed, "the field Authorization has more than a scheme and a token: Authorization: Bearer TOKEN");
    return Refuse(lane, *exchange, {}, refusal, {}, 400, Challenge(*lane.context.settings, {.error = "invalid_request", .scopes = {}}), {});
  }
  const bool concerned = lane.context.door != nullptr && (http::HasProofScheme(headers) || lane.context.door->ReadsToken(http::BearerToken(headers)));
  if (!concerned) return handle(lane, std::move(exchange));
  Intake(lane, std::move(exchange), handle).Run(false);
}

}  // namespace intentgate::mcp
