// One request and its answer, as a handler sees them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "net/loop.h"

namespace intentgate::http {

// Loop-bound: use it on loop() alone; from another thread Post there. The shared_ptr itself may be
// dropped on any thread. A handler either calls Send once, or Start, Write any number of times and
// Finish. Dropping the last reference before that answers 500, or breaks the connection in the middle
// of a stream so that the client sees it was cut. After the client is gone every call does nothing.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const RequestHead& request() const = 0;
  // The whole body, within ServerOptions::limits.body.
  virtual std::string_view body() const = 0;
  // The peer's address without its port.
  virtual const std::string& remote_address() const = 0;
  virtual net::Loop& loop() = 0;
  // The thumbprint of the key that the client has proved to hold (RFC 9449); empty: of none. ForwardingExchange passes
  // it on.
  virtual std::string_view proven_key() const { return {}; }

  // The whole answer. Framing fields are the server's (writer.h). `body` is not needed after the call.
  virtual void Send(int status, const HeaderList& headers, std::string_view body) = 0;

  // An answer of unknown length.
  virtual void Start(int status, const HeaderList& headers) = 0;
  // False when the client reads slower than it is written to: stop until OnDrain's callback.
  virtual bool Write(std::string_view data) = 0;
  // Called whenever what was written has left, and a last time when the client is gone.
  virtual void OnDrain(std::function<void()> callback) = 0;
  virtual void Finish() = 0;
  // Breaks the connection, so that the client cannot take what it has for the whole answer.
  virtual void Abort() = 0;

  // Called once if the client goes away before the answer is complete, never after; if it has gone already, soon, and not inside this call. Replaces the
  // callback set before. The callback may hold the exchange: it is dropped with the answer's end.
  virtual void OnClose(std::function<void()> callback) = 0;
  virtual bool closed() const = 0;

  // {"error": message} with that status.
  void SendError(int status, std::string_view message);

  // What the router took from the path, decoded.
  std::string_view param(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>>& params() { return params_; }

 private:
  std::vector<std::pair<std::string, std::string>> params_;
};

// Answers requests. Called on the loop of the connection, on several threads when there are several
// loops; must not block and must not throw.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void Handle(std::shared_ptr<Exchange> exchange) = 0;
};

using HandlerFunction = std::function<void(std::shared_ptr<Exchange>)>;

}  // namespace intentgate::http
