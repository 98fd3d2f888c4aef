// A gateway with a real gate that accepts the access tokens of an issuer of the tests.
#pragma once

#include <doctest/doctest.h>

#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/policy.h>

#include "app/service.h"
#include "base/http_fetch.h"
#include "gate/assemble.h"
#include "store/memory/memory_store.h"
#include "support/server/caller.h"
#include "support/server/fake_upstream.h"
#include "support/signer.h"

namespace intentgate::test {

inline constexpr const char* kPublicUrl = "https://gw.example.com/v1/mcp";
inline constexpr const char* kIssuer = "https://as.example.com";

// Publishes its keys. Thread-safe.
class Issuer final : public base::HttpFetcher {
 public:
  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override {
    const std::lock_guard lock(mutex_);
    ++asked_;
    if (keys_.empty()) return Error{ErrorCode::kUnavailable, "the connection was refused"};
    if (request.url != "https://as.example.com/jwks") return base::HttpFetchReply{404, {}};
    return base::HttpFetchReply{200, keys_};
  }
  void Publish(const std::vector<const Signer*>& signers) {
    const std::lock_guard lock(mutex_);
    keys_ = KeySetOf(signers);
  }
  int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::string keys_;
  int asked_ = 0;
};

template <typename Store>
void UseStore(const std::shared_ptr<Store>& store, gate::GateParts& parts) {
  parts.audit_store = store;
  parts.budget_store = store;
  parts.revocation_store = store;
  parts.proof_store = store;
}

struct OAuthGateway {
  FakeUpstream upstream;
  Signer signer{"ES256"};
  std::shared_ptr<Issuer> issuer = std::make_shared<Issuer>();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(std::int64_t{std::time(nullptr)} * 1'000'000);
  config::ServerSettings settings;
  std::shared_ptr<base::HttpFetcher> fetcher;   // null: the issuer
  std::function<void(gate::GateParts&)> add_stores = [](gate::GateParts& parts) { UseStore(std::make_shared<store::MemoryStore>(), parts); };
  std::shared_ptr<Gate> gate;
  std::unique_ptr<app::Service> service;
  std::unique_ptr<Caller> caller;

  OAuthGateway() {
    settings.listen = "127.0.0.1:0";
    settings.threads = 2;
    settings.public_url = kPublicUrl;
    settings.upstream.url_text = upstream.url();
    settings.upstream.url = *http::ParseUrl(upstream.url());
    config::OAuthIssuer one;
    one.issuer = kIssuer;
    one.jwks_uri = "https://as.example.com/jwks";
    one.scope_tools = {{"files.read", {"read_*"}}, {"files.write", {"write_*", "move_file"}}};
    settings.oauth.issuers.push_back(one);
    issuer->Publish({&signer});
  }
  ~OAuthGateway() {
    caller.reset();
    service.reset();
  }

  Caller& Start() {
    gate::GateParts parts;
    parts.settings.keys = KeyRing::FromMasterKey("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY").value();
    parts.clock = clock;
    parts.random = SystemRandom();
    add_stores(parts);
    const rego::SourceFile policy{"p.rego", "package intentgate.policy\nimport rego.v1\ndefault decision := {\"allow\": true}\n"};
    parts.policy = Policy::Compile({&policy, 1}).policy;
    Result<std::shared_ptr<Gate>> opened = gate::AssembleGate(std::move(parts));
    REQUIRE(opened.ok());
    this->gate = *opened;
    auto started = app::Service::Start({.settings = std::move(settings),
                                        .gate = gate,
                                        .log = std::make_shared<telemetry::Logger>(telemetry::Logger::Silent()),
                                        .clock = clock,
                                        .version = "1.2.3",
                                        .fetcher = fetcher == nullptr ? std::shared_ptr<base::HttpFetcher>(issuer) : fetcher});
    REQUIRE(started.ok());
    service = std::move(*started);
    caller = std::make_unique<Caller>(service->address());
    return *caller;
  }

  std::int64_t Now() const { return clock->UnixSeconds(); }
  json::Value Claims(std::string_view scope = "files.read", std::string_view id = "t1") const {
    return json::MakeObject({{"iss", kIssuer}, {"sub", "alice"}, {"aud", kPublicUrl}, {"exp", Now() + 300}, {"iat", Now()},
                             {"jti", id}, {"client_id", "app"}, {"scope", scope}});
  }
  std::string Token(std::string_view scope = "files.read", std::string_view id = "t1") const { return signer.AccessToken(Claims(scope, id)); }
  std::string BoundTo(const Signer& holder, std::string_view id = "t1") const {
    json::Value claims = Claims("files.read", id);
    claims.Set("cnf", json::MakeObject({{"jkt", holder.Thumbprint()}}));
    return signer.AccessToken(claims);
  }
  // Of the newest decision.
  json::Value NewestEvent() {
    REQUIRE(gate->Flush().ok());
    AuditFilter decisions;
    decisions.kind = "decision";
    const Result<AuditPage> page = gate->QueryAudit(decisions, {}, 1);
    REQUIRE(page.ok());
    REQUIRE(page->records.size() == 1);
    return *json::Parse(page->records.front().canonical);
  }
  // "block capability.token_expired jti=t1 agent=alice" of it.
  std::string LastEvent() {
    const json::Value event = NewestEvent();
    const auto text = [&event](std::string_view name) {
      const json::Value* value = event.Find(name);
      return value != nullptr && value->is_string() ? value->string_value() : std::string();
    };
    return text("decision") + " " + text("code") + " jti=" + text("capability_token_id") + " agent=" + text("agent_id");
  }
};

inline std::string CallOf(std::string_view tool, std::string_view id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"tools/call","params":{"name":")" + std::string(tool) + R"(","arguments":{"path":"/a"}}})";
}
inline constexpr const char* kList = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";

}  // namespace intentgate::test
