// Tampering with what stands beside the events: the head, the columns for queries, tiles and checkpoints.

#include <doctest/doctest.h>

#include <algorithm>

#include "support/fixed_random.h"
#include "tampering/operators.h"
#include "tlog/checkpoint.h"

namespace intentgate::test {
namespace {

Verdicts HeadHash(Rows& rows, Dice& dice) {
  char& digit = rows.head.hash[dice.Below(64)];
  digit = digit == '0' ? '1' : '0';
  return {Name(rows.size() - 1), Name(rows.size() - 1), NotSee()};
}

Verdicts HeadBlank(Rows& rows, Dice&) {
  rows.head.hash.clear();
  return {Name(rows.size() - 1), Name(rows.size() - 1), NotSee()};
}

Verdicts HeadAhead(Rows& rows, Dice& dice) {
  rows.head.next_seq += static_cast<std::int64_t>(dice.From(1, 5));
  return {Name(rows.size()), Name(rows.size()), NotSee()};
}

Verdicts HeadBack(Rows& rows, Dice& dice) {
  const std::size_t next = dice.From(1, rows.size() - 1);
  rows.head.next_seq = static_cast<std::int64_t>(next);
  return {Name(next - 1), Name(next - 1), Find()};
}

Verdicts HeadBackWithItsHash(Rows& rows, Dice& dice) {
  const std::size_t next = dice.From(1, rows.size() - 1);
  rows.head = {static_cast<std::int64_t>(next), rows.events[next - 1].record.hash};
  return {Name(next), Find(), Find()};
}

Verdicts HeadRemoved(Rows& rows, Dice&) {
  rows.head = {};
  return {Name(0), Find(), Find()};
}

Verdicts ColumnOfTime(Rows& rows, Dice& dice) {
  const std::size_t at = dice.Below(rows.size());
  rows.events[at].ts_micros += 1;
  return {Name(at), NotSee(), NotSee()};
}

using Text = std::string audit::StoredEvent::*;

Verdicts EditColumn(Rows& rows, Dice& dice, Text column) {
  const std::size_t at = dice.Below(rows.size());
  std::string& value = rows.events[at].*column;
  value = value.empty() || dice.OneIn(2) ? value + "x" : "";
  return {Name(at), NotSee(), NotSee()};
}

Verdicts ColumnOfDecision(Rows& rows, Dice& dice) { return EditColumn(rows, dice, &audit::StoredEvent::decision); }
Verdicts ColumnOfCaller(Rows& rows, Dice& dice) {
  static constexpr Text kColumns[] = {&audit::StoredEvent::agent_id, &audit::StoredEvent::jti, &audit::StoredEvent::root_jti,
                                      &audit::StoredEvent::session_id, &audit::StoredEvent::actor};
  return EditColumn(rows, dice, dice.Pick(kColumns));
}
Verdicts ColumnOfCall(Rows& rows, Dice& dice) {
  static constexpr Text kColumns[] = {&audit::StoredEvent::tool, &audit::StoredEvent::kind, &audit::StoredEvent::check,
                                      &audit::StoredEvent::code, &audit::StoredEvent::elevation_id};
  return EditColumn(rows, dice, dice.Pick(kColumns));
}

Verdicts ColumnOfEventId(Rows& rows, Dice& dice) {
  const std::size_t at = dice.Below(rows.size());
  rows.events[at].record.event_id += "0";
  return {Name(at), NotSee(), NotSee()};
}

Verdicts TileByte(Rows& rows, Dice& dice) {
  auto tile = std::next(rows.tiles.begin(), static_cast<std::ptrdiff_t>(dice.Below(rows.tiles.size())));
  char& byte = tile->second[dice.Below(tile->second.size())];
  byte = static_cast<char>(byte ^ (1 << dice.Below(8)));
  return OnlyBundleFinds();
}

Verdicts TileHashesSwapped(Rows& rows, Dice& dice) {
  std::string& tile = rows.tiles.at({0, 0});
  const std::size_t a = dice.Below(tile.size() / 32 - 1), b = dice.From(a + 1, tile.size() / 32 - 1);
  std::swap_ranges(tile.begin() + static_cast<std::ptrdiff_t>(32 * a), tile.begin() + static_cast<std::ptrdiff_t>(32 * a + 32),
                   tile.begin() + static_cast<std::ptrdiff_t>(32 * b));
  return OnlyBundleFinds();
}

Verdicts TileOfOtherTenant(Rows& rows, Dice& dice) {
  Rows other = RandomChain(dice, "globex", rows.size());
  Rebuild(other);
  rows.tiles = other.tiles;
  return OnlyBundleFinds();
}

Verdicts TileShortened(Rows& rows, Dice& dice) {
  std::string& tile = rows.tiles.at({0, 0});
  tile.resize(32 * dice.Below(tile.size() / 32));
  return OnlyBundleFinds();
}

Verdicts TilesRemoved(Rows& rows, Dice&) {
  rows.tiles.clear();
  return OnlyBundleFinds();
}

// The newest checkpoint's note with another text under the same signature.
Verdicts Reword(Rows& rows, const tlog::Checkpoint& said) {
  tlog::Note note = *tlog::ParseNote(rows.checkpoints.front().note);
  note.text = tlog::WriteCheckpoint(said);
  rows.checkpoints.front().note = tlog::WriteNote(note);
  rows.checkpoints.front().size = said.size;
  return OnlyBundleFinds();
}
tlog::Checkpoint Said(const Rows& rows) { return *tlog::ParseCheckpoint(tlog::ParseNote(rows.checkpoints.front().note)->text); }

Verdicts CheckpointRoot(Rows& rows, Dice& dice) {
  tlog::Checkpoint said = Said(rows);
  said.root[dice.Below(said.root.size())] ^= 1;
  return Reword(rows, said);
}

Verdicts CheckpointSize(Rows& rows, Dice& dice) {
  tlog::Checkpoint said = Said(rows);
  said.size = dice.From(1, rows.size() - 1);
  return Reword(rows, said);
}

Verdicts CheckpointOrigin(Rows& rows, Dice&) {
  tlog::Checkpoint said = Said(rows);
  said.origin = "prod/audit/acme/2";
  return Reword(rows, said);
}

Verdicts CheckpointSignature(Rows& rows, Dice& dice) {
  tlog::Note note = *tlog::ParseNote(rows.checkpoints.front().note);
  std::vector<std::uint8_t>& bytes = note.signatures.front().bytes;
  bytes[dice.Below(bytes.size())] ^= static_cast<std::uint8_t>(1 << dice.Below(8));
  rows.checkpoints.front().note = tlog::WriteNote(note);
  return OnlyBundleFinds();
}

Verdicts CheckpointUnsigned(Rows& rows, Dice&) {
  tlog::Note note = *tlog::ParseNote(rows.checkpoints.front().note);
  note.signatures.front().name = "nobody";
  note.signatures.front().key_id ^= 1;
  rows.checkpoints.front().note = tlog::WriteNote(note);
  return OnlyBundleFinds();
}

Verdicts CheckpointByOtherKey(Rows& rows, Dice&) {
  rows.checkpoints.front() = SignFor(rows, rows.size(), ForeignKey());
  return OnlyBundleFinds();
}

Verdicts CheckpointOfOtherTenant(Rows& rows, Dice& dice) {
  rows.checkpoints.front() = SignFor(RandomChain(dice, "globex", rows.size()), rows.size(), LogKey());
  return OnlyBundleFinds();
}

Verdicts CheckpointOfOtherHistory(Rows& rows, Dice& dice) {
  rows.checkpoints.front() = SignFor(RandomChain(dice, rows.tenant, rows.size()), rows.size(), LogKey());
  return OnlyBundleFinds();
}

Verdicts CheckpointRolledBack(Rows& rows, Dice&) {
  rows.checkpoints.erase(rows.checkpoints.begin());
  return OnlyBundleFinds();
}

Verdicts CheckpointsRemoved(Rows& rows, Dice&) {
  rows.checkpoints.clear();
  return OnlyBundleFinds();
}

Verdicts CheckpointColumn(Rows& rows, Dice& dice) {
  rows.checkpoints.front().size = dice.From(1, rows.size() - 1);
  return OnlyBundleFinds();
}

constexpr RowOperator kOperators[] = {
    {"head_hash", HeadHash},
    {"head_blank", HeadBlank},
    {"head_ahead", HeadAhead},
    {"head_back", HeadBack},
    {"head_back_with_its_hash", HeadBackWithItsHash},
    {"head_removed", HeadRemoved},
    {"column_of_time", ColumnOfTime},
    {"column_of_decision", ColumnOfDecision},
    {"column_of_caller", ColumnOfCaller},
    {"column_of_call", ColumnOfCall},
    {"column_of_event_id", ColumnOfEventId},
    {"tile_byte", TileByte},
    {"tile_hashes_swapped", TileHashesSwapped},
    {"tile_of_other_tenant", TileOfOtherTenant},
    {"tile_shortened", TileShortened},
    {"tiles_removed", TilesRemoved},
    {"checkpoint_root", CheckpointRoot},
    {"checkpoint_size", CheckpointSize},
    {"checkpoint_origin", CheckpointOrigin},
    {"checkpoint_signature", CheckpointSignature},
    {"checkpoint_unsigned", CheckpointUnsigned},
    {"checkpoint_by_other_key", CheckpointByOtherKey},
    {"checkpoint_of_other_tenant", CheckpointOfOtherTenant},
    {"checkpoint_of_other_history", CheckpointOfOtherHistory},
    {"checkpoint_rolled_back", CheckpointRolledBack},
    {"checkpoints_removed", CheckpointsRemoved},
    {"checkpoint_column", CheckpointColumn},
};

}  // namespace

std::span<const RowOperator> TreeOperators() { return kOperators; }

}  // namespace intentgate::test
