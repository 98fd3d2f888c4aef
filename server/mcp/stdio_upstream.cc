#include "mcp/stdio_upstream.h"

#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include <intentgate/clock.h>

#include "base/encoding.h"
#include "http/sse.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kSessionIdBytes = 18;

http::ResponseHead HeadOf(int status, std::string_view type, std::string_view session, bool made_up) {
  http::ResponseHead head;
  head.status = status;
  head.made_up = made_up;
  if (!type.empty()) head.headers.Add("Content-Type", type);
  if (!session.empty()) head.headers.Add("Mcp-Session-Id", session);
  return head;
}

std::string NewSessionId() {
  std::array<std::uint8_t, kSessionIdBytes> bytes{};
  return SystemRandom()->Fill(bytes).ok() ? base::Base64UrlEncode(bytes) : std::string();
}

class StdioCall;
// The calls that are not over. Loop-bound: this holds them, and the server's loop knows them weakly, so that none is
// destroyed on that thread.
using OpenCalls = std::set<std::shared_ptr<StdioCall>>;

// One exchange, told as an HTTP answer. Loop-bound.
class StdioCall final : public http::ClientCall, public std::enable_shared_from_this<StdioCall> {
 public:
  // `on_slow`: its reader takes too little, so that it ends.
  StdioCall(net::Loop& loop, std::weak_ptr<OpenCalls> open, net::Millis silence, http::ResponseCallbacks callbacks, std::function<void()> on_slow)
      : open_(std::move(open)), on_slow_(std::move(on_slow)), callbacks_(std::move(callbacks)), silence_(silence), timer_(loop, [this] { OnSilence(); }) {
    timer_.Set(silence_);
  }

  // What ends it at the server.
  void set_undo(std::function<void()> undo) { undo_ = std::move(undo); }
  bool over() const { return over_; }
  // Of a handshake, which the process is not asked again.
  void set_session(std::string session) {
    session_ = std::move(session);
    made_up_ = true;
  }

  // A notification becomes an event: the answer is a stream from then on.
  void OnEvent(StdioText text) {
    const std::size_t bytes = text->size();
    Deliver(bytes, [this, text = std::move(text)] {
      Begin(200, "text/event-stream");
      Body(Event(*text));
    });
  }
  void OpenStream() {
    Deliver(0, [this] { Begin(200, "text/event-stream"); });
  }
  void OnEnd(Result<std::string> answer) {
    undo_ = nullptr;
    const std::size_t bytes = answer.ok() ? answer->size() : 0;
    Deliver(bytes, [this, answer = std::move(answer)] {
      if (!answer.ok()) return Done(answer.error());
      const bool streams = began_;
      Begin(200, "application/json");
      Body(streams ? Event(*answer) : *answer);
      Done({});
    });
  }
  // In place of the process.
  void Answer(int status) {
    made_up_ = true;
    Deliver(0, [this, status] {
      Begin(status, {});
      Done({});
    });
  }

  void Cancel() override {
    const auto self = shared_from_this();
    End();
    Undo();
  }
  // Whom the callbacks keep often keeps the call.
  void Abandon() { End(); }
  void Pause() override { paused_ = true; }
  void Resume() override {
    const auto self = shared_from_this();
    paused_ = false;
    while (!paused_ && !over_ && !waiting_.empty()) {
      const auto [bytes, next] = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= bytes;
      next();
    }
  }
  void SetIdleTimeout(net::Millis timeout) override {
    silence_ = timeout;
    if (!over_) timer_.Set(silence_);
  }

 private:
  static std::string Event(const std::string& text) {
    std::string out;
    http::AppendSseEvent({}, {}, text, out);
    return out;
  }

