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

  // The compiled constraint of the argument caveat at `index`, or an error: the caveat can never hold.
  // REQUIRES: always the same `caveats`.
  const Slot& Get(const std::vector<Caveat>& caveats, std::size_t index) const;

 private:
  mutable std::once_flag first_use_;
  mutable std::unique_ptr<Slot[]> slots_;  // one for each caveat
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
