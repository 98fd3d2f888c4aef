#include "mcp/approval_wait.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "http/sse.h"
#include "http/syntax.h"
#include "mcp/exchange_util.h"
#include "mcp/held_exchange.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kRetryAfterSeconds = "5";

// Loop-bound. The exchange's callback owns it until the wait is over.
class Hold : public std::enable_shared_from_this<Hold> {
 public:
  Hold(Lane& lane, const ExchangePtr& exchange, const Message& message, const Decision& decision, WaitEnds ends)
      : lane_(lane), exchange_(std::make_shared<HeldExchange>(exchange)), ends_(std::move(ends)),
        deadline_(exchange->loop(), [this] { End(std::move(ends_.pending)); }),
        keep_alive_(exchange->loop(), [this] { SignOfLife(); }) {
    const json::Value* token = message.params() == nullptr ? nullptr : message.params()->AtPointer("/_meta/progressToken");
    if (token != nullptr && (token->is_string() || token->is_number())) progress_token_ = *token;
    streams_ = AcceptsEventStream(exchange->request());
    http::HeaderList fields;
    AddApprovalFields(decision, fields);
    if (streams_) exchange_->Begin(fields);
  }

  void Start(const Decision& decision, std::int64_t seconds) {
    exchange_->OnClose([self = shared_from_this()] { self->Leave(); });
    deadline_.Set(net::Millis(seconds * 1'000));
    if (streams_) SignOfLife();
    const auto answered = [weak = weak_from_this(), mailbox = lane_.mailbox](const Result<Approval>& result) {
      mailbox->Run([weak, good = result.ok()] {
        if (const auto self = weak.lock()) self->End(std::move(good ? self->ends_.answered : self->ends_.pending));
      });
    };
    const std::uint64_t wait = lane_.context.gate->WaitApproval(decision.tenant, decision.approval_id, answered);
    if (!over_) wait_ = wait;
  }

 private:
  void SignOfLife() {
    std::string out;
    if (progress_token_.is_null()) {
      http::AppendSseComment("waiting for approval", out);
    } else {
      // Small, so that whatever the tool reports later is more.
      const json::Value params = json::MakeObject({{"progressToken", progress_token_},
                                                   {"progress", json::Value::Double(0.001 * static_cast<double>(++signs_))},
                                                   {"message", "waiting for a person's approval"}});
      http::AppendSseEvent({}, {}, json::Write(json::MakeObject({{"jsonrpc", "2.0"}, {"method", "notifications/progress"}, {"params", params}})),
                           out);
    }
    exchange_->Write(out);
    keep_alive_.Set(net::Millis(lane_.context.settings->keep_alive_ms));
  }

  void End(std::function<void(ExchangePtr)> then) {
    if (over_) return;
    const auto self = shared_from_this();
    Leave();
    exchange_->OnClose(nullptr);
    then(exchange_);
  }

  void Leave() {
    over_ = true;
    deadline_.Clear();
    keep_alive_.Clear();
    if (wait_ != 0) lane_.context.gate->CancelApprovalWait(std::exchange(wait_, 0));
  }

  Lane& lane_;
  const std::shared_ptr<HeldExchange> exchange_;
  WaitEnds ends_;
  net::Timer deadline_, keep_alive_;
  json::Value progress_token_;
  bool streams_ = false;
  bool over_ = false;
  std::uint64_t wait_ = 0;
  std::int64_t signs_ = 0;
};

// "wait=10" of one preference, with or without quotes and parameters behind it.
std::optional<std::uint64_t> WaitOf(std::string_view preference) {
  preference = http::TrimBlanks(preference.substr(0, preference.find(';')));
  const std::size_t equals = preference.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  if (!http::EqualsIgnoreCase(http::TrimBlanks(preference.substr(0, equals)), "wait")) return std::nullopt;
  std::string_view value = http::TrimBlanks(preference.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return http::ParseLength(value);
}

}  // namespace

std::string_view ApprovalIdOf(const http::HeaderList& headers) { return headers.Get(kApprovalIdField).value_or(""); }

void AddApprovalFields(const Decision& decision, http::HeaderList& headers) {
  if (decision.verdict != Verdict::kEscalate || decision.approval_id.empty()) return;
  headers.Add(kApprovalIdField, decision.approval_id);
  headers.Add("Retry-After", kRetryAfterSeconds);
}

std::int64_t SecondsToWait(const http::HeaderList& headers, std::int64_t most) {
  std::optional<std::uint64_t> asked;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (!http::EqualsIgnoreCase(headers.name(i), "Prefer")) continue;
    http::ForEachElement(headers.value(i), [&asked](std::string_view preference) {
      if (!asked) asked = WaitOf(preference);   // of two, the first counts (RFC 7240 section 2)
    });
  }
  return static_cast<std::int64_t>(std::min<std::uint64_t>(asked.value_or(0), static_cast<std::uint64_t>(most)));
}

bool HoldForApproval(Lane& lane, const ExchangePtr& exchange, const Message& message, const Decision& decision,
                     std::int64_t seconds, WaitEnds ends) {
  if (decision.verdict != Verdict::kEscalate || decision.approval_id.empty()) return false;
  if (seconds <= 0) return false;
  std::make_shared<Hold>(lane, exchange, message, decision, std::move(ends))->Start(decision, seconds);
  return true;
}

}  // namespace intentgate::mcp
