// Commitments, erasing and legal holds through the gate.

#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

// A gate on a store that keeps values and holds.
struct Keeping {
  World world;
  std::shared_ptr<store::MemoryStore> memory = std::make_shared<store::MemoryStore>();
  std::shared_ptr<Gate> gate;

  Keeping() { Open(memory); }
  void Open(std::shared_ptr<audit::AuditStore> chain, std::shared_ptr<approval::ApprovalStore> approvals = nullptr) {
    if (!approvals) approvals = memory;
    world.settings.arg_values = ArgRedaction::kRaw;
    Result<std::shared_ptr<Gate>> opened = AssembleGate(
        {.settings = world.settings, .clock = world.clock, .random = SystemRandom(), .audit_store = std::move(chain),
         .budget_store = memory, .revocation_store = memory, .approval_store = std::move(approvals),
         .private_values = memory, .retention_store = memory,
         .extractor = world.extractor, .policy = world.policy});
    REQUIRE(opened.ok());
    gate = *std::move(opened);
  }
  Decision Ask(const std::string& subject, const std::string& arguments, const std::string& tool = "read_file") {
    const json::Value args = *json::Parse(arguments);
    MintRequest request;
    request.subject = subject;
    const std::string token = world.Token({}, request);
    return gate->Authorize({.token = token, .tool = tool, .arguments = &args, .remote_ip = "192.0.2.1"});
  }
  // What an operator is shown of a decision.
  json::Value Shown(const std::string& event_id) {
    AuditFilter filter;
    filter.event_id = event_id;
    const auto page = gate->QueryAudit(filter, "", 10);
    REQUIRE(page.ok());
    REQUIRE(page->records.size() == 1);
    return *ShownEvent(page->records[0]);
  }
  std::string Canonical() {
    std::string all;
    const auto records = memory->Scan("default", 0, 1'000);
    REQUIRE(records.ok());
    for (const AuditRecord& record : *records) all += record.canonical;
    return all;
  }
};

EraseRequest Of(const std::string& agent_id) {
  EraseRequest request;
  request.filter.tenant = "default";
  request.filter.agent_id = agent_id;
  request.reason = "request 81";
  return request;
}

const AdminContext kAnn{"ann", "192.0.2.9", ""};

}  // namespace

TEST_CASE("an erasure reaches the arguments that an approval keeps, in whatever state, and nobody else's") {
  Keeping k;
  std::vector<std::string> ids;
  for (const char* arguments : {R"({"name":"Alice Example"})", R"({"name":"Alice E."})"}) {
    ids.push_back(k.Ask("alice", arguments, "human_tool").approval_id);
    REQUIRE_FALSE(ids.back().empty());
  }
  const std::string of_bob = k.Ask("bob", R"({"name":"Bob Example"})", "human_tool").approval_id;
  REQUIRE(k.gate->DecideApproval({.tenant = "default", .id = ids[0], .answer = ApprovalAnswer::kApprove, .claimed_by = {}, .note = {}}, kAnn).ok());
  CHECK(k.gate->GetApproval("default", ids[0])->arguments == R"({"name":"Alice Example"})");

  EraseRequest request = Of("alice");
  request.dry_run = true;
  CHECK(k.gate->EraseValues(request, kAnn)->approvals == 2);
  CHECK(k.gate->GetApproval("default", ids[0]).ok());
  const auto erased = k.gate->EraseValues(Of("alice"), kAnn);
  REQUIRE(erased.ok());
  CHECK(erased->approvals == 2);
  for (const std::string& id : ids) CHECK(k.gate->GetApproval("default", id).error().code == ErrorCode::kNotFound);
  CHECK(k.gate->GetApproval("default", of_bob)->arguments == R"({"name":"Bob Example"})");
  CHECK(k.gate->VerifyAudit("default")->ok);
  CHECK(k.gate->EraseValues(Of("alice"), kAnn)->approvals == 0);
}

TEST_CASE("approvals that cannot be erased fail the erasure, which says that it is not over") {
  Keeping k;
  const auto approvals = std::make_shared<FaultyApprovals>();
  k.Open(k.memory, approvals);
  REQUIRE_FALSE(k.Ask("alice", R"({"name":"Alice"})", "human_tool").approval_id.empty());
  approvals->fails = true;
  const auto failed = k.gate->EraseValues(Of("alice"), kAnn);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().message.find("ask again") != std::string::npos);
  approvals->fails = false;
  CHECK(k.gate->EraseValues(Of("alice"), kAnn)->approvals == 1);
}

