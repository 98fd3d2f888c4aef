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

VerifiedToken VerifiedTokenMaker::Make(std::shared_ptr<Parts> parts) {
  parts->compiled.Prepare(parts->content.caveats);
  std::shared_ptr<const internal::CompiledCaveats> compiled(parts, &parts->compiled);
  const TokenContent* content = &parts->content;
  return VerifiedToken(std::shared_ptr<const TokenContent>(std::move(parts), content), std::move(compiled));
}

}  // namespace intentgate
