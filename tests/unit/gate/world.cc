#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

constexpr const char* kPolicy = R"(package intentgate.policy
import rego.v1

default decision := {"allow": true, "reason": "the test's policy allows it"}

decision := {"allow": false, "reason": "not for agents"} if input.tool == "blocked_tool"

decision := {"allow": false, "escalate": true, "requires_step_up": true, "reason": "a human decides"} if input.tool == "human_tool"

decision := {"allow": false, "reason": concat(" ", [input.agent_id, input.session_id])} if input.tool == "whoami"
)";

}  // namespace

std::shared_ptr<const Policy> TestPolicy() {
  static const std::shared_ptr<const Policy> policy = [] {
    const rego::SourceFile file{"test.rego", kPolicy};
    const policy::CompileOutcome compiled = Policy::Compile({&file, 1});
    for (const rego::Diagnostic& d : compiled.diagnostics) MESSAGE(d.ToString());
    REQUIRE(compiled.policy != nullptr);
    return compiled.policy;
  }();
  return policy;
}

World::World() {
  settings.keys = KeyRing::FromMasterKey("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY").value();
  settings.store = StoreKind::kMemory;
}

Gate& World::Open() {
  gate.reset();
  Result<std::shared_ptr<Gate>> opened = AssembleGate({.settings = settings, .clock = clock, .random = SystemRandom(),
                                                       .audit_store = store, .budget_store = store, .revocation_store = store, .proof_store = proofs, .approval_store = approvals,
                                                       .extractor = extractor, .policy = policy});
  if (!opened.ok()) FAIL(opened.error().ToString());
  gate = *std::move(opened);
  return *gate;
}

std::string World::Token(std::vector<Caveat> caveats, MintRequest request) {
  if (request.subject.empty()) request.subject = "bot";
  for (Caveat& caveat : caveats) request.caveats.push_back(std::move(caveat));
  Result<MintedToken> minted = Mint(*settings.keys, request, *clock, *SystemRandom());
  if (!minted.ok()) FAIL(minted.error().ToString());
  return minted->token;
}

std::string World::Child(const std::string& parent, std::vector<Caveat> caveats, AttenuateOptions options) {
  Result<std::string> child = Attenuate(parent, caveats, options, *clock, *SystemRandom());
  if (!child.ok()) FAIL(child.error().ToString());
  return *child;
}

Decision World::Ask(const std::string& token, const std::string& tool, const std::string& arguments, const std::string& prompt) {
  const Result<json::Value> args = json::Parse(arguments);
  REQUIRE(args.ok());
  return gate->Authorize({.token = token, .tool = tool, .arguments = &*args, .prompt = prompt, .session_id = "s1", .remote_ip = "192.0.2.1"});
}

std::vector<json::Value> World::Events(const std::string& tenant) {
  static_cast<void>(gate->Flush().ok());
  const Result<VerifyReport> report = gate->VerifyAudit(tenant);
  REQUIRE(report.ok());
  CHECK_MESSAGE(report->ok, report->problem);
  std::vector<json::Value> events;
  const Result<std::vector<AuditRecord>> records = store->Scan(tenant, 0, 100'000);
  REQUIRE(records.ok());
  for (const AuditRecord& record : *records) events.push_back(*json::Parse(record.canonical));
  return events;
}

json::Value World::LastEvent(const std::string& tenant) {
  std::vector<json::Value> events = Events(tenant);
  REQUIRE_FALSE(events.empty());
  return events.back();
}

std::string Said(const Decision& d) {
  return std::string(VerdictName(d.verdict)) + " " + std::string(CheckName(d.check)) + " " + std::string(ReasonName(d.code));
}

}  // namespace intentgate::gate