TEST_CASE("personal values are not in the chain, operators see them, and after an erasure nobody does") {
  Keeping k;
  const Decision one = k.Ask("alice", R"({"name":"Alice Example"})"), two = k.Ask("bob", R"({"name":"Bob Example"})");
  REQUIRE(one.allowed());
  CHECK(k.Canonical().find("Example") == std::string::npos);
  CHECK(k.Canonical().find("192.0.2.1") == std::string::npos);
  CHECK(Text(k.Shown(one.event_id), "arg_values") == R"({"name":"Alice Example"})");
  CHECK(Text(k.Shown(one.event_id), "remote_ip") == "192.0.2.1");
  CHECK(Text(k.Shown(one.event_id), "args_sha256").size() == 64);

  EraseRequest request = Of("alice");
  request.dry_run = true;
  const auto planned = k.gate->EraseValues(request, kAnn);
  REQUIRE(planned.ok());
  CHECK(planned->events == 1);
  CHECK(planned->values == 3);
  CHECK(Text(k.Shown(one.event_id), "remote_ip") == "192.0.2.1");
  CHECK(k.gate->EraseValues(Of("alice"), kAnn)->values == 3);
  CHECK(k.Shown(one.event_id).Find("arg_values") == nullptr);
  CHECK(k.Shown(one.event_id).Find("remote_ip") == nullptr);
  CHECK(Text(k.Shown(two.event_id), "arg_values") == R"({"name":"Bob Example"})");
  const auto report = k.gate->VerifyAudit("default");
  CHECK(report->ok);

  const json::Value said = *json::Parse(k.memory->Scan("default", report->head.next_seq - 1, 1)->front().canonical);
  CHECK(Text(said, "tool") == "admin/erase");
  CHECK(Text(said, "actor") == "ann");
  CHECK(Text(said, "reason") == "private values erased: request 81");
  CHECK(said.AtPointer("/details/filter/agent_id")->string_value() == "alice");
}

TEST_CASE("an erasure needs a tenant and something that narrows it") {
  Keeping k;
  CHECK(k.gate->EraseValues({}, kAnn).error().code == ErrorCode::kInvalidArgument);
  EraseRequest all;
  all.filter.tenant = "default";
  CHECK(k.gate->EraseValues(all, kAnn).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("what cannot be recorded is not erased") {
  Keeping k;
  const Decision one = k.Ask("alice", R"({"name":"Alice Example"})");
  struct Failing final : audit::AuditStore {
    explicit Failing(std::shared_ptr<store::MemoryStore> s) : inner(std::move(s)) {}
    Result<ChainHead> Head(std::string_view t) override { return inner->Head(t); }
    Status Append(std::span<const audit::TenantBatch>) override { return Error{ErrorCode::kUnavailable, "down"}; }
    Result<std::vector<AuditRecord>> Scan(std::string_view t, std::int64_t f, std::size_t n) override { return inner->Scan(t, f, n); }
    Result<std::vector<audit::StoredEvent>> ScanStored(std::string_view t, std::int64_t f, std::size_t n) override {
      return inner->ScanStored(t, f, n);
    }
    Result<AuditPage> Query(const AuditFilter& f, bool a, std::string_view after, std::size_t n) override { return inner->Query(f, a, after, n); }
    Result<std::int64_t> Count(const AuditFilter& f) override { return inner->Count(f); }
    Result<std::vector<std::string>> Tenants() override { return inner->Tenants(); }
    std::shared_ptr<store::MemoryStore> inner;
  };
  k.Open(std::make_shared<Failing>(k.memory));
  const auto refused = k.gate->EraseValues(Of("alice"), kAnn);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("nothing was erased") != std::string::npos);
  CHECK(Text(k.Shown(one.event_id), "remote_ip") == "192.0.2.1");
}

TEST_CASE("a legal hold stops an erasure until it is lifted, and both are in the chain") {
  Keeping k;
  const Decision one = k.Ask("alice", "{}");
  LegalHold hold;
  hold.tenant = "default";
  hold.id = "case-7";
  hold.reason = "court";
  REQUIRE(k.gate->PlaceHold(hold, kAnn).ok());
  CHECK(k.gate->PlaceHold(hold, kAnn).error().code == ErrorCode::kAlreadyExists);
  CHECK(k.gate->Holds("default")->front().placed_by == "ann");
  const auto refused = k.gate->EraseValues(Of("alice"), kAnn);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kConflict);
  CHECK(refused.error().message.find("case-7") != std::string::npos);
  CHECK(k.Canonical().find("admin/erase") == std::string::npos);
  CHECK(Text(k.Shown(one.event_id), "remote_ip") == "192.0.2.1");

  CHECK(k.gate->LiftHold("default", "other", "", kAnn).error().code == ErrorCode::kNotFound);
  REQUIRE(k.gate->LiftHold("default", "case-7", "closed", kAnn).ok());
  CHECK(k.gate->EraseValues(Of("alice"), kAnn)->values == 3);
  CHECK(k.Canonical().find("admin/hold_placed") != std::string::npos);
  CHECK(k.Canonical().find("legal hold lifted: closed") != std::string::npos);
  hold.to_micros = 1;
  hold.from_micros = 2;
  hold.id = "backwards";
  CHECK(k.gate->PlaceHold(hold, kAnn).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("what is private is a setting") {
  Keeping k;
  k.world.settings.private_values = {"reason"};
  k.world.settings.private_above_bytes = 20;
  k.Open(k.memory);
  const Decision small = k.Ask("alice", R"({"a":1})"), large = k.Ask("alice", R"({"a":"12345678901234567890"})");
  const std::string canonical = k.Canonical();
  CHECK(canonical.find(R"("arg_values":{"a":1})") != std::string::npos);
  CHECK(canonical.find("12345678901234567890") == std::string::npos);
  CHECK(Text(k.Shown(large.event_id), "arg_values") == R"({"a":"12345678901234567890"})");
  CHECK(canonical.find("policy allows") == std::string::npos);
  k.world.settings.private_values = {"tool"};
  CHECK(CheckSettings(k.world.settings).error().message.find("audit.private_values") == 0);
}

}  // namespace intentgate::gate
