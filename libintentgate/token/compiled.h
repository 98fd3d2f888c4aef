// What Verify prepares so that CheckCaveats need not: the root's expiry and the compiled argument
// constraints. A constraint is compiled when a call first meets it, because most calls of a token with
// rules for many tools meet few of them, and a regex costs more than the whole verification.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <intentgate/token.h>

#include "token/constraints/constraint_eval.h"

namespace intentgate {
namespace internal {

// Thread-safe.
struct CompiledCaveats {
  struct Slot {
    std::once_flag once;
    std::shared_ptr<const token::CompiledConstraint> compiled;
    std::string error;
  };
  std::optional<std::int64_t> root_expires;  // v5
  // One for each caveat, when any of them is on an argument.
  std::unique_ptr<Slot[]> slots;

  void Prepare(const std::vector<Caveat>& caveats);
  // The compiled constraint of an argument caveat, or an error that the caveat can never hold.
  const Slot& Get(std::size_t index, const Constraint& constraint) const;
};

}  // namespace internal

// The one place that turns read bytes into a VerifiedToken.
struct VerifiedTokenMaker {
  // Both halves in one allocation. Readers fill the content in place, before it is authentic.
  struct Parts {
    TokenContent content;
    internal::CompiledCaveats compiled;
  };
  // Call it behind the MAC check only.
  static VerifiedToken Make(std::shared_ptr<Parts> parts);
};

}  // namespace intentgate