  void Deliver(std::size_t bytes, std::function<void()> part) {
    if (over_) return;
    const auto self = shared_from_this();
    timer_.Set(silence_);
    if (!paused_ && waiting_.empty()) return part();
    // The process cannot be paused for one of its readers.
    if (waiting_bytes_ >= kMaxStdioQueued) return OnSlow();
    waiting_bytes_ += bytes;
    waiting_.emplace_back(bytes, std::move(part));
  }
  void Begin(int status, std::string_view type) {
    if (std::exchange(began_, true) || over_) return;
    const auto on_head = callbacks_.on_head;
    if (on_head) on_head(HeadOf(status, type, session_, made_up_));
  }
  void Body(std::string_view data) {
    const auto on_body = callbacks_.on_body;
    if (on_body && !over_) on_body(data);
  }
  void Done(const Status& status) {
    if (over_) return;
    const http::ResponseCallbacks callbacks = End();
    if (callbacks.on_done) callbacks.on_done(status);
  }
  // REQUIRES: someone else holds the call.
  http::ResponseCallbacks End() {
    over_ = true;
    timer_.Clear();
    waiting_.clear();
    waiting_bytes_ = 0;
    if (const auto open = open_.lock()) open->erase(shared_from_this());
    return std::exchange(callbacks_, {});
  }
  void OnSlow() {
    if (on_slow_) on_slow_();
    Undo();
    Done(Error{ErrorCode::kLimitExceeded, "its reader is too slow: over " + std::to_string(kMaxStdioQueued) + " bytes wait for it"});
  }
  void OnSilence() {
    const auto self = shared_from_this();
    if (paused_) return timer_.Set(silence_);
    Undo();
    Done(Error{ErrorCode::kTimeout, "the server's process was silent for too long"});
  }
  void Undo() {
    if (const auto undo = std::exchange(undo_, nullptr)) undo();
  }

  const std::weak_ptr<OpenCalls> open_;
  const std::function<void()> on_slow_;
  http::ResponseCallbacks callbacks_;
  net::Millis silence_;
  net::Timer timer_;
  std::function<void()> undo_;
  std::string session_;
  std::deque<std::pair<std::size_t, std::function<void()>>> waiting_;  // bytes, and what tells them
  std::size_t waiting_bytes_ = 0;
  bool made_up_ = false;
  bool began_ = false;
  bool paused_ = false;
  bool over_ = false;
};

// The way from the server's loop to a call. Thread-safe.
class HomeOfCall {
 public:
  HomeOfCall(net::Loop& loop, const std::shared_ptr<StdioCall>& call) : loop_(&loop), call_(call) {}

  // Unless the call is over by then.
  void Tell(std::function<void(StdioCall&)> what) const {
    loop_->Post([call = call_, what = std::move(what)] {
      if (const auto to = call.lock()) what(*to);
    });
  }
  // What ends the call at the server: at once if the call is over.
  void Undoes(std::function<void()> undo) const {
    loop_->Post([call = call_, undo = std::move(undo)] {
      const auto to = call.lock();
      if (to == nullptr || to->over()) return undo();
      to->set_undo(undo);
    });
  }

 private:
  net::Loop* loop_;
  std::weak_ptr<StdioCall> call_;
};

// Runs it on the server's loop. Weakly: what waits on another loop must not be the last to hold the server.
std::function<void()> AtServer(const std::shared_ptr<StdioServer>& server, std::function<void(StdioServer&)> what) {
  return [weak = std::weak_ptr<StdioServer>(server), what = std::move(what)] {
    auto at = weak.lock();
    if (at == nullptr) return;
    net::Loop& loop = at->loop();
    loop.Post([at = std::move(at), what] { what(*at); });
  };
}

class StdioUpstream final : public Upstream {
 public:
  StdioUpstream(net::Loop& loop, const config::UpstreamSettings& settings, std::shared_ptr<StdioServer> server)
      : Upstream(loop, settings), server_(std::move(server)) {}
  ~StdioUpstream() override {
    const OpenCalls left = std::exchange(*open_, {});
    for (const auto& call : left) call->Abandon();
  }
  StdioUpstream(const StdioUpstream&) = delete;  // its calls end with it
  StdioUpstream& operator=(const StdioUpstream&) = delete;

