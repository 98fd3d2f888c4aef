// What the tests of sockets share: an event to wait for and a raw client. Waiting is bounded so that only
// a hang meets the bound.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "net/loop.h"

namespace intentgate::test {

// Set once from any thread, awaited in the test's. Thread-safe.
template <typename T>
class Event {
 public:
  void Set(T value) {
    const std::lock_guard lock(mutex_);
    if (set_) return;
    value_ = std::move(value);
    set_ = true;
    changed_.notify_all();
  }
  T Wait() {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(60), [this] { return set_; });
    REQUIRE(came);
    return value_;
  }
  bool is_set() {
    const std::lock_guard lock(mutex_);
    return set_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
  T value_{};
};

// Runs `task` on the loop and waits for its end.
template <typename F>
void RunOn(net::Loop& loop, F task) {
  Event<bool> done;
  loop.Post([&] {
    task();
    done.Set(true);
  });
  done.Wait();
}

// A blocking TCP client that sends exactly the bytes it is told to.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval limit{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;  // owns a socket
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // Up to `size` bytes; empty when the peer has ended.
  std::string Receive(std::size_t size = 65536) {
    std::string out(size, '\0');
    const ssize_t n = ::recv(socket_, out.data(), out.size(), 0);
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  // What has come so far, perhaps nothing.
  std::string ReceiveNow() {
    std::string out(65536, '\0');
    const ssize_t n = ::recv(socket_, out.data(), out.size(), MSG_DONTWAIT);
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  // Everything up to the peer's end.
  std::string ReceiveAll() {
    for (std::string piece = Receive(); !piece.empty(); piece = Receive()) received_ += piece;
    return std::exchange(received_, {});
  }
  // Up to and with `mark`.
  std::string ReceiveUntil(std::string_view mark) {
    for (;;) {
      const std::size_t at = received_.find(mark);
      if (at != std::string::npos) {
        std::string out = received_.substr(0, at + mark.size());
        received_.erase(0, at + mark.size());
        return out;
      }
      const std::string piece = Receive();
      if (piece.empty()) return std::exchange(received_, {});
      received_ += piece;
    }
  }
  void EndSending() { ::shutdown(socket_, SHUT_WR); }
  void Close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // Resets the connection: the peer gets an error instead of an end.
  void Reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    Close();
  }

 private:
  int socket_;
  std::string received_;
};

}  // namespace intentgate::test
