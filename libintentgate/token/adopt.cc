#include "token/adopt.h"

#include <memory>
#include <utility>

#include "token/compiled.h"

namespace intentgate::token {

VerifiedToken AdoptForeign(TokenContent content) {
  auto parts = std::make_shared<VerifiedTokenMaker::Parts>();
  parts->compiled.root_expires = content.expires_at;
  parts->content = std::move(content);
  return VerifiedTokenMaker::Make(std::move(parts));
}

}  // namespace intentgate::token
