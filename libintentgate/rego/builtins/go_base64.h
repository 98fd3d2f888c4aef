// Base64 as Go's encoding/base64 reads it: with padding, line ends skipped, errors with the byte they are at. Pure.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::rego::builtins {

// `url`: the alphabet of RFC 4648 section 5.
Result<std::string> DecodeBase64(std::string_view text, bool url);
// The url alphabet; missing padding is added first.
Result<std::string> DecodeBase64Url(std::string_view text);

}  // namespace intentgate::rego::builtins
