// A log's checkpoint (C2SP tlog-checkpoint): origin, size and root of the tree, as the text of a signed note.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "tlog/merkle.h"

namespace intentgate::tlog {

struct Checkpoint {
  std::string origin;          // "<deployment>/audit/<tenant>/<epoch>"
  std::uint64_t size = 0;
  Hash root{};
};

// The note's text, with the newline at its end.
std::string WriteCheckpoint(const Checkpoint& checkpoint);
// Extension lines are refused: nobody audits them. kMalformed.
Result<Checkpoint> ParseCheckpoint(std::string_view note_text);

}  // namespace intentgate::tlog
