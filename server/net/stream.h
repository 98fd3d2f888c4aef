// A connected byte stream, plain or TLS; what is above cannot tell which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "net/loop.h"

namespace intentgate::net {

// Called on the stream's loop, never from inside a call of Stream (so a handler need not be
// re-entrant), and never after Stream::Close.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // Bytes came in; the view is valid during the call.
  virtual void OnData(std::string_view data) = 0;
  // The peer sends no more. Writing may still work.
  virtual void OnEnd() = 0;
  // The stream broke and is closed.
  virtual void OnFailed(const Error& error) = 0;
  // pending_bytes() fell to zero after it was not.
  virtual void OnDrained() = 0;
};

// Loop-bound. Operations in progress keep the object alive, so its owner may drop it at any time
// after Close; dropping it unclosed leaves the socket open until the peer ends it.
class Stream {
 public:
  virtual ~Stream() = default;

  // Starts reading (and first the TLS handshake of an accepted stream). `handler` must live until Close.
  virtual void Start(StreamHandler* handler) = 0;
  // REQUIRES: Start was called. Changes who is called from now on.
  virtual void SetHandler(StreamHandler* handler) = 0;
  // What was read already may still be delivered once.
  virtual void PauseReading() = 0;
  virtual void ResumeReading() = 0;

  // Sends both in order: a little at the end of the loop's turn, much at once as far as the kernel takes it; the rest is
  // copied and sent later.
  // There is no limit: who writes much watches pending_bytes().
  virtual void Write(std::string_view first, std::string_view second = {}) = 0;
  virtual std::size_t pending_bytes() const = 0;
  // All bytes the kernel has taken so far: grows as long as the peer reads.
  virtual std::uint64_t written_bytes() const = 0;
  // When all is sent, tells the peer that no more comes. Reading goes on.
  virtual void FinishWriting() = 0;
  // At once and for good; unsent bytes are dropped. Idempotent.
  virtual void Close() = 0;

  // The peer's address without its port, such as "10.0.0.7" or "2001:db8::1".
  virtual const std::string& peer_address() const = 0;
  virtual Loop& loop() = 0;
};

}  // namespace intentgate::net
