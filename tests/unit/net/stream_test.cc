#include "net/stream.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "net/connector.h"
#include "net/listener.h"
#include "support/stream_recorder.h"

namespace intentgate::net {
namespace {

using test::Event;
using test::RawClient;
using test::RunOn;
using test::StreamRecorder;

struct Fixture {
  std::unique_ptr<LoopPool> pool = *LoopPool::Start(1);
  Event<std::shared_ptr<StreamRecorder>> accepted;
  std::unique_ptr<Listener> listener;
  bool echo = false;
  Fixture() {
    listener = *Listener::Open({&loop()}, "127.0.0.1:0", nullptr, [this](std::shared_ptr<Stream> stream) {
      auto recorder = std::make_shared<StreamRecorder>(std::move(stream));
      recorder->echo = echo;
      accepted.Set(std::move(recorder));
    });
  }
  ~Fixture() { pool->Stop(); }
  Loop& loop() { return pool->at(0); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "bytes come back and the end is told") {
  echo = true;
  RawClient client(listener->port());
  client.Send("hello");
  CHECK(client.Receive() == "hello");
  client.EndSending();
  const auto peer = accepted.Wait();
  CHECK(peer->ended.Wait());
  CHECK(peer->stream->peer_address() == "127.0.0.1");
  RunOn(loop(), [&] {
    peer->stream->Write("last ", "words");
    peer->stream->FinishWriting();
  });
  CHECK(client.ReceiveAll() == "last words");
}

TEST_CASE_FIXTURE(Fixture, "what the socket does not take waits, and its end is announced") {
  RawClient client(listener->port(), 4096);
  client.Send("x");
  const auto peer = accepted.Wait();
  constexpr std::size_t kSize = 8'000'000;
  RunOn(loop(), [&] {
    peer->stream->Write(std::string(kSize, 'a'), std::string(kSize, 'b'));
    CHECK(peer->stream->pending_bytes() > 0);
    peer->stream->FinishWriting();
  });
  const std::string all = client.ReceiveAll();
  CHECK(all.size() == 2 * kSize);
  CHECK(all.find('b') == kSize);
  CHECK(peer->drained.Wait());
  RunOn(loop(), [&] { CHECK(peer->stream->written_bytes() == 2 * kSize); });
}

TEST_CASE_FIXTURE(Fixture, "what is written in one turn leaves together, in order, also when the stream closes in that turn") {
  RawClient client(listener->port());
  client.Send("x");
  const auto peer = accepted.Wait();
  // Unread bytes would make the close a reset.
  for (std::size_t size = 0; size < 1;) RunOn(loop(), [&] { size = peer->received.size(); });
  const std::string large(40'000, 'l');
  RunOn(loop(), [&] {
    peer->stream->Write("one ", "two ");
    peer->stream->Write("three ", {});
    CHECK(peer->stream->written_bytes() == 0);
    peer->stream->Write(large, " four ");
    CHECK(peer->stream->written_bytes() > 14);
    peer->stream->Write("five", {});
    peer->stream->Close();
    peer->stream->Write("six", {});
  });
  CHECK(client.ReceiveAll() == "one two three " + large + " four five");
}

TEST_CASE_FIXTURE(Fixture, "a turn with much to say does not keep the first answers until the last") {
  std::vector<std::unique_ptr<RawClient>> clients;
  std::vector<std::shared_ptr<StreamRecorder>> peers;
  const auto many = *Listener::Open({&loop()}, "127.0.0.1:0", nullptr, [&peers](std::shared_ptr<Stream> stream) {
    peers.push_back(std::make_shared<StreamRecorder>(std::move(stream)));
  });
  // One after the other, so that client and peer have the same place.
  for (std::size_t i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(many->port()));
    for (std::size_t size = 0; size <= i;) RunOn(loop(), [&] { size = peers.size(); });
  }
  RunOn(loop(), [&] {
    const auto sent = [&] { return std::count_if(peers.begin(), peers.end(), [](const auto& peer) { return peer->stream->written_bytes() > 0; }); };
    for (std::size_t i = 0; i < 16; ++i) peers[i]->stream->Write("a", {});
    CHECK(sent() == 0);
    for (std::size_t i = 16; i < 20; ++i) peers[i]->stream->Write("b", {});
    CHECK(sent() == 16);
    CHECK(peers[15]->stream->written_bytes() == 1);
  });
  for (const auto& peer : peers) RunOn(loop(), [&] { peer->stream->Write("c", {}); });
  for (std::size_t i = 0; i < 20; ++i) {
    std::string got;
    while (got.size() < 2) got += clients[i]->Receive();
    CHECK(got == (i < 16 ? "ac" : "bc"));
  }
  RunOn(loop(), [&] { peers.clear(); });
}

TEST_CASE_FIXTURE(Fixture, "a reset is told once and the stream is closed") {
  auto client = std::make_unique<RawClient>(listener->port());
  client->Send("x");
  const auto peer = accepted.Wait();
  for (std::size_t size = 0; size < 1;) RunOn(loop(), [&] { size = peer->received.size(); });
  RunOn(loop(), [&] { peer->stream->Write("unread"); });
  for (std::uint64_t sent = 0; sent < 6;) RunOn(loop(), [&] { sent = peer->stream->written_bytes(); });
  client.reset();
  CHECK(peer->failed.Wait().starts_with("read: "));
  RunOn(loop(), [&] {
    peer->stream->Write("ignored");
    CHECK(peer->stream->pending_bytes() == 0);
  });
}

TEST_CASE_FIXTURE(Fixture, "reading rests while it is paused") {
  RawClient client(listener->port());
  client.Send("first");
  const auto peer = accepted.Wait();
  for (std::size_t size = 0; size < 5;) RunOn(loop(), [&] { size = peer->received.size(); });
  RunOn(loop(), [&] {
    peer->stream->PauseReading();
    peer->expected = 10 + 3'000'000;
  });
  client.Send(std::string(3'000'000, 'x').substr(0, 5));
  RunOn(loop(), [&] { peer->stream->ResumeReading(); });
  client.Send(std::string(3'000'000, 'x'));
  CHECK(peer->complete.Wait());
}

TEST_CASE_FIXTURE(Fixture, "a connection is made by name, and a refused one is explained") {
  Event<std::string> got, refused;
  std::unique_ptr<StreamRecorder> recorder;
  RunOn(loop(), [&] {
    Connect(loop(), {"localhost", listener->port()}, nullptr, Millis(60'000),
            [&](Result<std::shared_ptr<Stream>> stream) {
              if (stream.ok()) recorder = std::make_unique<StreamRecorder>(*stream);
              got.Set(stream.ok() ? "ok" : stream.error().message);
            });
  });
  CHECK(got.Wait() == "ok");
  listener->Close();
  RunOn(loop(), [&] {
    Connect(loop(), {"127.0.0.1", listener->port()}, nullptr, Millis(60'000),
            [&](Result<std::shared_ptr<Stream>> stream) { refused.Set(stream.ok() ? "ok" : stream.error().message); });
  });
  CHECK(refused.Wait() == "cannot connect to 127.0.0.1:" + std::to_string(listener->port()) + ": Connection refused");
  RunOn(loop(), [&] { recorder.reset(); });
}

TEST_CASE_FIXTURE(Fixture, "a cancelled attempt calls nobody") {
  bool called = false;
  RunOn(loop(), [&] {
    const auto attempt = Connect(loop(), {"127.0.0.1", listener->port()}, nullptr, Millis(60'000),
                                 [&](Result<std::shared_ptr<Stream>>) { called = true; });
    attempt->Cancel();
    attempt->Cancel();
  });
  Event<bool> second;
  RunOn(loop(), [&] {
    Connect(loop(), {"127.0.0.1", listener->port()}, nullptr, Millis(60'000),
            [&](Result<std::shared_ptr<Stream>> stream) { second.Set(stream.ok()); });
  });
  CHECK(second.Wait());
  RunOn(loop(), [&] { CHECK_FALSE(called); });
}

}  // namespace intentgate::net
