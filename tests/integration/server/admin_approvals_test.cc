// The admin API of approvals over HTTP.
#include <doctest/doctest.h>

#include "integration/server/fixture.h"

namespace intentgate::test {
namespace {

http::HeaderList Bearer(std::string_view token) {
  return {{"Authorization", "Bearer " + std::string(token)}, {"Content-Type", "application/json"}};
}

Approval Waiting(const std::string& id, const std::string& tenant = "acme") {
  Approval a;
  a.id = id;
  a.tenant = tenant;
  a.root_jti = "root";
  a.jti = "leaf";
  a.agent_id = "bot";
  a.method = "tools/call";
  a.server = "bank";
  a.tool = "pay";
  a.arguments = R"({"amount":12.50,"big":123456789012345678901234567890})";
  a.args_sha256 = "aa";
  a.reason = "over 10";
  a.requires_step_up = true;
  a.created_at_micros = 1'767'225'600'000'000;
  a.deadline_micros = 1'767'225'660'000'000;
  return a;
}

}  // namespace

TEST_CASE("no route of approvals answers a stranger") {
  Gateway g;
  g.gate->PutApproval(Waiting("a"));
  Caller& caller = g.Start();
  for (const std::string& token : {std::string("good"), std::string(kAdminToken) + "x"}) {
    CHECK(caller.Do("GET", "/v1/admin/approvals", Bearer(token)).status == 401);
    CHECK(caller.Do("GET", "/v1/admin/approvals/a", Bearer(token)).status == 401);
    CHECK(caller.Do("POST", "/v1/admin/approvals/a/decide", Bearer(token), R"({"decision":"approve"})").status == 401);
  }
  CHECK(g.gate->GetApproval("", "a")->state == ApprovalState::kPending);
}

TEST_CASE("the list has the public members, filters and pages") {
  Gateway g;
  for (const char* id : {"a", "b", "c"}) g.gate->PutApproval(Waiting(id));
  Caller& caller = g.Start();
  Got got = caller.Do("GET", "/v1/admin/approvals?limit=2&status=pending&agent_id=bot&tool=pay&root_jti=root", Bearer(kAdminToken));
  CHECK(got.status == 200);
  json::Value body = got.json();
  REQUIRE(body.Find("approvals")->array().size() == 2);
  CHECK(json::Write(body.Find("approvals")->array()[0]) ==
        R"({"pending_id":"c","status":"pending","tenant":"acme","agent_id":"bot","tool":"pay","server":"bank","method":"tools/call",)"
        R"("capability_token_id":"leaf","root_capability_token_id":"root","args_sha256":"aa","reason":"over 10","requires_step_up":true,)"
        R"("created_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-01T00:01:00Z"})");
  CHECK(body.Find("next")->string_value() == "b");
  CHECK(g.gate->approval_filters().back().state == ApprovalState::kPending);
  CHECK(g.gate->approval_filters().back().agent_id == "bot");
  CHECK(g.gate->approval_filters().back().root_jti == "root");
  got = caller.Do("GET", "/v1/admin/approvals?after=b", Bearer(kAdminToken));
  CHECK(got.json().AtPointer("/approvals/0/pending_id")->string_value() == "a");
  CHECK(got.json().Find("next") == nullptr);
  CHECK(caller.Do("GET", "/v1/admin/approvals?offset=1&limit=1", Bearer(kAdminToken)).json().AtPointer("/approvals/0/pending_id")->string_value() == "b");
  CHECK(caller.Do("GET", "/v1/admin/approvals?offset=9", Bearer(kAdminToken)).json().Find("approvals")->array().empty());
  for (const std::string bad : {"status=timeout", "limit=0", "limit=1001", "offset=-1", "nonsense=1"}) {
    INFO(bad);
    CHECK(caller.Do("GET", "/v1/admin/approvals?" + bad, Bearer(kAdminToken)).status == 400);
  }
}

TEST_CASE("one approval shows the exact arguments") {
  Gateway g;
  g.gate->PutApproval(Waiting("a"));
  Caller& caller = g.Start();
  const Got got = caller.Do("GET", "/v1/admin/approvals/a", Bearer(kAcmeToken));
  CHECK(got.status == 200);
  CHECK(json::Write(*got.json().Find("args")) == R"({"amount":12.50,"big":123456789012345678901234567890})");
  CHECK(caller.Do("GET", "/v1/admin/approvals/b", Bearer(kAcmeToken)).status == 404);
  Approval none = Waiting("n");
  none.arguments.clear();
  g.gate->PutApproval(none);
  CHECK(caller.Do("GET", "/v1/admin/approvals/n", Bearer(kAcmeToken)).json().Find("args") == nullptr);
}

TEST_CASE("an answer is the operator's, whatever name the body gives") {
  Gateway g;
  g.gate->PutApproval(Waiting("a"));
  Caller& caller = g.Start();
  Got got = caller.Do("POST", "/v1/admin/approvals/a/decide", Bearer(kAcmeToken),
                      R"({"decision":"approve","decided_by":"the CEO","note":"fine"})");
  CHECK(got.status == 200);
  CHECK(got.json().Find("status")->string_value() == "approved");
  CHECK(got.json().Find("decided_by")->string_value() == "tenant:acme");
  CHECK(got.json().Find("claimed_by")->string_value() == "the CEO");
  CHECK(got.json().Find("decide_note")->string_value() == "fine");
  got = caller.Do("POST", "/v1/admin/approvals/a/decide", Bearer(kAdminToken), R"({"decision":"reject"})");
  CHECK(got.status == 409);
  CHECK(got.json().Find("error")->string_value() == "the approval is no longer pending");
  CHECK(got.json().AtPointer("/current/status")->string_value() == "approved");
  CHECK(got.json().AtPointer("/current/decided_by")->string_value() == "tenant:acme");
  CHECK(caller.Do("POST", "/v1/admin/approvals/z/decide", Bearer(kAdminToken), R"({"decision":"reject"})").status == 404);
}

TEST_CASE("a bad answer changes nothing") {
  Gateway g;
  g.gate->PutApproval(Waiting("a"));
  Caller& caller = g.Start();
  for (const std::string& body : {std::string("{}"), std::string("{"), std::string(R"({"decision":"Approve"})"), std::string(R"({"decision":true})"),
                                  std::string(R"({"decision":"approve","tenant":"acme"})"), std::string(R"({"decision":"approve","decision":"reject"})"),
                                  R"({"decision":"approve","note":")" + std::string(1'025, 'n') + "\"}"}) {
    INFO(body);
    CHECK(caller.Do("POST", "/v1/admin/approvals/a/decide", Bearer(kAdminToken), body).status == 400);
  }
  CHECK(caller.Do("POST", "/v1/admin/approvals/a/decide?force=1", Bearer(kAdminToken), R"({"decision":"approve"})").status == 400);
  CHECK(g.gate->GetApproval("", "a")->state == ApprovalState::kPending);
}

