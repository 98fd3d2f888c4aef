// Caveats in the plain spelling: "t" first, the others in their signed order, nothing that the public format lacks.
#pragma once

#include <intentgate/caveat.h>

#include "token/plain_json.h"

namespace intentgate::token {

// Reads the next caveat as ReadPublicCaveat would; false for another spelling. A null `keep` only looks.
bool ReadPlainCaveat(PlainJson& in, int version, Caveat* keep);

}  // namespace intentgate::token
