// Tested by tests/unit/net/stream_test.cc.

#include "net/held_output.h"

#include <asio/post.hpp>

#include <cstddef>
#include <utility>

#include "net/tcp_stream.h"

namespace intentgate::net {
namespace {

// How many streams may hold output until the end of a turn. After a stall a turn is long: all that came meanwhile. The first
// of its requests should be with the upstream while the last is read, and waking a peer once for sixteen is cheap enough.
constexpr std::size_t kMostHolding = 16;

}  // namespace

void HeldOutput::Add(std::shared_ptr<TcpStream> stream) {
  if (streams_.size() >= kMostHolding) Send();
  streams_.push_back(std::move(stream));
  if (std::exchange(posted_, true)) return;
  asio::post(io_, [this] {
    posted_ = false;
    Send();
  });
}

void HeldOutput::Send() {
  for (const std::shared_ptr<TcpStream>& stream : streams_) stream->SendHeldNow();
  streams_.clear();
}

}  // namespace intentgate::net
