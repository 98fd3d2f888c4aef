// What the builtins for tokens share: keys as a policy writes them, the work that a signature is.
#pragma once

#include <string_view>
#include <vector>

#include "crypto/jws.h"
#include "rego/builtins/registry.h"

namespace intentgate::rego::builtins {

// A PEM certificate or public key, a JWK or a JWK set, as text.
Result<std::vector<crypto::JwsKey>> ReadKeys(BuiltinContext& context, std::string_view text);

// Checking a signature is about quadratic in the key's size, making one cubic.
void ChargeVerify(BuiltinContext& context, const crypto::JwsKey& key, std::size_t bytes);
void ChargeSign(BuiltinContext& context, const crypto::JwsKey& key, std::size_t bytes);

}  // namespace intentgate::rego::builtins
