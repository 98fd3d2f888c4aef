#include "mcp/stdio_server.h"

#include <algorithm>

#include "mcp/answer.h"
#include "mcp/message.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kHelloId = "intentgate-initialize";
constexpr std::size_t kMaxErrorLine = 2'048;

Error Unavailable(std::string_view why) { return Error{ErrorCode::kUnavailable, std::string(why)}; }

json::Value Hello(std::string_view version) {
  return json::MakeObject(
      {{"jsonrpc", "2.0"},
       {"id", kHelloId},
       {"method", "initialize"},
       {"params", json::MakeObject({{"protocolVersion", kNewestProtocol},
                                    {"capabilities", json::MakeObject({})},
                                    {"clientInfo", json::MakeObject({{"name", "intentgate"}, {"version", version}})}})}});
}

// JSON has no line end inside, and a line is a message.
std::string LineOf(const json::Value& message) { return json::Write(message) + "\n"; }

json::Value* TokenIn(json::Value& message, std::string_view place) {
  json::Value* params = message.Find("params");
  json::Value* within = params == nullptr || place.empty() ? params : params->Find(place);
  return within == nullptr ? nullptr : within->Find("progressToken");
}

}  // namespace

StdioServer::StdioServer(net::Loop& loop, const config::UpstreamSettings& settings,
                         std::vector<std::pair<std::string, std::string>> environment, std::size_t max_message, std::string version,
                         std::shared_ptr<const telemetry::Logger> log, net::Millis handshake_limit)
    : loop_(loop), settings_(settings), environment_(std::move(environment)), max_message_(max_message), version_(std::move(version)),
      log_(std::move(log)), handshake_limit_(std::max(handshake_limit, net::Millis(settings.timeout_ms))), restart_(loop, [this] { Start(); }),
      handshake_(loop, [this] { OnEnd("it did not answer the handshake in time"); }) {}

StdioServer::~StdioServer() = default;

void StdioServer::Start() {
  state_ = State::kStarting;
  started_at_ = net::Loop::NowMillis();
  const auto weak = weak_from_this();
  Result<std::unique_ptr<net::Child>> child = net::Child::Start(
      loop_, {.command = settings_.command, .environment = environment_, .directory = settings_.directory},
      {.on_output = [weak](std::string_view data) { if (const auto self = weak.lock()) self->OnOutput(data); },
       .on_error_output = [weak](std::string_view data) { if (const auto self = weak.lock()) self->OnErrorOutput(data); },
       .on_end = [weak] { if (const auto self = weak.lock()) self->OnEnd("the process has ended"); }});
  if (!child.ok()) return OnEnd(child.error().message);
  child_ = std::move(*child);
  log_->Info("upstream started", {{"upstream", settings_.name}, {"pid", child_->pid()}});
  handshake_.Set(handshake_limit_);
  Write(LineOf(Hello(version_)));
}

void StdioServer::OnEnd(std::string_view why) {
  if (child_ != nullptr) child_->Kill();
  child_.reset();
  handshake_.Clear();
  // One that never answers the handshake is none that works, however long it is waited for.
  const bool settled = state_ == State::kReady && net::Loop::NowMillis() - started_at_ >= kStdioSettled.count();
  state_ = State::kDown;
  hello_ = {};
  line_.clear();
  error_line_.clear();
  if (settled) backoff_ = kStdioFirstBackoff;
  log_->Warn("upstream ended", {{"upstream", settings_.name}, {"detail", why}, {"again_in_ms", backoff_.count()}});
  restart_.Set(backoff_);
  backoff_ = std::min(backoff_ * 2, kStdioMaxBackoff);
  waiting_.clear();
  waiting_bytes_ = 0;
  for (auto& [number, one] : std::exchange(pending_, {})) one.sink.on_end(Unavailable("the server's process has ended"));
}

void StdioServer::Write(std::string_view line) {
  if (child_ != nullptr) child_->Write(line);
}

void StdioServer::WriteIfRoom(std::string_view line) {
  if (!full()) Write(line);
}

std::uint64_t StdioServer::Ask(json::Value request, const std::string& session, StdioSink sink) {
  const std::uint64_t number = next_++;
  if (state_ == State::kDown) return sink.on_end(Unavailable("the server's process is down, and started again soon")), number;
  if (pending_.size() >= kMaxStdioPending || full()) {
    return sink.on_end(Unavailable("the server's process takes no more messages")), number;
  }
  Pending one{*request.Find("id"), {}, session, std::move(sink)};
  std::string line;
  if (*request.Find("method") != json::Value("initialize")) {
    request.Set("id", static_cast<std::int64_t>(number));
    if (json::Value* token = TokenIn(request, "_meta")) {
      one.token = *token;
      *token = json::Value(static_cast<std::int64_t>(number));
    }
    line = LineOf(request);
  }
  pending_.emplace(number, std::move(one));
  if (state_ == State::kReady) return Send(number, line), number;
  waiting_bytes_ += line.size();
  waiting_.emplace(number, std::move(line));
  return number;
}

void StdioServer::Send(std::uint64_t number, std::string_view line) {
  if (line.empty()) return AnswerHello(number);
  Write(line);
}

void StdioServer::AnswerHello(std::uint64_t number) {
  const auto found = pending_.find(number);
  if (found == pending_.end()) return;
  const StdioSink sink = std::move(found->second.sink);
  const std::string answer = ResultReply(found->second.id, hello_);
  pending_.erase(found);
  sink.on_end(answer);
}

