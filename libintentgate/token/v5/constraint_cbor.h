#pragma once

#include <intentgate/caveat.h>

#include "token/v5/cbor.h"

namespace intentgate::token {

// kInvalidArgument: a value nested too deeply, or a range bound that is no JSON number.
Status WriteConstraint(const Constraint& constraint, CborWriter& out, std::size_t depth);

enum class ConstraintRead : std::uint8_t { kDone, kUnknownKind, kFailed };
// kUnknownKind: well-formed, but holds a kind this build does not know; `out` is then incomplete. The
// item has been passed over in that case too.
ConstraintRead ReadConstraint(CborReader& in, Constraint& out, std::size_t depth);

}  // namespace intentgate::token
