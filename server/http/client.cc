#include "http/client.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/upstream_connection.h"
#include "http/writer.h"
#include "net/connector.h"

namespace intentgate::http {
namespace {

class Call;
class Kept;

// The connections to one place.
struct Origin {
  // The most recently used last: the others get the chance to time out.
  std::vector<std::shared_ptr<Kept>> idle;
  std::size_t open = 0;
};

// A connection that waits in the pool, and watches for its end.
class Kept final : public UpstreamUser, public std::enable_shared_from_this<Kept> {
 public:
  Kept(Origin& origin, std::shared_ptr<UpstreamConnection> connection)
      : origin_(origin), connection_(std::move(connection)) {}
  UpstreamConnection& connection() { return *connection_; }

  void OnResponseHead(const ResponseHead&) override {}
  void OnResponseBody(std::string_view) override {}
  void OnResponseDone(bool) override {}
  void OnResponseFailed(const Error&, bool) override {
    const auto self = shared_from_this();
    std::erase(origin_.idle, self);
    --origin_.open;
  }

 private:
  Origin& origin_;
  std::shared_ptr<UpstreamConnection> connection_;
};

// Outlives the client as long as a call is in progress.
class Pool {
 public:
  Pool(net::Loop& loop, ClientOptions options) : loop_(loop), options_(std::move(options)) {}

  net::Loop& loop() { return loop_; }
  const ClientOptions& options() const { return options_; }

  // Stable: origins are never removed; operators configure them, agents do not.
  Origin& Find(const Url& url) {
    const auto known = origins_.find(std::tuple(url.tls, std::string_view(url.origin.host), url.origin.port));
    return known != origins_.end() ? known->second : origins_[{url.tls, url.origin.host, url.origin.port}];
  }

  void Return(Origin& origin, std::shared_ptr<Kept> kept) {
    if (closed_ || origin.idle.size() >= options_.max_idle_per_origin) return Drop(origin, *kept);
    kept->connection().Keep(kept.get());
    origin.idle.push_back(std::move(kept));
  }

  void Drop(Origin& origin, Kept& kept) {
    kept.connection().Abandon();
    --origin.open;
  }

  // Calls in progress own themselves through this.
  void Enter(std::shared_ptr<Call> call) { calls_.emplace(call.get(), std::move(call)); }
  // Null when it left already.
  std::shared_ptr<Call> Leave(Call* call) {
    const auto found = calls_.find(call);
    if (found == calls_.end()) return nullptr;
    auto out = std::move(found->second);
    calls_.erase(found);
    return out;
  }

  void Close();

  std::size_t open() const {
    std::size_t sum = 0;
    for (const auto& [key, origin] : origins_) sum += origin.open;
    return sum;
  }

 private:
  net::Loop& loop_;
  const ClientOptions options_;
  std::map<std::tuple<bool, std::string, std::uint16_t>, Origin, std::less<>> origins_;  // TLS, host, port
  std::unordered_map<Call*, std::shared_ptr<Call>> calls_;
  bool closed_ = false;
};

class Call final : public ClientCall, public UpstreamUser, public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<Pool> pool, const Url& url, ClientRequest request, ResponseCallbacks callbacks)
      : pool_(std::move(pool)), origin_(pool_->Find(url)), url_(url), request_(std::move(request)),
        callbacks_(std::move(callbacks)) {}

  void Begin() {
    pool_->Enter(shared_from_this());
    active_ = true;
    const bool has_body = !request_.body.empty() || (request_.method != "GET" && request_.method != "HEAD" &&
                                                     request_.method != "DELETE" && request_.method != "OPTIONS");
    const auto size = has_body ? std::optional<std::uint64_t>(request_.body.size()) : std::nullopt;
    const Status written =
        AppendRequestHead(request_.method, url_.target, url_.Authority(), request_.headers, size, head_);
    if (!written.ok()) return FailLater(written.error());
    if (url_.tls && pool_->options().tls == nullptr) {
      return FailLater({ErrorCode::kInvalidArgument, "an https upstream needs a client TLS context"});
    }
    if (origin_.idle.empty()) return Connect();
    kept_ = std::move(origin_.idle.back());
    origin_.idle.pop_back();
    reused_ = true;
    Transmit();
  }

  void Cancel() override {
    if (!std::exchange(active_, false)) return;
    const auto self = pool_->Leave(this);
    if (connecting_ != nullptr) {
      std::exchange(connecting_, nullptr)->Cancel();
      --origin_.open;
    }
    if (kept_ != nullptr) pool_->Drop(origin_, *std::exchange(kept_, nullptr));
    // Called from inside a callback, which then has to outlive its own call.
    if (telling_) return;
    const ResponseCallbacks dropped = std::exchange(callbacks_, {});
  }

