// A server's connection and what the connections of one loop share. Inside http/ only.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/address_counts.h"
#include "http/exchange.h"
#include "http/parser.h"
#include "http/server.h"
#include "net/loop.h"
#include "net/stream.h"

namespace intentgate::http {

class Connection;
using Connections = std::list<std::shared_ptr<Connection>>;

// Loop-bound. When it has as many connections as it may, a new one takes the place of that which has waited longest
// without a whole request: who opens connections and says little cannot keep others out. Requests in work keep theirs.
class Server::Shard : public std::enable_shared_from_this<Server::Shard> {
 public:
  Shard(net::Loop& loop, std::shared_ptr<Handler> handler, const ServerOptions& options, std::size_t max_connections,
        std::shared_ptr<AddressCounts> addresses);

  void Adopt(std::shared_ptr<net::Stream> stream);
  void Forget(Connection* connection);
  // What a connection does from now on.
  void Works(Connection& connection);
  void Waits(Connection& connection);
  void Drain(net::Millis grace, std::function<void()> done);
  void CloseAll();

  net::Loop& loop() { return loop_; }
  Handler& handler() { return *handler_; }
  const ServerOptions& options() const { return options_; }
  bool draining() const { return draining_; }
  std::string_view Date();

 private:
  bool MakeRoom();
  std::vector<std::shared_ptr<Connection>> All() const;
  void ReportIfEmpty();

  net::Loop& loop_;
  const std::shared_ptr<Handler> handler_;
  const ServerOptions options_;
  const std::size_t max_connections_;
  const std::shared_ptr<AddressCounts> addresses_;
  Connections waiting_;  // the one that waits longest first
  Connections working_;
  net::Timer grace_;
  std::function<void()> drained_;
  bool draining_ = false;
  std::int64_t date_second_ = -1;
  std::string date_;
};

class ServerExchange;

// Loop-bound. One request at a time; bytes of the next ones wait in backlog_.
class Connection final : public net::StreamHandler, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Server::Shard> shard, std::shared_ptr<net::Stream> stream);
  ~Connection() override;

  void Begin();
  // The server stops: closes now when nothing is in flight, else after the answer.
  void Drain();
  void Close();
  // Closes and tells the handler of a request in flight.
  void Gone();

  void OnData(std::string_view data) override;
  void OnEnd() override;
  void OnFailed(const Error& error) override;
  void OnDrained() override;

 private:
  friend class ServerExchange;
  friend class Server::Shard;
  enum class Phase { kHead, kBody, kHandling, kIdle, kStalled, kLinger };

  // Reading.
  void Process(std::string_view data);
  bool Step(std::string_view& data);
  void BeginRequest(bool body_waits);
  void Dispatch();
  void Refuse(int status, std::string_view message);
  void KeepForLater(std::string_view data);
  void ContinueBacklog();
  void Rest();
  void TellEnded();

  // Answering, called by the active exchange.
  void AnswerWhole(int status, const HeaderList& headers, std::string_view body);
  void AnswerStart(int status, const HeaderList& headers);
  bool AnswerWrite(std::string_view data);
  void AnswerFinish();
  void AnswerAbort();
  void Release(ServerExchange* exchange);
  void ReleaseHere(std::unique_ptr<ServerExchange> exchange);
  bool AppendHead(int status, const HeaderList& headers, bool whole, std::size_t size);
  bool WillClose() const;
  void Complete();

  // Output, closing and deadlines.
  bool Congested() const;
  void Flush();
  void BeginClose();
  void ArmDeadline();
  void SetPhase(Phase phase, net::Millis after);
  void OnDeadline();

  const std::shared_ptr<Server::Shard> shard_;
  const std::shared_ptr<net::Stream> stream_;
  Connections::iterator place_;  // in one of the shard's lists, until it is forgotten
  bool works_ = false;           // which of them
  RequestParser parser_;
  net::Timer timer_;
  std::unique_ptr<ServerExchange> current_;  // being read
  std::unique_ptr<ServerExchange> spare_;    // kept for its buffers
  ServerExchange* active_ = nullptr;         // being answered
  std::string out_;
  std::string backlog_;
  std::size_t discarded_ = 0;
  std::uint64_t stall_mark_ = 0;
  Phase phase_ = Phase::kHead;
  bool processing_ = false;
  bool paused_ = false;
  bool chunked_ = false;
  bool closing_ = false;  // no further request will be read
  bool ended_ = false;    // the client sends no more
  bool closed_ = false;
};

// One request; made by its connection, held by the handler, and given back for the next request.
class ServerExchange final : public Exchange {
 public:
  explicit ServerExchange(Connection* connection) : connection_(connection) {}

  const RequestHead& request() const override { return head_; }
  std::string_view body() const override { return body_; }
  const std::string& remote_address() const override;
  net::Loop& loop() override;
  void Send(int status, const HeaderList& headers, std::string_view body) override;
  void Start(int status, const HeaderList& headers) override;
  bool Write(std::string_view data) override;
  void OnDrain(std::function<void()> callback) override;
  void Finish() override;
  void Abort() override;
  void OnClose(std::function<void()> callback) override;
  bool closed() const override { return gone_; }

 private:
  friend class Connection;
  enum class State { kWaiting, kStreaming, kDone };
  bool Answerable(State wanted) const { return state_ == wanted && !gone_; }
  void TellGone(std::function<void()> callback);
  void Recycle();
  void DropCallbacks();

  Connection* const connection_;
  RequestHead head_;
  std::string body_;
  std::function<void()> on_drain_;
  std::function<void()> on_close_;
  // Set after the client had gone, and about to be called: whoever registers is not told inside that call.
  std::weak_ptr<std::function<void()>> told_soon_;
  State state_ = State::kWaiting;
  bool gone_ = false;  // the client
};

}  // namespace intentgate::http
