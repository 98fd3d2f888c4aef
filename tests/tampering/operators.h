// Ways to tamper with a log, each a small function with a name, and what each verifier must say afterwards. Whoever
// tampers does it well: what can be recomputed without the log's key is recomputed, unless the operator says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "tampering/rows.h"

namespace intentgate::test {

// What one verifier must say of tampered evidence.
struct Must {
  enum Kind : std::uint8_t {
    kNotSee,   // it is not in what this verifier is shown
    kFind,     // that something is wrong; no single event is
    kName,     // which event is the first bad one
  } kind = kNotSee;
  std::int64_t seq = 0;
};
inline Must NotSee() { return {}; }
inline Must Find() { return {Must::kFind, 0}; }
inline Must Name(std::size_t seq) { return {Must::kName, static_cast<std::int64_t>(seq)}; }

struct Verdicts {
  Must store, exported, bundle;
};
inline Verdicts AllName(std::size_t seq) { return {Name(seq), Name(seq), Name(seq)}; }
// Only the checkpoint and the head that the auditor has kept show it.
inline Verdicts OnlyKeptFinds() { return {NotSee(), Find(), Find()}; }
inline Verdicts OnlyBundleFinds() { return {NotSee(), NotSee(), Find()}; }

// Changes the rows of a database. The export and the bundle are written from them afterwards.
struct RowOperator {
  const char* name;
  Verdicts (*apply)(Rows& rows, Dice& dice);
};
std::span<const RowOperator> ByteOperators();    // what an event says
std::span<const RowOperator> OrderOperators();   // which events there are, and where
std::span<const RowOperator> TreeOperators();    // heads, columns, tiles, checkpoints

// Changes an export's text.
struct ExportOperator {
  const char* name;
  Must (*apply)(std::string& text, Dice& dice);
};
std::span<const ExportOperator> ExportOperators();

// Changes a bundle's bytes. `filtered`: it is given one with a proof for each event.
struct BundleOperator {
  const char* name;
  bool filtered;
  Must (*apply)(std::string& bytes, Dice& dice);
};
std::span<const BundleOperator> BundleOperators();

}  // namespace intentgate::test