  std::shared_ptr<http::ClientCall> Post(UpstreamMessage message, http::ResponseCallbacks callbacks) override {
    auto call = Make(std::move(callbacks));
    // The text was written from what was judged; the process's ids are put into its values.
    Result<json::Value> body = json::Parse(message.body, {.max_bytes = message.body.size() + 1});
    if (!body.ok() || !body->is_object()) {
      loop().Post([call, error = body.ok() ? Error{ErrorCode::kMalformed, "no message"} : body.error()] { call->OnEnd(error); });
      return call;
    }
    if (body->Find("method") == nullptr || body->Find("id") == nullptr) {
      server_->loop().Post([server = server_, home = Home(call), session = message.session.id, body = std::move(*body)] {
        home.Tell([told = server->Tell(body, session)](StdioCall& to) { told.ok() ? to.Answer(202) : to.OnEnd(told.error()); });
      });
      return call;
    }
    if (*body->Find("method") == json::Value("initialize")) call->set_session(NewSessionId());
    server_->loop().Post([server = server_, home = Home(call), session = message.session.id, body = std::move(*body)]() mutable {
      const std::uint64_t number = server->Ask(
          std::move(body), session, {[home](const StdioText& text) { home.Tell([text](StdioCall& to) { to.OnEvent(text); }); },
                                     [home](Result<std::string> end) { home.Tell([end = std::move(end)](StdioCall& to) { to.OnEnd(end); }); }});
      home.Undoes(AtServer(server, [number](StdioServer& at) { at.Cancel(number); }));
    });
    return call;
  }

  std::shared_ptr<http::ClientCall> Get(const UpstreamSession&, oauth::OnBehalfPtr, std::string_view, http::ResponseCallbacks callbacks) override {
    auto call = Make(std::move(callbacks));
    call->SetIdleTimeout(net::Millis(settings().stream_idle_ms));
    server_->loop().Post([server = server_, home = Home(call)] {
      const auto number = server->Listen([home](const StdioText& text) { home.Tell([text](StdioCall& to) { to.OnEvent(text); }); });
      if (!number) return home.Tell([](StdioCall& to) { to.Answer(503); });
      home.Undoes(AtServer(server, [number = *number](StdioServer& at) { at.Unlisten(number); }));
      home.Tell([](StdioCall& to) { to.OpenStream(); });
    });
    return call;
  }

  std::shared_ptr<http::ClientCall> Delete(const UpstreamSession&, oauth::OnBehalfPtr, http::ResponseCallbacks callbacks) override {
    auto call = Make(std::move(callbacks));
    loop().Post([call] { call->Answer(200); });
    return call;
  }

 private:
  std::shared_ptr<StdioCall> Make(http::ResponseCallbacks callbacks) {
    auto call = std::make_shared<StdioCall>(loop(), open_, net::Millis(settings().timeout_ms), std::move(callbacks), [log = server_->log(), name = settings().name] {
      log->Warn("a client reads too slowly what a program says; its call or stream ends", {{"upstream", name}, {"waiting_bytes", kMaxStdioQueued}});
    });
    open_->insert(call);
    return call;
  }
  HomeOfCall Home(const std::shared_ptr<StdioCall>& call) { return {loop(), call}; }

  const std::shared_ptr<StdioServer> server_;
  const std::shared_ptr<OpenCalls> open_ = std::make_shared<OpenCalls>();
};

}  // namespace

std::unique_ptr<Upstream> MakeStdioUpstream(net::Loop& loop, const config::UpstreamSettings& settings, std::shared_ptr<StdioServer> server) {
  return std::make_unique<StdioUpstream>(loop, settings, std::move(server));
}

std::vector<std::pair<std::string, std::string>> StdioEnvironment(const config::UpstreamSettings& settings) {
  std::map<std::string, std::string> all;
  const auto pass = [&all](const std::string& name) {
    if (const char* value = std::getenv(name.c_str())) all[name] = value;
  };
  for (const char* name : {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"}) pass(name);
  for (const std::string& name : settings.pass_environment) pass(name);
  for (const config::UpstreamVariable& one : settings.environment) {
    all[one.name] = std::string(base::AsText(one.value.Expose(crypto::SecretAccess())));
  }
  return {all.begin(), all.end()};
}

}  // namespace intentgate::mcp
