// A client of the tests that waits for whole answers.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/json.h>

#include "http/client.h"
#include "net/loop.h"
#include "support/net_fixture.h"

namespace intentgate::test {

struct Got {
  int status = 0;
  http::HeaderList headers;
  std::string body;
  bool whole = false;

  json::Value json() const {
    Result<json::Value> parsed = json::Parse(body);
    INFO(body);
    REQUIRE(parsed.ok());
    return *parsed;
  }
  std::int64_t code() const {
    const json::Value value = json();
    const json::Value* code = value.AtPointer("/error/code");
    return code == nullptr ? 0 : *code->AsInt64();
  }
  std::string header(std::string_view name) const { return std::string(headers.Get(name).value_or("")); }
};

// Thread-compatible.
class Caller {
 public:
  explicit Caller(std::string address) : address_(std::move(address)) {
    RunOn(pool_->at(0), [this] { client_ = http::Client::Create(pool_->at(0), {}); });
  }
  ~Caller() { pool_->Stop(); }

  // Starts a request; the event gets its answer.
  std::shared_ptr<Event<Got>> Begin(std::string method, std::string_view path, http::HeaderList headers, std::string body) {
    const auto event = std::make_shared<Event<Got>>();
    pool_->at(0).Post([this, event, method = std::move(method), url = "http://" + address_ + std::string(path),
                       headers = std::move(headers), body = std::move(body)] {
      const auto got = std::make_shared<Got>();
      client_->Send(*http::ParseUrl(url), {method, headers, body, false},
                    {[got](const http::ResponseHead& head) { got->status = head.status, got->headers = head.headers; },
                     [got](std::string_view piece) { got->body.append(piece); },
                     [got, event](const Status& end) {
                       got->whole = end.ok();
                       event->Set(*got);
                     }});
    });
    return event;
  }
  // Starts a request whose answer is looked at while it comes. Gone tells the gateway that the client has left.
  struct Stream {
    std::mutex mutex;
    std::condition_variable changed;
    std::string text;
    int status = 0;
    bool ended = false;
    std::shared_ptr<http::ClientCall> call;

    // Waits until `part` has come.
    bool Has(std::string_view part) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, std::chrono::seconds(20), [&] { return text.find(part) != std::string::npos; });
    }
    bool Ends() {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, std::chrono::seconds(20), [&] { return ended; });
    }
    bool Starts() {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, std::chrono::seconds(20), [&] { return status != 0; });
    }
  };
  std::shared_ptr<Stream> Open(std::string method, std::string_view path, http::HeaderList headers, std::string body = {}) {
    const auto stream = std::make_shared<Stream>();
    RunOn(pool_->at(0), [&] {
      const auto change = [stream](auto apply) {
        const std::lock_guard lock(stream->mutex);
        apply(*stream);
        stream->changed.notify_all();
      };
      stream->call = client_->Send(*http::ParseUrl("http://" + address_ + std::string(path)), {method, headers, body, false},
                                   {[change](const http::ResponseHead& head) { change([&](Stream& s) { s.status = head.status; }); },
                                    [change](std::string_view piece) { change([&](Stream& s) { s.text.append(piece); }); },
                                    [change](const Status&) { change([](Stream& s) { s.ended = true; }); }});
    });
    return stream;
  }
  void Leave(Stream& stream) {
    RunOn(pool_->at(0), [&] { stream.call->Cancel(); });
  }
  Got Do(std::string method, std::string_view path, http::HeaderList headers = {}, std::string body = {}) {
    return Begin(std::move(method), path, std::move(headers), std::move(body))->Wait();
  }

  // POST /v1/mcp as the public SDKs do it.
  Got Mcp(std::string_view token, std::string body, http::HeaderList more = {}) {
    return Do("POST", "/v1/mcp", McpHeaders(token, std::move(more)), std::move(body));
  }
  static http::HeaderList McpHeaders(std::string_view token, http::HeaderList more = {}) {
    http::HeaderList headers = std::move(more);
    if (!headers.Get("Content-Type")) headers.Add("Content-Type", "application/json");
    if (!token.empty()) headers.Add("Authorization", "Bearer " + std::string(token));
    return headers;
  }

 private:
  const std::string address_;
  std::unique_ptr<net::LoopPool> pool_ = *net::LoopPool::Start(1);
  std::unique_ptr<http::Client> client_;
};

}  // namespace intentgate::test
