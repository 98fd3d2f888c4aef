// A token that someone else has verified.
#pragma once

#include <intentgate/token.h>

namespace intentgate::token {

// REQUIRES: a ForeignTokens vouches for `content`. What its times say is checked as for any token.
VerifiedToken AdoptForeign(TokenContent content);

}  // namespace intentgate::token
