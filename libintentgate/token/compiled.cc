#include "token/compiled.h"

namespace intentgate {

const internal::CompiledCaveats::Slot& internal::CompiledCaveats::Get(const std::vector<Caveat>& caveats,
                                                                      std::size_t index) const {
  std::call_once(first_use_, [&] { slots_ = std::make_unique<Slot[]>(caveats.size()); });
  Slot& slot = slots_[index];
  std::call_once(slot.once, [&] {
    Result<std::shared_ptr<const token::CompiledConstraint>> compiled =
        token::CompileConstraint(caveats[index].constraint.front());
    if (compiled.ok()) {
      slot.compiled = std::move(*compiled);
    } else {
      slot.error = compiled.error().message;
    }
  });
  return slot;
}

VerifiedToken VerifiedTokenMaker::Make(std::shared_ptr<Parts> parts) {
  std::shared_ptr<const internal::CompiledCaveats> compiled(parts, &parts->compiled);
  const TokenContent* content = &parts->content;
  return VerifiedToken(std::shared_ptr<const TokenContent>(std::move(parts), content), std::move(compiled));
}

}  // namespace intentgate
