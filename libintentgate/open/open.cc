// Gate::Open: chooses the parts that the settings name and joins them. The only place that knows both
// the gate and the stores. docs/design/open.md says why it stands here.

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/policy.h>
#include <intentgate/settings.h>

#include "evidence/ocsf/ocsf.h"
#include "gate/assemble.h"
#include "open/extractor.h"
#include "open/signing.h"
#include "store/memory/memory_store.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"

namespace intentgate {
namespace {

Error In(const std::string& where, const Error& cause) { return {cause.code, where + ": " + cause.message}; }

// One store behind all interfaces.
template <typename Store>
std::shared_ptr<audit::LogStore> UseStore(const std::shared_ptr<Store>& store, gate::GateParts& parts) {
  parts.audit_store = store;
  parts.budget_store = store;
  parts.revocation_store = store;
  parts.proof_store = store;
  parts.approval_store = store;
  parts.private_values = store;
  parts.retention_store = store;
  if constexpr (std::is_convertible_v<Store*, audit::LogStore*>) return store;
  return nullptr;
}

// The store's side for the evidence; null when it keeps no tree.
Result<std::shared_ptr<audit::LogStore>> AddStores(gate::GateParts& parts) {
  if (parts.settings.store == StoreKind::kMemory) return UseStore(std::make_shared<store::MemoryStore>(), parts);
  if (parts.settings.store == StoreKind::kPostgres) {
    store::PostgresOptions options;
    options.url = parts.settings.postgres_url;
    options.schema = parts.settings.postgres_schema;
    // Not the gate's clock: a replay's stands still, and a network does not.
    auto postgres = store::PostgresStore::Open(std::move(options));
    if (!postgres.ok()) return In("store.kind postgres", postgres.error());
    return UseStore(*postgres, parts);
  }
  auto sqlite = store::SqliteStore::Open(parts.settings.sqlite_path, {});
  if (!sqlite.ok()) return In("store.sqlite_path", sqlite.error());
  return UseStore(*sqlite, parts);
}

Status AddPolicy(gate::GateParts& parts) {
  if (parts.settings.policy_sources.empty()) return {};
  policy::CompileOutcome compiled = CompileSettingsPolicy(parts.settings, parts.clock);
  if (!compiled.ok()) {
    std::string message = "policy.files: the policy does not compile";
    for (const rego::Diagnostic& diagnostic : compiled.diagnostics) message += "\n" + diagnostic.ToString();
    return Error{ErrorCode::kInvalidArgument, std::move(message)};
  }
  parts.policy = std::move(compiled.policy);
  return {};
}

audit::EventRenderer MakeRenderer(ExportFormat format) {
  evidence::OcsfOptions options{.product_version = INTENTGATE_VERSION};
  if (format == ExportFormat::kOcsf180) options.version = evidence::OcsfVersion::k1_8_0;
  const auto lines = std::make_shared<evidence::OcsfLines>(std::move(options));
  return [lines](const AuditRecord& record, std::string& out) { return lines->Append(record, out); };
}

}  // namespace

Result<std::shared_ptr<Gate>> Gate::Open(const GateSettings& settings) {
  return Open(settings, SystemClock(), SystemRandom());
}

Result<std::shared_ptr<Gate>> Gate::Open(const GateSettings& settings, std::shared_ptr<const Clock> clock,
                                         std::shared_ptr<Random> random) {
  // Before anything is opened, so that mistakes leave no file behind.
  if (Status s = gate::CheckSettings(settings); !s.ok()) return s.error();
  gate::GateParts parts{.settings = settings, .clock = std::move(clock), .random = std::move(random)};
  auto extractor = open::MakeExtractor(settings, parts.clock);
  if (!extractor.ok()) return extractor.error();
  parts.extractor = *std::move(extractor);
  parts.make_renderer = MakeRenderer;
  if (Status s = AddPolicy(parts); !s.ok()) return s.error();
  auto signing = open::ReadSigning(settings, parts.clock);
  if (!signing.ok()) return signing.error();
  auto publishing = open::ReadPublishing(settings);
  if (!publishing.ok()) return publishing.error();
  const Result<std::shared_ptr<audit::LogStore>> tree = AddStores(parts);
  if (!tree.ok()) return tree.error();
  if (Status s = open::AddEvidence(*std::move(signing), *std::move(publishing), *tree, parts); !s.ok()) return s.error();
  return gate::AssembleGate(std::move(parts));
}

}  // namespace intentgate
