#include "token/compiled.h"

#include <algorithm>

namespace intentgate {

void internal::CompiledCaveats::Prepare(const std::vector<Caveat>& caveats) {
  const auto is_argument = [](const Caveat& caveat) { return caveat.kind == CaveatKind::kArgument; };
  if (std::any_of(caveats.begin(), caveats.end(), is_argument)) slots = std::make_unique<Slot[]>(caveats.size());
}

const internal::CompiledCaveats::Slot& internal::CompiledCaveats::Get(std::size_t index,
                                                                      const Constraint& constraint) const {
  Slot& slot = slots[index];
  std::call_once(slot.once, [&] {
    Result<std::shared_ptr<const token::CompiledConstraint>> compiled = token::CompileConstraint(constraint);
    if (compiled.ok()) {
      slot.compiled = std::move(*compiled);
    } else {
      slot.error = compiled.error().message;
    }
  });
  return slot;
}

VerifiedToken VerifiedTokenMaker::Make(TokenContent content, std::optional<std::int64_t> root_expires) {
  // One allocation for both halves.
  struct Both {
    TokenContent content;
    internal::CompiledCaveats compiled;
  };
  const auto both = std::make_shared<Both>();
  both->content = std::move(content);
  both->compiled.root_expires = root_expires;
  both->compiled.Prepare(both->content.caveats);
  return VerifiedToken(std::shared_ptr<const TokenContent>(both, &both->content),
                       std::shared_ptr<const internal::CompiledCaveats>(both, &both->compiled));
}

}  // namespace intentgate
