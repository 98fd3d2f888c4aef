#include "mcp/url_elicitations.h"

#include <doctest/doctest.h>

#include "support/server/fake_gate.h"

namespace intentgate::mcp {
namespace {

struct Elicitations {
  std::shared_ptr<test::FakeGate> gate = std::make_shared<test::FakeGate>();
  std::shared_ptr<UrlElicitations> urls = std::make_shared<UrlElicitations>(gate, 2);
  ~Elicitations() { gate->Join(); }

  void Answer(const std::string& id) { gate->PutApproval(Approval{.id = id, .tenant = "t", .state = ApprovalState::kApproved}); }
};

json::Value Arguments(std::string_view text) { return *json::Parse(text); }

}  // namespace

TEST_CASE("an approval is found by session, method, tool and arguments, whatever the order of their members") {
  Elicitations e;
  const json::Value arguments = Arguments(R"({"a":1,"b":12.50})"), turned = Arguments(R"({"b":12.50,"a":1})"), other = Arguments(R"({"a":1,"b":12.5})");
  e.urls->Told("s1", {.name = "pay", .arguments = &arguments}, "t", "apr");
  CHECK(e.urls->ApprovalOf("s1", {.name = "pay", .arguments = &turned}) == "apr");
  CHECK(e.urls->ApprovalOf("s1", {.name = "pay", .arguments = &other}).empty());
  CHECK(e.urls->ApprovalOf("s1", {.name = "pay"}).empty());
  CHECK(e.urls->ApprovalOf("s1", {.name = "pay2", .arguments = &arguments}).empty());
  CHECK(e.urls->ApprovalOf("s1", {.name = "pay", .arguments = &arguments, .method = "prompts/get"}).empty());
  CHECK(e.urls->ApprovalOf("s2", {.name = "pay", .arguments = &arguments}).empty());
  e.urls->Settled("s1", {.name = "pay", .arguments = &turned});
  CHECK(e.urls->ApprovalOf("s1", {.name = "pay", .arguments = &arguments}).empty());
  CHECK(e.gate->waits() == 0);
}

TEST_CASE("the oldest makes room, and its wait is given up") {
  Elicitations e;
  for (const char* tool : {"a", "b", "c"}) e.urls->Told("s", {.name = tool}, "t", tool);
  CHECK(e.urls->ApprovalOf("s", {.name = "a"}).empty());
  CHECK(e.urls->ApprovalOf("s", {.name = "c"}) == "c");
  CHECK(e.gate->waits() == 2);
  // Another approval of the same call takes the place of the first.
  e.urls->Told("s", {.name = "c"}, "t", "d");
  CHECK(e.urls->ApprovalOf("s", {.name = "c"}) == "d");
  CHECK(e.urls->ApprovalOf("s", {.name = "b"}) == "b");
  CHECK(e.gate->waits() == 2);
  e.urls->End("s");
  CHECK(e.gate->waits() == 0);
}

TEST_CASE("each answer goes to one stream of its own session") {
  Elicitations e;
  std::string first, second, elsewhere;
  const std::uint64_t one = e.urls->Listen("s", [&](const std::string& event) { first += event; });
  e.urls->Listen("s", [&](const std::string& event) { second += event; });
  e.urls->Listen("other", [&](const std::string& event) { elsewhere += event; });
  e.urls->Told("s", {.name = "a"}, "t", "apr-a");
  e.Answer("apr-a");
  CHECK(first.empty());
  CHECK(second.find("apr-a") != std::string::npos);
  CHECK(elsewhere.empty());
  e.urls->Leave("s", one);
  e.urls->Leave("s", 99);
  CHECK(e.urls->ApprovalOf("s", {.name = "a"}) == "apr-a");
}

TEST_CASE("when too many wait, the URL is told all the same") {
  Elicitations e;
  e.gate->waits_full = true;
  e.urls->Told("s", {.name = "a"}, "t", "apr");
  CHECK(e.urls->ApprovalOf("s", {.name = "a"}) == "apr");
}

}  // namespace intentgate::mcp
