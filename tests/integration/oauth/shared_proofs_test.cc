// A proof of possession serves once, over all gateways on a store and over restarts.
#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/oauth/bound_gateway.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"
#include "support/postgres.h"
#include "support/scratch_folder.h"

namespace intentgate::test {
namespace {

constexpr const char* kUsedBefore = "the proof of possession was used before";

std::string ReasonOf(const json::Value& event) {
  const json::Value* reason = event.Find("reason");
  return reason == nullptr ? std::string() : reason->string_value();
}

void OnPostgres(OAuthGateway& gateway, PostgresServer& server, const std::string& schema) {
  store::PostgresOptions options;
  options.url = server.Url();
  options.schema = schema;
  auto store = store::PostgresStore::Open(std::move(options));
  if (!store.ok()) FAIL(store.error().message);
  gateway.add_stores = [store = *store](gate::GateParts& parts) { UseStore(store, parts); };
}

// Two gateways on one store.
struct Replicas {
  BoundGateway one, two;
  Caller& at_one;
  Caller& at_two;

  Replicas() : Replicas(PostgresServer::Shared(), PostgresServer::Shared().FreshSchema()) {}

 private:
  Replicas(PostgresServer& server, const std::string& schema)
      : at_one((OnPostgres(one, server, schema), one.Start())), at_two((OnPostgres(two, server, schema), two.Start())) {}
};

void OnSqlite(OAuthGateway& gateway, const std::string& path) {
  gateway.add_stores = [path](gate::GateParts& parts) {
    auto store = store::SqliteStore::Open(path, {});
    REQUIRE(store.ok());
    UseStore(*store, parts);
  };
}

// A memory store for proofs that can be held and made to fail, and counts.
class HeldProofs final : public token::ProofStore {
 public:
  Result<std::vector<bool>> TakeProofs(std::span<const token::UsedProof> proofs) override {
    std::unique_lock lock(mutex_);
    asked_ += proofs.size();
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (failing_) return Error{ErrorCode::kUnavailable, "no such table, in the store of 10.0.0.7"};
    return inner_.TakeProofs(proofs);
  }
  Result<std::size_t> ForgetProofs(std::int64_t ended_before, std::size_t limit) override { return inner_.ForgetProofs(ended_before, limit); }
  void Set(bool held, bool failing) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    failing_ = failing;
    changed_.notify_all();
  }
  void AwaitAsked(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_ >= count; });
  }
  std::size_t asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false, failing_ = false;
  std::size_t asked_ = 0;
  store::MemoryStore inner_;
};

std::shared_ptr<HeldProofs> OnHeldProofs(OAuthGateway& gateway) {
  const auto proofs = std::make_shared<HeldProofs>();
  gateway.add_stores = [proofs](gate::GateParts& parts) {
    UseStore(std::make_shared<store::MemoryStore>(), parts);
    parts.proof_store = proofs;
  };
  return proofs;
}

http::HeaderList HeadersOf(const Presented& what) {
  return {{"Content-Type", "application/json"}, {"Authorization", what.scheme + " " + what.token}, {"DPoP", what.proof}};
}

}  // namespace

TEST_CASE("a proof that was used at one gateway is refused at another on the same store, and the call goes nowhere") {
  Replicas replicas;
  auto& [one, two, at_one, at_two] = replicas;
  const std::string token = one.BoundCapability(one.holder);
  const std::string proof = one.Proof(token);
  CHECK(Send(at_one, {token, proof}, CallOf("read_file")).status == 200);
  const Got replay = Send(at_two, {token, proof}, CallOf("read_file"));
  CHECK(replay.status == 401);
  CHECK(replay.header("WWW-Authenticate").find(R"(error="invalid_dpop_proof")") != std::string::npos);
  CHECK(replay.body.find(kUsedBefore) != std::string::npos);
  CHECK(two.LastEvent().starts_with("block capability.proof_refused"));
  CHECK(two.LastEvent().ends_with("agent=bot"));
  CHECK(ReasonOf(two.NewestEvent()) == kUsedBefore);
  CHECK(two.upstream.seen("tools/call").empty());
  // The caller goes on with a new proof, at either.
  CHECK(Send(at_two, {token, one.Proof(token)}, CallOf("read_file")).status == 200);
  CHECK(two.upstream.seen("tools/call").size() == 1);
  CHECK(one.upstream.seen("tools/call").size() == 1);
}

