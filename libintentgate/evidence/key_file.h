// The file of a signing key: one line, the secret form of tlog::SigningKey. Only its owner may use it.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "tlog/note.h"

namespace intentgate::evidence {

// kIo, kPermissionDenied when others than its owner may use the file, kMalformed.
Result<tlog::SigningKey> ReadKeyFile(const std::string& path);
// A new key in a new file of mode 0600; an existing file is left as it is (kIo).
Result<tlog::SigningKey> MakeKeyFile(const std::string& path, std::string_view name, Random& random,
                                     tlog::KeyType type = tlog::KeyType::kEd25519);

}  // namespace intentgate::evidence