  void Pause() override {
    paused_ = true;
    if (kept_ != nullptr) kept_->connection().Pause();
  }

  void Resume() override {
    paused_ = false;
    if (kept_ != nullptr) kept_->connection().Resume();
  }

  void SetIdleTimeout(net::Millis timeout) override {
    if (kept_ != nullptr) kept_->connection().SetIdleTimeout(timeout);
  }

  void OnResponseHead(const ResponseHead& head) override {
    Tell([&] { if (callbacks_.on_head) callbacks_.on_head(head); });
  }

  void OnResponseBody(std::string_view data) override {
    Tell([&] { if (callbacks_.on_body) callbacks_.on_body(data); });
  }

  void OnResponseDone(bool reusable) override {
    auto kept = std::exchange(kept_, nullptr);
    if (reusable) pool_->Return(origin_, std::move(kept));
    else pool_->Drop(origin_, *kept);
    Finish({});
  }

  void OnResponseFailed(const Error& error, bool answered) override {
    --origin_.open;
    const auto broken = std::exchange(kept_, nullptr);
    const bool again = reused_ && !answered && request_.replayable && error.code == ErrorCode::kUnavailable;
    if (!again) return Finish(error);
    reused_ = false;
    Connect();
  }

 private:
  template <typename F>
  void Tell(F callback) {
    const auto self = shared_from_this();
    telling_ = true;
    callback();
    telling_ = false;
    if (active_) return;
    const ResponseCallbacks dropped = std::exchange(callbacks_, {});
  }

  void Connect() {
    if (origin_.open >= pool_->options().max_connections_per_origin) {
      return FailLater({ErrorCode::kUnavailable, "all connections to " + url_.origin.ToString() + " are in use"});
    }
    ++origin_.open;
    connecting_ = net::Connect(pool_->loop(), url_.origin, url_.tls ? pool_->options().tls : nullptr,
                               pool_->options().connect_timeout,
                               [self = shared_from_this()](Result<std::shared_ptr<net::Stream>> stream) {
                                 self->Connected(std::move(stream));
                               });
  }

  void Connected(Result<std::shared_ptr<net::Stream>> stream) {
    connecting_ = nullptr;
    if (!stream.ok()) {
      --origin_.open;
      return Finish(std::move(stream).error());
    }
    auto connection = std::make_shared<UpstreamConnection>(pool_->loop(), *std::move(stream), pool_->options());
    kept_ = std::make_shared<Kept>(origin_, connection);
    connection->Begin();
    Transmit();
  }

  void Transmit() {
    kept_->connection().Send(this, head_, request_.body, request_.method == "HEAD");
    if (paused_) kept_->connection().Pause();
  }

  void FailLater(Error error) {
    pool_->loop().Post([self = shared_from_this(), failure = std::move(error)] { self->Finish(failure); });
  }

  void Finish(Status status) {
    if (!std::exchange(active_, false)) return;
    const auto self = pool_->Leave(this);
    const ResponseCallbacks callbacks = std::exchange(callbacks_, {});
    if (callbacks.on_done) callbacks.on_done(std::move(status));
  }

  const std::shared_ptr<Pool> pool_;
  Origin& origin_;
  const Url url_;
  ClientRequest request_;
  ResponseCallbacks callbacks_;
  std::string head_;
  std::shared_ptr<net::Connecting> connecting_;
  std::shared_ptr<Kept> kept_;
  bool active_ = false;
  bool reused_ = false;
  bool paused_ = false;
  bool telling_ = false;
};

void Pool::Close() {
  closed_ = true;
  const auto calls = calls_;
  for (const auto& [key, call] : calls) call->Cancel();
  for (auto& [key, origin] : origins_) {
    for (const auto& kept : std::exchange(origin.idle, {})) Drop(origin, *kept);
  }
}

class PooledClient final : public Client {
 public:
  PooledClient(net::Loop& loop, ClientOptions options) : pool_(std::make_shared<Pool>(loop, std::move(options))) {}
  ~PooledClient() override { pool_->Close(); }

  std::shared_ptr<ClientCall> Send(const Url& url, ClientRequest request, ResponseCallbacks callbacks) override {
    auto call = std::make_shared<Call>(pool_, url, std::move(request), std::move(callbacks));
    call->Begin();
    return call;
  }
  std::size_t connections() const override { return pool_->open(); }

 private:
  const std::shared_ptr<Pool> pool_;
};

}  // namespace

ClientOptions::ClientOptions() { limits.body = std::numeric_limits<std::size_t>::max(); }

std::unique_ptr<Client> Client::Create(net::Loop& loop, ClientOptions options) {
  return std::make_unique<PooledClient>(loop, std::move(options));
}

}  // namespace intentgate::http