TEST_CASE("of one proof that is sent to two gateways at once, one serves it") {
  Replicas replicas;
  auto& [one, two, at_one, at_two] = replicas;
  const std::string token = one.BoundCapability(one.holder);
  constexpr std::size_t kProofs = 24;
  std::vector<std::pair<std::shared_ptr<Event<Got>>, std::shared_ptr<Event<Got>>>> sent;
  for (std::size_t i = 0; i < kProofs; ++i) {
    const http::HeaderList headers = HeadersOf({token, one.Proof(token)});
    auto first = at_one.Begin("POST", "/v1/mcp", headers, CallOf("read_file"));
    sent.emplace_back(std::move(first), at_two.Begin("POST", "/v1/mcp", headers, CallOf("read_file")));
  }
  for (const auto& [first, second] : sent) CHECK(first->Wait().status + second->Wait().status == 200 + 401);
  CHECK(one.upstream.seen("tools/call").size() + two.upstream.seen("tools/call").size() == kProofs);
}

TEST_CASE("a proof that was used before a restart is refused behind it") {
  const ScratchFolder folder;
  BoundGateway before, after;
  OnSqlite(before, folder.File("gate.db"));
  OnSqlite(after, folder.File("gate.db"));
  Caller& caller = before.Start();
  const std::string token = before.BoundCapability(before.holder);
  const std::string proof = before.Proof(token);
  CHECK(Send(caller, {token, proof}, CallOf("read_file")).status == 200);
  before.caller.reset();
  before.service.reset();
  before.gate.reset();
  Caller& again = after.Start();
  CHECK(Send(again, {token, proof}, CallOf("read_file")).status == 401);
  CHECK(ReasonOf(after.NewestEvent()) == kUsedBefore);
  CHECK(Send(again, {token, before.Proof(token)}, CallOf("read_file")).status == 200);
  CHECK(after.upstream.seen("tools/call").size() == 1);
}

TEST_CASE("while the store is away, requests with proofs are told to come later, and serve again when it is back") {
  const std::unique_ptr<PostgresServer> server = PostgresServer::Make();
  BoundGateway w;
  OnPostgres(w, *server, "intentgate");
  Caller& caller = w.Start();
  const std::string token = w.BoundCapability(w.holder);
  CHECK(Send(caller, {token, w.Proof(token)}, CallOf("read_file")).status == 200);
  server->Stop();
  const Got away = Send(caller, {token, w.Proof(token)}, CallOf("read_file"));
  CHECK(away.status == 503);
  CHECK(away.header("Retry-After") == "10");
  CHECK(away.header("WWW-Authenticate").empty());
  CHECK(w.upstream.seen("tools/call").size() == 1);
  server->Start();
  int status = 0;
  do {
    status = Send(caller, {token, w.Proof(token)}, kList).status;
  } while (status == 503);   // until the store has connected again
  CHECK(status == 200);
}

TEST_CASE("a store that fails refuses with 503, says nothing of itself, and passes nothing on") {
  BoundGateway w;
  const auto proofs = OnHeldProofs(w);
  Caller& caller = w.Start();
  proofs->Set(false, true);
  const std::string token = w.BoundTo(w.holder);
  for (const std::string& body : {CallOf("read_file"), std::string(kList)}) {
    const Got got = Send(caller, {token, w.Proof(token)}, body);
    CHECK(got.status == 503);
    CHECK(got.header("Retry-After") == "10");
    CHECK(got.body.find("it cannot be told now whether the proof of possession was used before") != std::string::npos);
    CHECK(got.body.find("10.0.0.7") == std::string::npos);
    CHECK(w.LastEvent().starts_with("block capability.proof_refused"));
  }
  CHECK(w.upstream.seen("tools/call").empty());
  proofs->Set(false, false);
  CHECK(Send(caller, {token, w.Proof(token)}, CallOf("read_file")).status == 200);
}