TEST_CASE("a tenant's admin neither sees nor answers another tenant's approvals") {
  Gateway g;
  g.gate->PutApproval(Waiting("d", "default"));
  Caller& caller = g.Start();
  CHECK(caller.Do("GET", "/v1/admin/approvals?tenant=default", Bearer(kAcmeToken)).status == 403);
  CHECK(caller.Do("GET", "/v1/admin/approvals", Bearer(kAcmeToken)).status == 200);
  CHECK(g.gate->approval_filters().back().tenant == "acme");
  CHECK(caller.Do("GET", "/v1/admin/approvals/d", Bearer(kAcmeToken)).status == 404);
  CHECK(caller.Do("POST", "/v1/admin/approvals/d/decide", Bearer(kAcmeToken), R"({"decision":"approve"})").status == 404);
  CHECK(g.gate->GetApproval("", "d")->state == ApprovalState::kPending);
  CHECK(caller.Do("POST", "/v1/admin/approvals/d/decide", Bearer(kAdminToken), R"({"decision":"reject"})").status == 200);
}

TEST_CASE("a store that fails is 503 without its name") {
  Gateway g;
  g.gate->store_down = true;
  const Got got = g.Start().Do("GET", "/v1/admin/approvals", Bearer(kAdminToken));
  CHECK(got.status == 503);
  CHECK(got.body.find("secret.db") == std::string::npos);
}

}  // namespace intentgate::test
