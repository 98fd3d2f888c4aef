// Caveats and constraints in v5 segments. docs/formats/token.md, section 3.4, is the grammar.
#pragma once

#include <intentgate/caveat.h>

#include "token/v5/cbor.h"

namespace intentgate::token {

// Nesting of CBOR inside a caveat; what is deeper is refused by both sides.
inline constexpr std::size_t kMaxCaveatNesting = 32;

// kInvalidArgument: a kind or a JSON value that v5 has no form for.
Status WriteCaveat(const Caveat& caveat, CborWriter& out);

// A caveat or constraint type of a later version is kept as kUnknown, named "type-17", when its CBOR is
// well-formed; false with reader.error() otherwise.
bool ReadCaveat(CborReader& in, Caveat& out);

}  // namespace intentgate::token