TEST_CASE("a gate without a store for proofs lets none serve") {
  BoundGateway w;
  w.add_stores = [](gate::GateParts& parts) {
    UseStore(std::make_shared<store::MemoryStore>(), parts);
    parts.proof_store = nullptr;
  };
  Caller& caller = w.Start();
  const std::string token = w.BoundTo(w.holder);
  CHECK(Send(caller, {token, w.Proof(token)}, CallOf("read_file")).status == 503);
  CHECK(Send(caller, {w.Token(), {}, "Bearer"}, CallOf("read_file")).status == 200);
}

TEST_CASE("a request that waits for the store holds up no other, and goes on when the store has answered") {
  BoundGateway w;
  w.settings.threads = 1;
  const auto proofs = OnHeldProofs(w);
  Caller& caller = w.Start();
  proofs->Set(true, false);
  const std::string token = w.BoundTo(w.holder);
  const auto waiting = caller.Begin("POST", "/v1/mcp", HeadersOf({token, w.Proof(token)}), CallOf("read_file"));
  proofs->AwaitAsked(1);
  CHECK(Send(caller, {w.Token(), {}, "Bearer"}, CallOf("read_file")).status == 200);
  CHECK_FALSE(waiting->is_set());
  CHECK(w.upstream.seen("tools/call").size() == 1);
  proofs->Set(false, false);
  CHECK(waiting->Wait().status == 200);
}

TEST_CASE("a gateway that stops while requests wait for the store ends in peace") {
  BoundGateway w;
  const auto proofs = OnHeldProofs(w);
  Caller& caller = w.Start();
  proofs->Set(true, false);
  const std::string token = w.BoundTo(w.holder);
  const auto first = caller.Begin("POST", "/v1/mcp", HeadersOf({token, w.Proof(token)}), CallOf("read_file"));
  proofs->AwaitAsked(1);
  const auto second = caller.Begin("POST", "/v1/mcp", HeadersOf({token, w.Proof(token)}), CallOf("read_file"));
  w.service.reset();
  proofs->Set(false, false);
  w.gate.reset();
  CHECK(first->Wait().status != 200);
  CHECK(second->Wait().status != 200);
  CHECK(w.upstream.seen("tools/call").empty());
}

TEST_CASE("the store is not written for tokens that are not good, nor for proofs that are not") {
  BoundGateway w;
  const auto proofs = OnHeldProofs(w);
  Caller& caller = w.Start();
  const Signer stranger("ES256");
  const std::string bound = w.BoundTo(w.holder), unbound = w.Token();
  CHECK(Send(caller, {unbound, w.Proof(unbound)}, CallOf("read_file")).status == 401);
  CHECK(Send(caller, {"nonsense", w.Proof("nonsense")}, CallOf("read_file")).status == 401);
  const std::string other = MakeProof(stranger, {.method = "POST", .url = kPublicUrl, .token = bound, .id = "s", .nonce = {}, .at = w.Now()});
  CHECK(Send(caller, {bound, other}, CallOf("read_file")).status == 401);
  CHECK(Send(caller, {bound, w.Proof(unbound)}, CallOf("read_file")).status == 401);
  CHECK(proofs->asked() == 0);
  const std::string proof = w.Proof(bound);
  CHECK(Send(caller, {bound, proof}, CallOf("read_file")).status == 200);
  // A replay at the same gateway is known without the store.
  CHECK(Send(caller, {bound, proof}, CallOf("read_file")).status == 401);
  CHECK(proofs->asked() == 1);
}

}  // namespace intentgate::test
