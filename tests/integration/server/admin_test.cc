// The admin API over HTTP.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

http::HeaderList Bearer(std::string_view token) {
  return {{"Authorization", "Bearer " + std::string(token)}, {"Content-Type", "application/json"}};
}

}  // namespace

TEST_CASE("no admin route answers a stranger") {
  Gateway g;
  Caller& caller = g.Start();
  for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
           {"POST", "/v1/admin/mint"}, {"POST", "/v1/admin/revoke"}, {"GET", "/v1/admin/revocations"}, {"GET", "/v1/admin/tenants"},
           {"GET", "/v1/admin/audit"}, {"GET", "/v1/admin/audit/verify"}, {"GET", "/v1/admin/audit/export"},
           {"POST", "/v1/admin/audit/erase"}, {"POST", "/v1/admin/audit/prune"}, {"GET", "/v1/admin/audit/holds"}, {"POST", "/v1/admin/audit/holds"},
           {"POST", "/v1/admin/audit/holds/lift"}}) {
    INFO(path);
    for (const std::string& token : {std::string("wrong"), std::string(kAdminToken) + "x", std::string("good")}) {
      const Got got = caller.Do(method, path, Bearer(token), R"({"subject":"a","jti":"j"})");
      CHECK(got.status == 401);
      CHECK(got.json().Find("error")->string_value() == "missing or invalid admin token");
    }
    CHECK(caller.Do(method, path, {}, "{}").status == 401);
  }
  CHECK(g.gate->minted().empty());
  CHECK(g.gate->revoked().empty());
  CHECK(g.gate->filters().empty());
}

TEST_CASE("without an admin key there is no admin API") {
  Gateway g;
  g.settings.admin_keys.clear();
  Caller& caller = g.Start();
  CHECK(caller.Do("POST", "/v1/admin/mint", Bearer(kAdminToken), "{}").status == 404);
  CHECK(caller.Do("GET", "/healthz").status == 200);
}

TEST_CASE("minting follows the public body and answers its members") {
  Gateway g;
  Caller& caller = g.Start();
  Got got = caller.Do("POST", "/v1/admin/mint", Bearer(kAdminToken),
                      R"({"subject":"agent-7","ttl_seconds":600,"tools":["read_file"],"max_calls":3,"step_up":true})");
  CHECK(got.status == 200);
  CHECK(got.body == R"({"token":"minted-token","jti":"minted-jti","subject":"agent-7","expires_at":"2026-01-01T00:00:00Z"})");
  got = caller.Do("POST", "/v1/admin/mint", Bearer(kAdminToken), R"({"subject":"a","rate_per_min":5})");
  CHECK(got.json().Find("expires_at")->string_value().empty());
  caller.Do("POST", "/v1/admin/mint", Bearer(kAcmeToken),
            R"({"subject":"a","format":5,"audience":"me","caveats":[{"t":"max_calls","max_calls":1}]})");
  const auto minted = g.gate->minted();
  REQUIRE(minted.size() >= 2);
  CHECK(minted[0].format == TokenFormat::kV3);
  CHECK(minted[0].tenant == "default");
  REQUIRE(minted[0].caveats.size() == 3);
  CHECK(minted[0].caveats[0].kind == CaveatKind::kToolAllow);
  CHECK(minted[0].caveats[1].max_calls == 3);
  CHECK(minted[0].caveats[2].kind == CaveatKind::kStepUp);
  CHECK(minted[1].format == TokenFormat::kV4);
  CHECK(g.gate->admins()[0].actor == "superadmin");
  if (minted.size() > 2) {
    CHECK(minted[2].format == TokenFormat::kV5);
    CHECK(minted[2].tenant == "acme");
    CHECK(g.gate->admins()[2].actor == "tenant:acme");
  }
}