void StdioServer::Cancel(std::uint64_t number) {
  if (pending_.erase(number) == 0) return;
  if (const auto found = waiting_.find(number); found != waiting_.end()) {
    waiting_bytes_ -= found->second.size();
    waiting_.erase(found);
  }
  if (state_ != State::kReady) return;
  WriteIfRoom(LineOf(json::MakeObject({{"jsonrpc", "2.0"},
                                       {"method", "notifications/cancelled"},
                                       {"params", json::MakeObject({{"requestId", static_cast<std::int64_t>(number)}})}})));
}

void StdioServer::OnCancelled(const json::Value& notification, const std::string& session) {
  const json::Value* id = notification.AtPointer("/params/requestId");
  if (id == nullptr || session.empty()) return;
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const auto& one) {
    return one.second.session == session && one.second.id == *id;
  });
  if (found == pending_.end()) return;
  // The process owes no answer any more, but the request that is open at the gateway has to end.
  const Pending cancelled = found->second;
  Cancel(found->first);
  cancelled.sink.on_end(ErrorReply(cancelled.id, kInternalError, "cancelled by the client"));
}

Status StdioServer::Tell(const json::Value& notification, const std::string& session) {
  const json::Value* method = notification.Find("method");
  if (method == nullptr) return {};
  if (*method == json::Value("notifications/cancelled")) return OnCancelled(notification, session), Status();
  if (state_ != State::kReady) return {};
  for (const std::string_view own : {"notifications/initialized", "notifications/progress"}) {
    if (*method == json::Value(own)) return {};
  }
  if (full()) return Unavailable("the server's process takes no more messages");
  Write(LineOf(notification));
  return {};
}

std::optional<std::uint64_t> StdioServer::Listen(std::function<void(const StdioText&)> listener) {
  if (listeners_.size() >= kMaxStdioListeners) return std::nullopt;
  listeners_.emplace(next_, std::move(listener));
  return next_++;
}

void StdioServer::Unlisten(std::uint64_t number) { listeners_.erase(number); }

void StdioServer::OnOutput(std::string_view data) {
  const auto self = shared_from_this();
  while (!data.empty() && state_ != State::kDown) {
    const std::size_t end = data.find('\n');
    line_.append(data.substr(0, end));
    data.remove_prefix(std::min(end == std::string_view::npos ? end : end + 1, data.size()));
    if (line_.size() > max_message_) return OnEnd("it sent a line that is longer than limits.max_answer_bytes");
    if (end == std::string_view::npos) return;
    OnLine(std::exchange(line_, {}));
  }
}

void StdioServer::OnErrorOutput(std::string_view data) {
  for (const char c : data) {
    if (c != '\n') {
      if (c != '\r' && error_line_.size() < kMaxErrorLine) error_line_.push_back(c);
      continue;
    }
    if (!error_line_.empty()) log_->Info("upstream says", {{"upstream", settings_.name}, {"line", error_line_}});
    error_line_.clear();
  }
}

void StdioServer::OnLine(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  Result<json::Value> message = json::Parse(line, {.max_bytes = max_message_});
  if (!message.ok() || !message->is_object()) {
    // Programs print greetings where they should not; what is no message is nobody's answer.
    return log_->Warn("upstream sent a line that is no message", {{"upstream", settings_.name}});
  }
  const bool asks = message->Find("method") != nullptr;
  if (!asks) return OnAnswer(std::move(*message));
  if (message->Find("id") != nullptr) return OnQuestion(*message);
  OnNotification(std::move(*message));
}

void StdioServer::OnAnswer(json::Value message) {
  const json::Value* id = message.Find("id");
  if (id == nullptr) return;
  if (state_ == State::kStarting && *id == json::Value(kHelloId)) return OnHello(message);
  const auto number = id->AsInt64();
  const auto found = number && *number > 0 ? pending_.find(static_cast<std::uint64_t>(*number)) : pending_.end();
  if (found == pending_.end()) return;
  const Pending one = std::move(found->second);
  pending_.erase(found);
  message.Set("id", one.id);
  one.sink.on_end(json::Write(message));
}

void StdioServer::OnHello(const json::Value& answer) {
  const json::Value* result = answer.Find("result");
  const json::Value* version = result == nullptr ? nullptr : result->Find("protocolVersion");
  if (version == nullptr || !version->is_string() || !IsServedProtocol(version->string_value())) {
    return OnEnd("it did not answer the handshake with a revision that is served here");
  }
  hello_ = *result;
  state_ = State::kReady;
  handshake_.Clear();
  Write(LineOf(json::MakeObject({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}})));
  waiting_bytes_ = 0;
  for (const auto& [number, line] : std::exchange(waiting_, {})) Send(number, line);
}

void StdioServer::OnQuestion(const json::Value& message) {
  const json::Value& id = *message.Find("id");
  // Nobody can say for which of the callers a shared process asks.
  const bool ping = *message.Find("method") == json::Value("ping");
  const std::string answer = ping ? ResultReply(id, json::MakeObject({})) : ErrorReply(id, kMethodNotFound, "not supported by this client");
  WriteIfRoom(answer + "\n");
}

void StdioServer::OnNotification(json::Value message) {
  if (*message.Find("method") == json::Value("notifications/progress")) {
    json::Value* token = TokenIn(message, {});
    const auto number = token == nullptr ? std::nullopt : token->AsInt64();
    const auto found = number && *number > 0 ? pending_.find(static_cast<std::uint64_t>(*number)) : pending_.end();
    if (found == pending_.end()) return;
    *token = found->second.token;
    return found->second.sink.on_event(std::make_shared<const std::string>(json::Write(message)));
  }
  const auto text = std::make_shared<const std::string>(json::Write(message));
  for (const auto& [number, listener] : listeners_) listener(text);
}

}  // namespace intentgate::mcp
