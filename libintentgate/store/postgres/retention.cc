#include "store/postgres/retention.h"

#include <span>
#include <utility>
#include <vector>

namespace intentgate::store::pg {
namespace {

// Events in one transaction: a writer waits for it no longer than for a large batch.
constexpr std::int64_t kPruneAtOnce = 2'048;

// What audit_prune gives back besides a place.
constexpr std::int64_t kSaysHeld = -1, kSaysBeyondHead = -2, kSaysMissing = -3;

}  // namespace

Result<Pruning> PruneSome(Writer& writer, const std::string& schema, std::string_view tenant,
                          const audit::PrunePoint& point) {
  Command prune("SELECT " + schema + "audit_prune($1, $2, $3, $4)");
  prune.Text(tenant).Integer(point.first_seq).Text(point.prev_hash).Integer(kPruneAtOnce);
  const Result<std::vector<Rows>> answers = writer.Transact(std::span(&prune, 1));
  if (!answers.ok()) return answers.error();
  const std::int64_t said = answers->front().Integer(0, 0);
  if (said == kSaysHeld) return Pruning::kHeld;
  if (said == kSaysBeyondHead) return Pruning::kBeyondHead;
  if (said == kSaysMissing) {
    return Error{ErrorCode::kCorrupt, "an event of tenant " + std::string(tenant) + " below " +
                                          std::to_string(point.first_seq) + " is missing; verify the chain before pruning it"};
  }
  return said >= point.first_seq ? Pruning::kDone : Pruning::kMoreLeft;
}

Status InsertHold(Writer& writer, const std::string& schema, const audit::LegalHold& hold) {
  Command insert("INSERT INTO " + schema + "legal_holds VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING");
  insert.Text(hold.tenant).Text(hold.id).Text(hold.reason).Text(hold.placed_by).Integer(hold.placed_at_micros);
  insert.Integer(hold.from_micros).Integer(hold.to_micros);
  const std::vector<Command> commands{Command("SELECT " + schema + "audit_retention_lock()"), std::move(insert)};
  const Result<std::vector<Rows>> answers = writer.Transact(commands);
  if (!answers.ok()) return answers.error();
  return answers->back().changed() == 1 ? Status() : Status(audit::HoldExistsError(hold));
}

Status DeleteHold(Writer& writer, const std::string& schema, std::string_view tenant, std::string_view id) {
  Command remove("DELETE FROM " + schema + "legal_holds WHERE tenant = $1 AND id = $2");
  remove.Text(tenant).Text(id);
  const Result<std::vector<Rows>> answers = writer.Transact(std::span(&remove, 1));
  if (!answers.ok()) return answers.error();
  return answers->back().changed() == 1 ? Status() : Status(audit::NoHoldError(tenant, id));
}

}  // namespace intentgate::store::pg
