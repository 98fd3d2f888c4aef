#include "http/server.h"

#include <atomic>
#include <utility>
#include <vector>

#include "http/connection.h"
#include "http/writer.h"
#include "net/listener.h"

namespace intentgate::http {

Server::Shard::Shard(net::Loop& loop, std::shared_ptr<Handler> handler, const ServerOptions& options,
                     std::size_t max_connections, std::shared_ptr<AddressCounts> addresses)
    : loop_(loop), handler_(std::move(handler)), options_(options), max_connections_(max_connections),
      addresses_(std::move(addresses)), grace_(loop, [this] { CloseAll(); }) {}

void Server::Shard::Adopt(std::shared_ptr<net::Stream> stream) {
  if (draining_ || !addresses_->Enter(stream->peer_address())) return stream->Close();
  if (!MakeRoom()) {
    addresses_->Leave(stream->peer_address());
    return stream->Close();
  }
  // Of its exchanges other threads drop the last.
  auto connection = net::MakeLoopBound<Connection>(loop(), shared_from_this(), std::move(stream));
  connection->place_ = waiting_.insert(waiting_.end(), connection);
  connection->Begin();
}

bool Server::Shard::MakeRoom() {
  if (waiting_.size() + working_.size() < max_connections_) return true;
  if (waiting_.empty()) return false;
  const std::shared_ptr<Connection> longest = waiting_.front();
  longest->Close();
  return true;
}

void Server::Shard::Works(Connection& connection) {
  if (connection.closed_ || std::exchange(connection.works_, true)) return;
  working_.splice(working_.end(), waiting_, connection.place_);
}

void Server::Shard::Waits(Connection& connection) {
  if (connection.closed_ || !std::exchange(connection.works_, false)) return;
  waiting_.splice(waiting_.end(), working_, connection.place_);
}

void Server::Shard::Forget(Connection* connection) {
  const std::shared_ptr<Connection> alive = *connection->place_;
  (connection->works_ ? working_ : waiting_).erase(connection->place_);
  addresses_->Leave(connection->stream_->peer_address());
  ReportIfEmpty();
}

void Server::Shard::Drain(net::Millis grace, std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  grace_.Set(grace);
  for (const auto& connection : All()) connection->Drain();
  ReportIfEmpty();
}

void Server::Shard::CloseAll() {
  const auto self = shared_from_this();
  draining_ = true;
  for (const auto& connection : All()) connection->Gone();
}

std::vector<std::shared_ptr<Connection>> Server::Shard::All() const {
  std::vector<std::shared_ptr<Connection>> all(waiting_.begin(), waiting_.end());
  all.insert(all.end(), working_.begin(), working_.end());
  return all;
}

void Server::Shard::ReportIfEmpty() {
  if (!draining_ || !waiting_.empty() || !working_.empty() || drained_ == nullptr) return;
  grace_.Clear();
  std::exchange(drained_, nullptr)();
}

std::string_view Server::Shard::Date() {
  const std::int64_t second = options_.clock->UnixSeconds();
  if (second != date_second_) {
    date_second_ = second;
    date_ = FormatHttpDate(second);
  }
  return date_;
}

Result<std::unique_ptr<Server>> Server::Start(const std::vector<net::Loop*>& loops, std::string_view address,
                                              std::shared_ptr<const net::TlsContext> tls,
                                              std::shared_ptr<Handler> handler, ServerOptions options) {
  std::unique_ptr<Server> server(new Server());
  const std::size_t each = (options.max_connections + loops.size() - 1) / loops.size();
  const auto addresses = std::make_shared<AddressCounts>(options.max_connections_per_address);
  for (net::Loop* const loop : loops) {
    server->shards_.push_back(net::MakeLoopBound<Shard>(*loop, *loop, handler, options, each, addresses));
  }
  // Weak: an accept in progress dies with its own loop, and must not then hold another loop's shard.
  std::vector<std::pair<net::Loop*, std::weak_ptr<Shard>>> by_loop;
  for (const auto& shard : server->shards_) by_loop.emplace_back(&shard->loop(), shard);
  auto accept = [by_loop](std::shared_ptr<net::Stream> stream) {
    for (const auto& [loop, weak] : by_loop) {
      if (loop != &stream->loop()) continue;
      if (const auto shard = weak.lock()) return shard->Adopt(std::move(stream));
    }
    stream->Close();
  };
  auto listener = net::Listener::Open(loops, address, std::move(tls), std::move(accept));
  if (!listener.ok()) return listener.error();
  server->listener_ = *std::move(listener);
  return server;
}

Server::~Server() {
  if (listener_ != nullptr) listener_->Close();
  for (auto& shard : shards_) {
    if (shard->loop().OnLoopThread()) shard->CloseAll();
    else shard->loop().Post([shard] { shard->CloseAll(); });
  }
}

std::uint16_t Server::port() const { return listener_->port(); }
const std::string& Server::address() const { return listener_->address(); }

void Server::Stop(net::Millis grace, std::function<void()> done) {
  listener_->Close();
  auto left = std::make_shared<std::atomic<std::size_t>>(shards_.size());
  for (auto& shard : shards_) {
    shard->loop().Post([shard, grace, left, done] {
      shard->Drain(grace, [left, done] {
        if (left->fetch_sub(1) == 1) done();
      });
    });
  }
}

}  // namespace intentgate::http
