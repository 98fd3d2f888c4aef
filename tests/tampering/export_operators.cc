// Tampering with an export on its way to whoever verifies it. The trailer's counts and digest are made to fit unless
// an operator says otherwise.

#include <doctest/doctest.h>

#include <vector>

#include <intentgate/audit.h>

#include "audit/export_format.h"
#include "support/export_digest.h"
#include "tampering/operators.h"

namespace intentgate::test {
namespace {

// The lines of an export of one chain, each with its end.
struct Lines {
  std::vector<std::string> all;

  explicit Lines(const std::string& text) {
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t end = text.find('\n', from) + 1;
      all.push_back(text.substr(from, end - from));
      from = end;
    }
  }
  std::size_t events() const { return all.size() - 2; }
  std::string& event(std::size_t seq) { return all[seq + 1]; }
  std::string& trailer() { return all.back(); }
  void Erase(std::size_t from, std::size_t to) {   // events
    all.erase(all.begin() + 1 + static_cast<std::ptrdiff_t>(from), all.begin() + 1 + static_cast<std::ptrdiff_t>(to));
  }
  std::string Join() const {
    std::string text;
    for (const std::string& line : all) text += line;
    return text;
  }
  // With a trailer that fits what is there. `move_head`: to the last event of the file.
  std::string Seal(bool move_head = false) {
    audit::ExportTrailer said = *audit::ReadExportTrailer(std::string_view(trailer()).substr(0, trailer().size() - 1));
    said.chains.front().events = static_cast<std::int64_t>(events());
    if (move_head) {
      const std::string& last = event(events() - 1);
      const audit::EventLine line = *audit::ReadEventLine(std::string_view(last).substr(0, last.size() - 1));
      said.chains.front().head = {line.seq + 1, std::string(line.hash)};
    }
    std::string before;
    for (std::size_t i = 0; i + 1 < all.size(); ++i) before += all[i];
    trailer() = audit::WriteExportTrailer(said.chains, static_cast<std::int64_t>(events()),
                                          ExportDigestOf(before));
    return Join();
  }
};

Must FlipBit(std::string& text, Dice& dice) {
  char& byte = text[dice.Below(text.size())];
  byte = static_cast<char>(byte ^ (1 << dice.Below(8)));
  return Find();
}

Must EditEvent(std::string& text, Dice& dice) {
  Lines lines(text);
  const std::size_t at = dice.Below(lines.events());
  std::string& line = lines.event(at);
  line.replace(line.find("\"ig1\""), 5, "\"ig0\"");
  text = lines.Seal();
  return Name(at);
}

Must EditHash(std::string& text, Dice& dice) {
  Lines lines(text);
  const std::size_t at = dice.Below(lines.events());
  std::string& line = lines.event(at);
  char& digit = line[line.find("\"hash\":\"", line.find("\"prev_hash\":\"") + 13) + 8 + dice.Below(64)];
  digit = digit == '0' ? '1' : '0';
  text = lines.Seal();
  return Name(at);
}

Must DeleteLine(std::string& text, Dice& dice) {
  Lines lines(text);
  const std::size_t at = dice.Below(lines.events() - 1);
  lines.Erase(at, at + 1);
  text = lines.Seal();
  return Name(at);
}

Must DeleteFirstLines(std::string& text, Dice& dice) {
  Lines lines(text);
  lines.Erase(0, dice.From(1, lines.events() - 1));
  text = lines.Seal();
  return Name(0);
}

Must DeleteLastLines(std::string& text, Dice& dice) {
  Lines lines(text);
  const std::size_t from = dice.From(1, lines.events() - 1);
  lines.Erase(from, lines.events());
  text = lines.Seal();
  return Name(from);
}

// Only the head that the auditor noted shows it.
Must DeleteLastLinesAndMoveHead(std::string& text, Dice& dice) {
  Lines lines(text);
  lines.Erase(dice.From(1, lines.events() - 1), lines.events());
  text = lines.Seal(true);
  return Find();
}

Must SwapLines(std::string& text, Dice& dice) {
  Lines lines(text);
  const std::size_t at = dice.Below(lines.events() - 1);
  std::swap(lines.event(at), lines.event(at + 1));
  text = lines.Seal();
  return Name(at);
}

Must DoubleLine(std::string& text, Dice& dice) {
  Lines lines(text);
  const std::size_t at = dice.Below(lines.events());
  lines.all.insert(lines.all.begin() + 1 + static_cast<std::ptrdiff_t>(at), lines.event(at));
  text = lines.Seal();
  return Name(at);
}

Must SpliceLine(std::string& text, Dice& dice) {
  Lines lines(text);
  const std::size_t at = dice.From(1, lines.events() - 1);
  lines.event(at).clear();
  audit::AppendEventLine(RandomChain(dice, "acme", lines.events()).events[at].record, lines.event(at));
  text = lines.Seal();
  return Name(at);
}

Must LineOfOtherTenant(std::string& text, Dice& dice) {
  Lines lines(text);
  const std::size_t at = dice.Below(lines.events());
  lines.event(at).clear();
  audit::AppendEventLine(RandomChain(dice, "globex", at + 1).events[at].record, lines.event(at));
  text = lines.Seal();
  return Name(at);
}

Must CutAnywhere(std::string& text, Dice& dice) {
  text.resize(dice.Below(text.size()));
  return Find();
}

Must CutTrailer(std::string& text, Dice&) {
  Lines lines(text);
  lines.all.pop_back();
  text = lines.Join();
  return Find();
}

Must CutHeader(std::string& text, Dice&) {
  Lines lines(text);
  lines.all.erase(lines.all.begin());
  text = lines.Join();
  return Find();
}

Must ClaimToBeFiltered(std::string& text, Dice& dice) {
  DeleteLine(text, dice);
  Lines lines(text);
  std::string& header = lines.all.front();
  header.replace(header.find("\"filtered\":false"), 16, "\"filtered\":true");
  text = lines.Seal();
  return Find();
}

Must EditHeader(std::string& text, Dice&) {
  text.replace(text.find("\"created\":\"20"), 13, "\"created\":\"19");
  return Find();
}

Must EditCount(std::string& text, Dice&) {
  const std::size_t at = text.rfind("\"events\":", text.rfind("\"chains\"")) + 9;
  text[at] = text[at] == '9' ? '8' : static_cast<char>(text[at] + 1);
  return Find();
}

Must EditDigest(std::string& text, Dice& dice) {
  char& digit = text[text.rfind("\"sha256\":\"") + 10 + dice.Below(64)];
  digit = digit == '0' ? '1' : '0';
  return Find();
}

Must CarriageReturns(std::string& text, Dice&) {
  Lines lines(text);
  for (std::string& line : lines.all) line.insert(line.size() - 1, "\r");
  text = lines.Join();
  return Find();
}

Must BlankLine(std::string& text, Dice& dice) {
  Lines lines(text);
  lines.event(dice.Below(lines.events())) += "\n";
  text = lines.Join();
  return Find();
}

Must TextBehindTrailer(std::string& text, Dice& dice) {
  text += dice.OneIn(2) ? text : std::string("\n");
  return Find();
}

Must ProofInLine(std::string& text, Dice& dice) {
  Lines lines(text);
  std::string& line = lines.event(dice.Below(lines.events()));
  line.insert(line.find(",\"event\":"), ",\"proof\":\"\"");
  text = lines.Seal();
  return Find();
}

constexpr ExportOperator kOperators[] = {
    {"export_flip_bit", FlipBit},
    {"export_edit_event", EditEvent},
    {"export_edit_hash", EditHash},
    {"export_delete_line", DeleteLine},
    {"export_delete_first_lines", DeleteFirstLines},
    {"export_delete_last_lines", DeleteLastLines},
    {"export_delete_last_lines_and_move_head", DeleteLastLinesAndMoveHead},
    {"export_swap_lines", SwapLines},
    {"export_double_line", DoubleLine},
    {"export_splice_line", SpliceLine},
    {"export_line_of_other_tenant", LineOfOtherTenant},
    {"export_cut_anywhere", CutAnywhere},
    {"export_cut_trailer", CutTrailer},
    {"export_cut_header", CutHeader},
    {"export_claim_to_be_filtered", ClaimToBeFiltered},
    {"export_edit_header", EditHeader},
    {"export_edit_count", EditCount},
    {"export_edit_digest", EditDigest},
    {"export_carriage_returns", CarriageReturns},
    {"export_blank_line", BlankLine},
    {"export_text_behind_trailer", TextBehindTrailer},
    {"export_proof_in_line", ProofInLine},
};

}  // namespace

std::span<const ExportOperator> ExportOperators() { return kOperators; }

}  // namespace intentgate::test
