// The streams of a loop with output that waits for the end of the turn. For server/net/*.cc alone.
#pragma once

#include <asio/io_context.hpp>

#include <memory>
#include <vector>

namespace intentgate::net {

class TcpStream;

// Used on the loop's thread only. Goes before the io_context, whose sockets the streams have.
class HeldOutput {
 public:
  explicit HeldOutput(asio::io_context& io) : io_(io) {}

  // Keeps `stream` until the end of the turn, or until so many others hold output that the first of them should not wait on.
  void Add(std::shared_ptr<TcpStream> stream);

 private:
  void Send();

  asio::io_context& io_;
  std::vector<std::shared_ptr<TcpStream>> streams_;
  bool posted_ = false;
};

}  // namespace intentgate::net
