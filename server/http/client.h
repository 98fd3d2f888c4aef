// The HTTP/1.1 client of one loop: keeps connections to upstreams open, sends one request at a time on
// each, and hands the answer on piece by piece as it arrives. It never follows a redirect.
//
//   auto client = http::Client::Create(loop, {});
//   auto call = client->Send(*http::ParseUrl("http://127.0.0.1:3000/mcp"),
//                            {"POST", {{"Content-Type", "application/json"}}, body},
//                            {.on_head = ..., .on_body = ..., .on_done = ...});
//   call->Cancel();
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "http/message.h"
#include "http/url.h"
#include "net/loop.h"
#include "net/tls.h"

namespace intentgate::http {

struct ClientOptions {
  Limits limits;  // limits.body counts for the whole answer
  net::Millis connect_timeout{5'000};
  // From the request's last byte handed over to the answer's head.
  net::Millis head_timeout{60'000};
  // Between two pieces of the answer's body. There is no limit for the whole of it.
  net::Millis idle_timeout{300'000};
  // How long an unused connection is kept.
  net::Millis keep_alive{30'000};
  std::size_t max_connections_per_origin = 512;
  // As many as a burst needs: to open and close one takes longer than a call on it, just when calls are late.
  std::size_t max_idle_per_origin = 256;
  // For https; null refuses https.
  std::shared_ptr<const net::TlsContext> tls;

  ClientOptions();  // no limit for bodies, which are not buffered here
};

struct ClientRequest {
  std::string method;
  HeaderList headers;
  std::string body;
  // Safe to send a second time. Then a request that met a kept connection which the upstream closed
  // before the first byte of an answer is sent once more on a fresh connection.
  bool replayable = false;
};

// Called on the loop, never from inside Send. After on_done, or after Cancel, none is called. All may
// be empty.
struct ResponseCallbacks {
  std::function<void(const ResponseHead&)> on_head;
  std::function<void(std::string_view)> on_body;  // valid during the call
  // ok: the answer is complete. Otherwise kUnavailable (no connection, or it broke), kTimeout,
  // kMalformed (not strict HTTP/1.1), kLimitExceeded. Messages name the upstream: not for agents.
  std::function<void(Status)> on_done;
};

// A request in progress. Loop-bound. Dropping it changes nothing.
class ClientCall {
 public:
  virtual ~ClientCall() = default;
  // Ends it without a further callback; the connection is closed, which tells the upstream.
  virtual void Cancel() = 0;
  // Stops and restarts the reading of the answer's body. At most the piece in hand still comes after
  // Pause; the idle timeout rests meanwhile.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
  // How long the answer may stand still from now on, in place of ClientOptions::idle_timeout. From on_head on.
  virtual void SetIdleTimeout(net::Millis timeout) = 0;
};

// Loop-bound: also its destructor, which cancels the calls in progress (or after the loop stopped).
class Client {
 public:
  static std::unique_ptr<Client> Create(net::Loop& loop, ClientOptions options);
  virtual ~Client() = default;

  // The target is url.target.
  virtual std::shared_ptr<ClientCall> Send(const Url& url, ClientRequest request, ResponseCallbacks callbacks) = 0;
  // Open connections, busy or kept.
  virtual std::size_t connections() const = 0;
};

}  // namespace intentgate::http
