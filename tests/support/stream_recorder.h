// A StreamHandler that keeps what it is told and wakes who waits for it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/stream.h"
#include "support/net_fixture.h"

namespace intentgate::test {

// Loop-bound, but for its events.
class StreamRecorder final : public net::StreamHandler {
 public:
  explicit StreamRecorder(std::shared_ptr<net::Stream> s) : stream(std::move(s)) { stream->Start(this); }
  ~StreamRecorder() override { stream->Close(); }

  void OnData(std::string_view data) override {
    received.append(data);
    if (expected > 0 && received.size() >= expected) complete.Set(true);
    if (echo) stream->Write(data);
  }
  void OnEnd() override { ended.Set(true); }
  void OnFailed(const Error& error) override { failed.Set(error.message); }
  void OnDrained() override { drained.Set(true); }

  std::shared_ptr<net::Stream> stream;
  std::string received;
  std::size_t expected = 0;
  bool echo = false;
  Event<bool> complete, ended, drained;
  Event<std::string> failed;
};

}  // namespace intentgate::test
