// Private keys from PEM, for signing.
#pragma once

#include <string_view>

#include <intentgate/result.h>

#include "crypto/jws.h"

namespace intentgate::crypto {

// PKCS#8, or the older forms for RSA and EC; without a password. kMalformed says what is wrong, never what was read.
Result<JwsKey> KeyOfPrivatePem(std::string_view pem);

}  // namespace intentgate::crypto
