#include "net/tls.h"

#include <doctest/doctest.h>

#include <vector>

#include "net/connector.h"
#include "net/listener.h"
#include "support/stream_recorder.h"
#include "support/test_certificate.h"

namespace intentgate::net {
namespace {

using test::Event;
using test::RunOn;
using test::StreamRecorder;

struct Fixture {
  test::TestCertificate files;
  std::unique_ptr<LoopPool> pool = *LoopPool::Start(1);
  std::shared_ptr<const TlsContext> server = *TlsContext::ForServer(files.certificate_file(), files.key_file());
  std::vector<std::shared_ptr<StreamRecorder>> all;  // keeps them open
  Event<std::shared_ptr<StreamRecorder>> accepted;
  std::unique_ptr<Listener> listener;
  Fixture() {
    listener = *Listener::Open({&loop()}, "127.0.0.1:0", server, [this](std::shared_ptr<Stream> stream) {
      auto recorder = std::make_shared<StreamRecorder>(std::move(stream));
      recorder->echo = true;
      all.push_back(recorder);
      accepted.Set(std::move(recorder));
    });
  }
  ~Fixture() { pool->Stop(); }
  Loop& loop() { return pool->at(0); }

  std::shared_ptr<StreamRecorder> ConnectTo(const std::string& host, std::shared_ptr<const TlsContext> context,
                                            std::string* error) {
    Event<std::pair<std::shared_ptr<StreamRecorder>, std::string>> done;
    RunOn(loop(), [&] {
      Connect(loop(), {host, listener->port()}, context, Millis(60'000), [&](Result<std::shared_ptr<Stream>> stream) {
        if (!stream.ok()) return done.Set({nullptr, stream.error().message});
        all.push_back(std::make_shared<StreamRecorder>(*stream));
        done.Set({all.back(), ""});
      });
    });
    const auto [recorder, message] = done.Wait();
    if (error != nullptr) *error = message;
    return recorder;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "bytes go both ways over TLS, also many of them, and the end is told") {
  const auto trusting = *TlsContext::ForClient(files.certificate_file());
  const auto client = ConnectTo("127.0.0.1", trusting, nullptr);
  REQUIRE(client != nullptr);
  constexpr std::size_t kSize = 3'000'000;
  RunOn(loop(), [&] {
    client->expected = kSize;
    client->stream->Write(std::string(kSize / 2, 'a'), std::string(kSize / 2, 'b'));
  });
  CHECK(client->complete.Wait());
  RunOn(loop(), [&] {
    CHECK(client->received == std::string(kSize / 2, 'a') + std::string(kSize / 2, 'b'));
    accepted.Wait()->stream->FinishWriting();
  });
  CHECK(client->ended.Wait());
}

TEST_CASE_FIXTURE(Fixture, "a peer that is not trusted is refused with the reason") {
  const auto machine_store = *TlsContext::ForClient();
  std::string error;
  CHECK(ConnectTo("127.0.0.1", machine_store, &error) == nullptr);
  CHECK(error.find("the peer's certificate is not trusted: self-signed certificate") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a certificate for another name is refused") {
  const auto trusting = *TlsContext::ForClient(files.certificate_file());
  std::string error;
  CHECK(ConnectTo("localhost", trusting, &error) == nullptr);
  CHECK(error.find("hostname mismatch") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "noise instead of a handshake ends the connection and nothing else") {
  test::RawClient noise(listener->port());
  noise.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(accepted.Wait()->failed.Wait().starts_with("TLS handshake: "));
  const auto trusting = *TlsContext::ForClient(files.certificate_file());
  CHECK(ConnectTo("127.0.0.1", trusting, nullptr) != nullptr);
}

TEST_CASE("unreadable and mismatched TLS files are refused with their name and the way out") {
  const test::TestCertificate one, other;
  const auto missing = TlsContext::ForServer(one.certificate_file() + ".none", one.key_file());
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message.find("cert.pem.none") != std::string::npos);
  const auto mismatch = TlsContext::ForServer(one.certificate_file(), other.key_file());
  REQUIRE_FALSE(mismatch.ok());
  CHECK(mismatch.error().message.find("key values mismatch") != std::string::npos);
  CHECK_FALSE(TlsContext::ForServer(one.key_file(), one.key_file()).ok());
  CHECK_FALSE(TlsContext::ForClient(one.key_file()).ok());
}

}  // namespace intentgate::net
