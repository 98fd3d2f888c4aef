// Tampering with what an event says. Operators behind "respelled" in the table have the log's own key: they show that a
// rule stands by itself and does not only follow from the hashes.

#include <doctest/doctest.h>

#include "contract/chains.h"
#include "tampering/operators.h"

namespace intentgate::test {
namespace {

// Any event; or one that has another behind it.
std::size_t Any(const Rows& rows, Dice& dice) { return dice.Below(rows.size()); }
std::size_t NotLast(const Rows& rows, Dice& dice) { return dice.Below(rows.size() - 1); }
std::size_t NotFirst(const Rows& rows, Dice& dice) { return dice.From(1, rows.size() - 1); }

void Replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

std::string& Edit(Rows& rows, std::size_t at) {
  std::string& text = rows.events[at].record.canonical;
  Replace(text, "\"schema_version\":\"ig1\"", "\"schema_version\":\"ig0\"");
  return text;
}

Verdicts EditBytes(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  Edit(rows, at);
  return AllName(at);
}

Verdicts EditAnyByte(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  std::string& text = rows.events[at].record.canonical;
  char& byte = text[dice.Below(text.size())];
  byte = static_cast<char>(byte ^ (1 << dice.Below(8)));
  return AllName(at);
}

Verdicts EditBytesAndColumns(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  std::string& text = rows.events[at].record.canonical;
  const std::string member = ",\"tool\":\"";
  const std::size_t from = text.find(member) + member.size();
  text.replace(from, text.find('"', from) - from, "audit/verified");
  Project(rows.events[at]);
  return AllName(at);
}

Verdicts EditAndRehash(Rows& rows, Dice& dice) {
  const std::size_t at = NotLast(rows, dice);
  Edit(rows, at);
  Rehash(rows.events[at]);
  return AllName(at + 1);   // it is not linked to what is there now
}

Verdicts EditLastAndRehash(Rows& rows, Dice&) {
  const std::size_t last = rows.size() - 1;
  Edit(rows, last);
  Rehash(rows.events[last]);
  return {Name(last), Name(last), Find()};
}

Verdicts RewriteFrom(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  Edit(rows, at);
  Rechain(rows, at);
  return OnlyKeptFinds();
}

Verdicts RewriteWithTiles(Rows& rows, Dice& dice) {
  RewriteFrom(rows, dice);
  Rebuild(rows);
  return OnlyKeptFinds();
}

Verdicts RewriteAndSignWithOwnKey(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  Edit(rows, at);
  RewriteAndSign(rows, at, ForeignKey());
  return OnlyKeptFinds();
}

Verdicts RewriteAndSignWithStolenKey(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  Edit(rows, at);
  RewriteAndSign(rows, at, LogKey());
  return OnlyKeptFinds();
}

Verdicts BlankBytes(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  rows.events[at].record.canonical.clear();
  return AllName(at);
}

Verdicts BlankHash(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  rows.events[at].record.hash.clear();
  return AllName(at);
}

Verdicts BlankPrevHash(Rows& rows, Dice& dice) {
  const std::size_t at = NotFirst(rows, dice);
  rows.events[at].record.prev_hash.clear();
  return AllName(at);
}

Verdicts BlankBothHashes(Rows& rows, Dice& dice) {
  const std::size_t at = NotFirst(rows, dice);
  rows.events[at].record.prev_hash.clear();
  rows.events[at].record.hash.clear();
  return AllName(at);
}

Verdicts BlankAllHashes(Rows& rows, Dice&) {
  for (audit::StoredEvent& event : rows.events) event.record.prev_hash = event.record.hash = "";
  return AllName(0);
}

Verdicts UpperCaseHash(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  for (char& c : rows.events[at].record.hash) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
  return AllName(at);
}

Verdicts HashesChangePlaces(Rows& rows, Dice& dice) {
  const std::size_t at = NotFirst(rows, dice);
  std::swap(rows.events[at].record.hash, rows.events[at].record.prev_hash);
  return AllName(at);
}

// `from` becomes `to` in the bytes of an event, and everything behind it is written anew and signed.
Verdicts Respell(Rows& rows, Dice& dice, const std::string& from, const std::string& to) {
  const std::size_t at = Any(rows, dice);
  Replace(rows.events[at].record.canonical, from, to);
  RewriteAndSign(rows, at, LogKey());
  return AllName(at);
}

Verdicts RespelledWithBlank(Rows& rows, Dice& dice) { return Respell(rows, dice, "\"seq\":", "\"seq\": "); }
Verdicts RespelledOrder(Rows& rows, Dice& dice) {
  return Respell(rows, dice, "\"schema_version\":\"ig1\"", "\"tenant\":\"acme\",\"schema_version\":\"ig1\"");
}
Verdicts RespelledTwice(Rows& rows, Dice& dice) {
  return Respell(rows, dice, "\"schema_version\":\"ig1\"", "\"schema_version\":\"ig0\",\"schema_version\":\"ig1\"");
}
Verdicts RespelledEscape(Rows& rows, Dice& dice) { return Respell(rows, dice, "\"ig1\"", "\"ig\\u0031\""); }
Verdicts RespelledNumber(Rows& rows, Dice& dice) { return Respell(rows, dice, "\"seq\":", "\"seq\":0"); }
Verdicts RespelledTail(Rows& rows, Dice& dice) {
  const std::size_t at = Any(rows, dice);
  rows.events[at].record.canonical += " ";
  RewriteAndSign(rows, at, LogKey());
  return AllName(at);
}
Verdicts RespelledText(Rows& rows, Dice& dice) { return Respell(rows, dice, "\"ig1\"", "\"ig\xff\""); }

constexpr RowOperator kOperators[] = {
    {"edit_bytes", EditBytes},
    {"edit_any_byte", EditAnyByte},
    {"edit_bytes_and_columns", EditBytesAndColumns},
    {"edit_and_rehash", EditAndRehash},
    {"edit_last_and_rehash", EditLastAndRehash},
    {"rewrite_from", RewriteFrom},
    {"rewrite_with_tiles", RewriteWithTiles},
    {"rewrite_and_sign_with_own_key", RewriteAndSignWithOwnKey},
    {"rewrite_and_sign_with_stolen_key", RewriteAndSignWithStolenKey},
    {"blank_bytes", BlankBytes},
    {"blank_hash", BlankHash},
    {"blank_prev_hash", BlankPrevHash},
    {"blank_both_hashes", BlankBothHashes},
    {"blank_all_hashes", BlankAllHashes},
    {"upper_case_hash", UpperCaseHash},
    {"hashes_change_places", HashesChangePlaces},
    {"respelled_with_blank", RespelledWithBlank},
    {"respelled_order", RespelledOrder},
    {"respelled_twice", RespelledTwice},
    {"respelled_escape", RespelledEscape},
    {"respelled_number", RespelledNumber},
    {"respelled_tail", RespelledTail},
    {"respelled_text", RespelledText},
};

}  // namespace

std::span<const RowOperator> ByteOperators() { return kOperators; }

}  // namespace intentgate::test
