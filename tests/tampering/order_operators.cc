// Tampering with which events there are and in which order.

#include <doctest/doctest.h>

#include <algorithm>

#include "audit/canonical_event.h"
#include "contract/chains.h"
#include "tampering/operators.h"

namespace intentgate::test {
namespace {

void Erase(Rows& rows, std::size_t from, std::size_t to) {
  rows.events.erase(rows.events.begin() + static_cast<std::ptrdiff_t>(from),
                    rows.events.begin() + static_cast<std::ptrdiff_t>(to));
}

void Insert(Rows& rows, std::size_t at, audit::StoredEvent event) {
  rows.events.insert(rows.events.begin() + static_cast<std::ptrdiff_t>(at), std::move(event));
}

// Gives the rows the numbers of their places.
void Renumber(Rows& rows) {
  std::int64_t seq = 0;
  for (audit::StoredEvent& event : rows.events) event.record.seq = seq++;
}

Verdicts DeleteOne(Rows& rows, Dice& dice) {
  const std::size_t at = dice.From(1, rows.size() - 2);
  Erase(rows, at, at + 1);
  return AllName(at);
}

Verdicts DeleteSome(Rows& rows, Dice& dice) {
  const std::size_t at = dice.From(1, rows.size() - 3);
  Erase(rows, at, dice.From(at + 1, rows.size() - 1));
  return AllName(at);
}

Verdicts DeleteAndRenumber(Rows& rows, Dice& dice) {
  const std::size_t at = dice.From(1, rows.size() - 2);
  Erase(rows, at, at + 1);
  Renumber(rows);
  return AllName(at);
}

Verdicts DeleteFirst(Rows& rows, Dice&) {
  Erase(rows, 0, 1);
  return AllName(0);
}

Verdicts DeletePrefix(Rows& rows, Dice& dice) {
  Erase(rows, 0, dice.From(1, rows.size() - 1));
  return AllName(0);
}

// What a pruned store looks like, but no event of the chain speaks of it.
Verdicts DeletePrefixAsIfPruned(Rows& rows, Dice& dice) {
  const std::size_t count = dice.From(1, rows.size() - 1);
  rows.pruned = {static_cast<std::int64_t>(count), rows.events[count - 1].record.hash};
  Erase(rows, 0, count);
  return {Name(count), Name(0), Name(0)};
}

// An event that speaks of another beginning, in a chain that is signed for.
Verdicts MovePrunePoint(Rows& rows, Dice& dice) {
  const std::size_t count = dice.From(2, rows.size() - 1);
  AuditEvent event;
  event.kind = EventKind::kControl;
  event.tool = std::string(audit::kPrunedTool);
  event.details = json::MakeObject({{"first_seq", static_cast<std::int64_t>(count - 1)},
                                    {"prev_hash", rows.events[count - 2].record.hash}});
  rows.events.push_back(MakeStored(rows.tenant, rows.head.next_seq, rows.head.hash, std::move(event)));
  rows.head = {rows.head.next_seq + 1, rows.events.back().record.hash};
  RewriteAndSign(rows, rows.size() - 1, LogKey());
  rows.pruned = {static_cast<std::int64_t>(count), rows.events[count - 1].record.hash};
  Erase(rows, 0, count);
  return {Name(count), Name(0), Name(0)};
}

Verdicts DeleteLast(Rows& rows, Dice&) {
  rows.events.pop_back();
  return AllName(rows.size());
}

Verdicts DeleteTail(Rows& rows, Dice& dice) {
  rows.events.resize(dice.From(1, rows.size() - 2));
  return AllName(rows.size());
}

void CutTail(Rows& rows, std::size_t size) {
  rows.events.resize(size);
  rows.head = {rows.end(), rows.events.back().record.hash};
}

Verdicts CutTailAndHead(Rows& rows, Dice& dice) {
  CutTail(rows, dice.From(1, rows.size() - 1));
  return OnlyKeptFinds();
}

Verdicts CutTailHeadAndCheckpoint(Rows& rows, Dice& dice) {
  CutTail(rows, dice.From(rows.checkpoints[1].size, rows.size() - 1));
  rows.checkpoints.erase(rows.checkpoints.begin());
  return OnlyKeptFinds();
}

Verdicts RestoreBackupAndGoOn(Rows& rows, Dice& dice) {
  const std::size_t size = rows.size(), until = size + dice.Below(3);
  CutTail(rows, dice.From(1, rows.size() - 1));
  while (rows.size() < until) {
    rows.events.push_back(RandomEvent(dice, rows.tenant, rows.head));
    rows.head = {rows.end(), rows.events.back().record.hash};
  }
  // A head that has moved on cannot be held against the one that was noted.
  return {NotSee(), rows.size() == size ? Find() : NotSee(), Find()};
}

Verdicts DeleteAll(Rows& rows, Dice&) {
  rows.events.clear();
  return {Name(0), Name(0), Find()};
}

Verdicts SwapNeighbours(Rows& rows, Dice& dice) {
  const std::size_t at = dice.Below(rows.size() - 1);
  std::swap(rows.events[at], rows.events[at + 1]);
  Renumber(rows);
  return AllName(at);
}

Verdicts SwapDistant(Rows& rows, Dice& dice) {
  const std::size_t a = dice.Below(rows.size() - 2), b = dice.From(a + 2, rows.size() - 1);
  std::swap(rows.events[a], rows.events[b]);
  Renumber(rows);
  return AllName(a);
}

Verdicts Reverse(Rows& rows, Dice&) {
  std::reverse(rows.events.begin(), rows.events.end());
  Renumber(rows);
  return AllName(0);
}

Verdicts DuplicateEvent(Rows& rows, Dice& dice) {
  const std::size_t at = dice.Below(rows.size());
  Insert(rows, at + 1, rows.events[at]);
  Renumber(rows);
  rows.head.next_seq = rows.end();
  // Of the last one the copy is behind what the checkpoint covers.
  const bool last = at + 2 == rows.size();
  return {Name(at + 1), Name(at + 1), last ? NotSee() : Name(at + 1)};
}

// As in a table without a unique key.
Verdicts DuplicateRow(Rows& rows, Dice& dice) {
  const std::size_t at = dice.Below(rows.size() - 1);
  Insert(rows, at + 1, rows.events[at]);
  return {Name(at + 1), Name(at), Name(at)};
}

Verdicts InsertForged(Rows& rows, Dice& dice) {
  const std::size_t at = dice.From(1, rows.size() - 1);
  const ChainHead before{static_cast<std::int64_t>(at), rows.events[at - 1].record.hash};
  Insert(rows, at, RandomEvent(dice, rows.tenant, before));
  Renumber(rows);
  rows.head.next_seq = rows.end();
  const bool last = at + 2 == rows.size();   // the forged one takes the last place that is signed for
  return {Name(at + 1), Name(at + 1), last ? Find() : Name(at + 1)};
}

Verdicts AppendBeyondHead(Rows& rows, Dice& dice) {
  rows.events.push_back(RandomEvent(dice, rows.tenant, rows.head));
  return {Name(rows.size() - 1), NotSee(), NotSee()};
}

Verdicts MoveSeqColumns(Rows& rows, Dice& dice) {
  const std::size_t at = dice.From(1, rows.size() - 1);
  for (std::size_t i = at; i < rows.size(); ++i) ++rows.events[i].record.seq;
  // The export has no line for event `at`, and one that contradicts itself behind it, unless it is behind the head.
  return {Name(at), Name(at + 1 < rows.size() ? at + 1 : at), Name(at)};
}

Verdicts SpliceFromOtherTenant(Rows& rows, Dice& dice) {
  const Rows other = RandomChain(dice, "globex", rows.size());
  const std::size_t at = dice.Below(rows.size());
  rows.events[at] = other.events[at];
  return AllName(at);
}

Verdicts SpliceFromOtherTenantAndSign(Rows& rows, Dice& dice) {
  const std::size_t at = dice.Below(rows.size());
  rows.events[at] = RandomChain(dice, "globex", rows.size()).events[at];
  RewriteAndSign(rows, at, LogKey());
  return AllName(at);
}

Verdicts SpliceFromOtherHistory(Rows& rows, Dice& dice) {
  const Rows other = RandomChain(dice, rows.tenant, rows.size());
  const std::size_t at = dice.From(1, rows.size() - 1);
  std::copy(other.events.begin() + static_cast<std::ptrdiff_t>(at), other.events.end(),
            rows.events.begin() + static_cast<std::ptrdiff_t>(at));
  rows.head = other.head;
  return AllName(at);
}

Verdicts SpliceOneFromOtherHistory(Rows& rows, Dice& dice) {
  const std::size_t at = dice.From(1, rows.size() - 1);
  rows.events[at] = RandomChain(dice, rows.tenant, rows.size()).events[at];
  return AllName(at);
}

// The three below have the log's key: the rule about the genesis event and the one about places stand by themselves.
Verdicts SecondGenesis(Rows& rows, Dice& dice) {
  const std::size_t at = dice.From(1, rows.size() - 1);
  AuditEvent event;
  event.kind = EventKind::kGenesis;
  rows.events[at] = MakeStored(rows.tenant, static_cast<std::int64_t>(at), rows.events[at - 1].record.hash, std::move(event));
  RewriteAndSign(rows, at, LogKey());
  return AllName(at);
}

Verdicts NoGenesis(Rows& rows, Dice&) {
  std::string& text = rows.events[0].record.canonical;
  text.replace(text.find("\"kind\":\"genesis\""), 16, "\"kind\":\"control\"");
  Project(rows.events[0]);
  RewriteAndSign(rows, 0, LogKey());
  return AllName(0);
}

Verdicts OtherPlaceInside(Rows& rows, Dice& dice) {
  const std::size_t at = dice.From(1, rows.size() - 1);
  rows.events[at].record.canonical =
      MakeStored(rows.tenant, static_cast<std::int64_t>(at) + 1, "", {}).record.canonical;
  RewriteAndSign(rows, at, LogKey());
  return AllName(at);
}

constexpr RowOperator kOperators[] = {
    {"delete_one", DeleteOne},
    {"delete_some", DeleteSome},
    {"delete_and_renumber", DeleteAndRenumber},
    {"delete_first", DeleteFirst},
    {"delete_prefix", DeletePrefix},
    {"delete_prefix_as_if_pruned", DeletePrefixAsIfPruned},
    {"move_prune_point", MovePrunePoint},
    {"delete_last", DeleteLast},
    {"delete_tail", DeleteTail},
    {"cut_tail_and_head", CutTailAndHead},
    {"cut_tail_head_and_checkpoint", CutTailHeadAndCheckpoint},
    {"restore_backup_and_go_on", RestoreBackupAndGoOn},
    {"delete_all", DeleteAll},
    {"swap_neighbours", SwapNeighbours},
    {"swap_distant", SwapDistant},
    {"reverse", Reverse},
    {"duplicate_event", DuplicateEvent},
    {"duplicate_row", DuplicateRow},
    {"insert_forged", InsertForged},
    {"append_beyond_head", AppendBeyondHead},
    {"move_seq_columns", MoveSeqColumns},
    {"splice_from_other_tenant", SpliceFromOtherTenant},
    {"splice_from_other_tenant_and_sign", SpliceFromOtherTenantAndSign},
    {"splice_from_other_history", SpliceFromOtherHistory},
    {"splice_one_from_other_history", SpliceOneFromOtherHistory},
    {"second_genesis", SecondGenesis},
    {"no_genesis", NoGenesis},
    {"other_place_inside", OtherPlaceInside},
};

}  // namespace

std::span<const RowOperator> OrderOperators() { return kOperators; }

}  // namespace intentgate::test
