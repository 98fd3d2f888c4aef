#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

std::string ErrorOf(const std::function<void(GateSettings&)>& change) {
  World w;
  change(w.settings);
  const Status s = CheckSettings(w.settings);
  return s.ok() ? "" : s.error().message;
}

}  // namespace

TEST_CASE("settings that code has set wrong are refused by name") {
  CHECK(ErrorOf([](GateSettings&) {}).empty());
  CHECK(ErrorOf([](GateSettings& s) { s.keys.reset(); }).find("keys: ") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.durability = AuditDurability::kJournal; }).find("audit.journal.directory") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.tools = {{.pattern = "t", .durability = AuditDurability::kJournal}}; })
            .find("audit.journal.directory") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.journal_max_bytes = 1; }).find("audit.journal.max_bytes") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.revocation_refresh_ms = 0; }).find("capability.revocation_refresh_ms") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.agent_budget.window_seconds = 0; }).find("budget.agent.window_seconds") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.tenant_budgets["t"].window_cost = -1; }).find("budget.tenants.t.window_cost") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.tools = {{.pattern = "t", .cost = -1}}; }).find("tools[0].cost") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.tools = {{.pattern = "t", .cost_argument = "x"}}; }).find("tools[0].cost_argument") == 0);
  CHECK(ErrorOf([](GateSettings& s) { s.audit_max_batch = 0; }).find("audit.max_batch") == 0);
}

}  // namespace intentgate::gate