TEST_CASE("bad bodies are told what is wrong and mint nothing") {
  Gateway g;
  Caller& caller = g.Start();
  struct Row {
    std::string body, words;
  };
  for (const Row& row : {Row{"{", "JSON"}, Row{"[]", "object"}, Row{"{}", "subject is required"},
                         Row{R"({"subject":"a","surprise":1})", "surprise"}, Row{R"({"subject":1})", "subject must be a string"},
                         Row{R"({"subject":"a","subject":"b"})", "twice"}, Row{R"({"subject":"a","tools":"x"})", "tools"},
                         Row{R"({"subject":"a","ttl_seconds":"60"})", "ttl_seconds"}, Row{R"({"subject":"a","format":9})", "format"},
                         Row{R"({"subject":"a","caveats":{}})", "caveats"}}) {
    INFO(row.body);
    const Got got = caller.Do("POST", "/v1/admin/mint", Bearer(kAdminToken), row.body);
    CHECK(got.status == 400);
    CHECK(got.json().Find("error")->string_value().find(row.words) != std::string::npos);
  }
  CHECK(caller.Do("POST", "/v1/admin/mint", Bearer(kAdminToken), std::string(70'000, ' ')).status == 413);
  CHECK(g.gate->minted().empty());
}

TEST_CASE("a tenant's admin stays inside its tenant") {
  Gateway g;
  Caller& caller = g.Start();
  CHECK(caller.Do("POST", "/v1/admin/mint", Bearer(kAcmeToken), R"({"subject":"a","tenant":"default"})").status == 403);
  CHECK(caller.Do("POST", "/v1/admin/revoke", Bearer(kAcmeToken), R"({"jti":"j","tenant":"default"})").status == 403);
  for (const std::string path : {"revocations", "audit", "audit/verify", "audit/export"}) {
    CHECK(caller.Do("GET", "/v1/admin/" + path + "?tenant=default", Bearer(kAcmeToken)).status ==
          (path == "audit/export" ? 403 : 403));
  }
  CHECK(g.gate->filters().empty());
  CHECK(caller.Do("GET", "/v1/admin/audit", Bearer(kAcmeToken)).status == 200);
  CHECK(g.gate->filters().back().tenant == "acme");
  CHECK(caller.Do("POST", "/v1/admin/revoke", Bearer(kAcmeToken), R"({"jti":"j"})").status == 200);
  CHECK(g.gate->revoked().back().tenant == "acme");
  CHECK(caller.Do("GET", "/v1/admin/tenants", Bearer(kAcmeToken)).body == R"({"tenants":[{"id":"acme","has_admin":true}]})");
  CHECK(caller.Do("GET", "/v1/admin/tenants", Bearer(kAdminToken)).body ==
        R"({"tenants":[{"id":"acme","has_admin":true},{"id":"default","has_admin":false}]})");
}

TEST_CASE("revoking answers and lists as the public product does") {
  Gateway g;
  Caller& caller = g.Start();
  http::HeaderList headers = Bearer(kAdminToken);
  headers.Add("X-IntentGate-Elevation-Id", "e-1");
  CHECK(caller.Do("POST", "/v1/admin/revoke", headers, R"({"jti":"j-1","reason":"lost"})").body == R"({"ok":true,"jti":"j-1"})");
  CHECK(g.gate->revoked()[0].reason == "lost");
  CHECK(g.gate->revoked()[0].tenant.empty());
  CHECK(g.gate->admins()[0].elevation_id == "e-1");
  CHECK(caller.Do("POST", "/v1/admin/revoke", Bearer(kAdminToken), R"({"reason":"lost"})").status == 400);
  CHECK(caller.Do("GET", "/v1/admin/revocations?limit=1&offset=2", Bearer(kAdminToken)).body ==
        R"({"revocations":[{"jti":"jti-2","revoked_at":"2026-01-01T00:00:00Z","reason":"lost","tenant":""}],"limit":1,"offset":2})");
  CHECK(caller.Do("GET", "/v1/admin/revocations?limit=0", Bearer(kAdminToken)).status == 400);
  CHECK(caller.Do("GET", "/v1/admin/revocations?limt=1", Bearer(kAdminToken)).status == 400);
}

TEST_CASE("the audit query pages by offset and by position, and carries every filter") {
  Gateway g;
  Caller& caller = g.Start();
  Got got = caller.Do("GET",
                      "/v1/admin/audit?limit=2&offset=3&count=true&agent_id=a%20b&tool=t&decision=block&check=policy&jti=j&from=2026-01-01T00:00:00Z",
                      Bearer(kAdminToken));
  CHECK(got.status == 200);
  CHECK(got.json().AtPointer("/events/0/seq")->number_text() == "6");
  CHECK(got.json().AtPointer("/events/0/hash")->string_value() == "h");
  CHECK(got.json().Find("total")->number_text() == "10");
  CHECK(got.json().Find("next")->string_value() == "5");
  const AuditFilter filter = g.gate->filters().back();
  CHECK(filter.agent_id == "a b");
  CHECK(filter.decision == "block");
  CHECK(filter.from_micros == 1'767'225'600'000'000);
  CHECK(caller.Do("GET", "/v1/admin/audit?after=8", Bearer(kAdminToken)).json().AtPointer("/events/0/seq")->number_text() == "1");
  CHECK(caller.Do("GET", "/v1/admin/audit?offset=500", Bearer(kAdminToken)).json().Find("events")->array().empty());
  for (const std::string bad : {"from=yesterday", "limit=5000", "offset=-1", "tool=%ff", "nonsense=1", "tool=a&tool=b"}) {
    INFO(bad);
    CHECK(caller.Do("GET", "/v1/admin/audit?" + bad, Bearer(kAdminToken)).status == 400);
  }
}

TEST_CASE("verifying answers 200 whether the chain is good or broken") {
  Gateway g;
  Caller& caller = g.Start();
  const json::Value good = caller.Do("GET", "/v1/admin/audit/verify", Bearer(kAdminToken)).json();
  CHECK(good.Find("ok")->bool_value());
  CHECK(good.Find("tenant")->string_value() == "default");
  CHECK(good.Find("verified")->number_text() == "7");
  const Got broken = caller.Do("GET", "/v1/admin/audit/verify?tenant=broken", Bearer(kAdminToken));
  CHECK(broken.status == 200);
  CHECK_FALSE(broken.json().Find("ok")->bool_value());
  CHECK(broken.json().AtPointer("/broken_at/id")->number_text() == "3");
}

TEST_CASE("a store that fails is 503 without its name") {
  Gateway g;
  g.gate->store_down = true;
  g.gate->ready = false;
  Caller& caller = g.Start();
  for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{{"POST", "/v1/admin/mint"}, {"GET", "/v1/admin/audit"}}) {
    const Got got = caller.Do(method, path, Bearer(kAdminToken), R"({"subject":"a"})");
    CHECK(got.status == 503);
    CHECK(got.body.find("secret.db") == std::string::npos);
  }
  const Got ready = caller.Do("GET", "/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("secret.db") == std::string::npos);
  CHECK(caller.Do("GET", "/healthz").body == R"({"status":"ok","version":"1.2.3"})");
}

TEST_CASE("an export streams whole, with its name and type") {
  Gateway g;
  g.gate->export_pieces = 2000;
  g.gate->export_piece = std::string(4096, 'x') + "\n";
  Caller& caller = g.Start();
  const Got json = caller.Do("GET", "/v1/admin/audit/export?format=json&tool=t", Bearer(kAdminToken));
  CHECK(json.status == 200);
  CHECK(json.whole);
  CHECK(json.body.size() == 2000 * 4097);
  CHECK(json.header("Content-Type") == "application/x-ndjson");
  CHECK(json.header("Content-Disposition").find("intentgate-audit-all-") != std::string::npos);
  CHECK(json.header("Content-Disposition").find(".ndjson") != std::string::npos);
  CHECK(g.gate->filters().back().tool == "t");
  const Got csv = caller.Do("GET", "/v1/admin/audit/export", Bearer(kAcmeToken));
  CHECK(csv.header("Content-Type") == "text/csv; charset=utf-8");
  CHECK(csv.header("Content-Disposition").find("intentgate-audit-acme-") != std::string::npos);
  const Got wrong = caller.Do("GET", "/v1/admin/audit/export?format=xml", Bearer(kAdminToken));
  CHECK(wrong.status == 400);
  CHECK(wrong.body.find("ocsf-1.8.0") != std::string::npos);
}

TEST_CASE("an export that fails in the middle is broken off, not ended") {
  Gateway g;
  g.gate->export_fails = true;
  Caller& caller = g.Start();
  CHECK_FALSE(caller.Do("GET", "/v1/admin/audit/export", Bearer(kAdminToken)).whole);
}

TEST_CASE("an export stops when its reader goes away") {
  Gateway g;
  g.gate->export_pieces = 1'000'000;
  g.gate->export_piece = std::string(16'384, 'x');
  g.Start();
  {
    RawClient raw(static_cast<std::uint16_t>(std::stoi(g.service->address().substr(10))), 4096);
    raw.Send("GET /v1/admin/audit/export?format=json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + std::string(kAdminToken) + "\r\n\r\n");
    CHECK(raw.ReceiveUntil("\r\n\r\n").find("200") != std::string::npos);
  }
  while (!g.gate->export_stopped) std::this_thread::yield();
}

TEST_CASE("metrics tell what happened") {
  Gateway g;
  Caller& caller = g.Start();
  caller.Mcp("good", CallBody("read_file"));
  caller.Mcp("good", CallBody("blocked"));
  caller.Mcp("good", "{}");
  const Got got = caller.Do("GET", "/metrics");
  CHECK(got.header("Content-Type").starts_with("text/plain; version=0.0.4"));
  for (const std::string line : {
           "intentgate_gateway_check_decisions_total{check=\"capability\",decision=\"allow\"} 2\n",
           "intentgate_gateway_check_decisions_total{check=\"policy\",decision=\"block\"} 1\n",
           "intentgate_gateway_check_decisions_total{check=\"budget\",decision=\"allow\"} 1\n",
           "intentgate_gateway_http_requests_total{method=\"POST\",route=\"/v1/mcp\",status=\"2xx\"} 2\n",
           "intentgate_gateway_http_requests_total{method=\"POST\",route=\"/v1/mcp\",status=\"4xx\"} 1\n",
           "intentgate_gateway_upstream_forward_total{outcome=\"success\"} 1\n",
           "intentgate_gateway_refused_requests_total 1\n",
           "intentgate_gateway_audit_queue_depth 3\n",
       }) {
    INFO(line);
    CHECK(got.body.find(line) != std::string::npos);
  }
  Gateway off;
  off.settings.metrics = false;
  CHECK(off.Start().Do("GET", "/metrics").status == 404);
}

}  // namespace intentgate::test
