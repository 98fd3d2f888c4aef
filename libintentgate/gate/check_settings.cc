#include <algorithm>
#include <string>
#include <utility>

#include "audit/commitments.h"
#include "gate/assemble.h"

namespace intentgate::gate {
namespace {

Error Bad(const std::string& path, const std::string& what) { return {ErrorCode::kInvalidArgument, path + ": " + what}; }

bool Negative(const std::optional<std::int64_t>& limit) { return limit && *limit < 0; }

Status CheckLimits(const std::string& path, const BudgetLimits& limits) {
  if (limits.window_seconds < 1) return Bad(path + ".window_seconds", "must be at least 1");
  if (Negative(limits.lifetime_calls)) return Bad(path + ".lifetime_calls", "must be at least 0");
  if (Negative(limits.window_calls)) return Bad(path + ".window_calls", "must be at least 0");
  if (Negative(limits.window_cost)) return Bad(path + ".window_cost", "must be at least 0");
  return {};
}

Status CheckBudgets(const GateSettings& settings) {
  if (Status s = CheckLimits("budget.agent", settings.agent_budget); !s.ok()) return s;
  if (Status s = CheckLimits("budget.tenant", settings.tenant_budget); !s.ok()) return s;
  for (const auto& [id, limits] : settings.agent_budgets) {
    if (Status s = CheckLimits("budget.agents." + id, limits); !s.ok()) return s;
  }
  for (const auto& [id, limits] : settings.tenant_budgets) {
    if (Status s = CheckLimits("budget.tenants." + id, limits); !s.ok()) return s;
  }
  return {};
}

Status CheckJournal(const GateSettings& settings) {
  const bool used = settings.durability == AuditDurability::kJournal ||
                    std::any_of(settings.tools.begin(), settings.tools.end(),
                                [](const ToolSettings& tool) { return tool.durability == AuditDurability::kJournal; });
  if (used && settings.journal_directory.empty()) {
    return Bad("audit.journal.directory", "must name a folder on a local disk, because the durability `journal` is used");
  }
  if (settings.journal_max_bytes < 65'536) return Bad("audit.journal.max_bytes", "must be at least 65536");
  return {};
}

Status CheckSigning(const GateSettings& settings) {
  if (settings.signing_key_file.empty()) {
    if (!settings.signing_time_key_file.empty()) {
      return Bad("audit.signing.time_key_file", "needs audit.signing.key_file: it only adds the time to what that key signs");
    }
    if (settings.signing_previous_key_file.empty()) return {};
    return Bad("audit.signing.previous_key_file", "needs audit.signing.key_file, the key that takes its place");
  }
  const std::string& name = settings.signing_deployment;
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f && c != '+'; });
  if (name.empty() || !plain) {
    return Bad("audit.signing.deployment", "must be a name without blanks, plus signs and control characters");
  }
  if (settings.signing_interval_ms < 0) return Bad("audit.signing.interval_ms", "must be at least 0");
  if (settings.signing_max_events < 1) return Bad("audit.signing.max_events", "must be at least 1");
  if (settings.signing_reemit_ms < 1) return Bad("audit.signing.reemit_ms", "must be at least 1");
  if (settings.signing_max_merge_delay_ms < settings.signing_interval_ms) {
    return Bad("audit.signing.max_merge_delay_ms", "must not be less than audit.signing.interval_ms");
  }
  return {};
}

Status CheckApprovals(const GateSettings& settings) {
  const std::pair<const char*, std::int64_t> limits[] = {
      {"approvals.ttl_seconds", settings.approval_ttl_seconds},
      {"approvals.max_pending_per_token", settings.approval_max_pending_per_token},
      {"approvals.max_pending_per_tenant", settings.approval_max_pending_per_tenant},
      {"approvals.max_argument_bytes", settings.approval_max_argument_bytes},
      {"approvals.poll_ms", settings.approval_poll_ms}};
  for (const auto& [path, value] : limits) {
    if (value < 1) return Bad(path, "must be at least 1");
  }
  if (settings.approval_keep_seconds < 0) return Bad("approvals.keep_seconds", "must be at least 0");
  if (settings.approval_max_waiting < 0) return Bad("approvals.max_waiting", "must be at least 0");
  return {};
}

}  // namespace

Status CheckSettings(const GateSettings& settings) {
  if (settings.require_capability && !settings.keys) {
    return Bad("keys", "a key is needed to check tokens; make one with `intentgate keygen`");
  }
  if (settings.revocation_refresh_ms < 1 || settings.revocation_refresh_ms >= settings.revocation_max_age_ms) {
    return Bad("capability.revocation_refresh_ms", "must be at least 1 and less than capability.revocation_max_age_ms");
  }
  for (std::size_t i = 0; i < settings.tools.size(); ++i) {
    const std::string path = "tools[" + std::to_string(i) + "]";
    const ToolSettings& tool = settings.tools[i];
    if (tool.cost < 0) return Bad(path + ".cost", "must be at least 0");
    if (!tool.cost_argument.empty() && tool.cost_argument[0] != '/') return Bad(path + ".cost_argument", "must be a JSON pointer");
  }
  if (Status s = CheckJournal(settings); !s.ok()) return s;
  if (Status s = CheckSigning(settings); !s.ok()) return s;
  if (Status s = CheckApprovals(settings); !s.ok()) return s;
  if (settings.audit_max_batch < 1) return Bad("audit.max_batch", "must be at least 1");
  if (settings.audit_max_delay_us < 0) return Bad("audit.max_delay_us", "must be at least 0");
  for (const std::string& name : settings.private_values) {
    if (std::find(audit::kPrivateMembers.begin(), audit::kPrivateMembers.end(), name) == audit::kPrivateMembers.end()) {
      return Bad("audit.private_values", "\"" + name + "\" is no member that can be private");
    }
  }
  if (settings.private_above_bytes < 0) return Bad("audit.private_above_bytes", "must be at least 0");
  if (settings.retention_days < 0) return Bad("audit.retention.days", "must be at least 0");
  if (settings.retention_days > 0 && (settings.archive_directory.empty() || settings.signing_key_file.empty())) {
    return Bad("audit.retention.days", "needs audit.retention.archive_directory and audit.signing.key_file: nothing is pruned "
                                       "that was not archived and signed for");
  }
  return CheckBudgets(settings);
}

}  // namespace intentgate::gate
