// The token of a request.
#pragma once

#include <string_view>

#include "http/message.h"
#include "http/syntax.h"

namespace intentgate::http {

// What follows "Bearer " (in any case) in the Authorization field, without blanks around it; empty when
// there is none. The codec refuses a second Authorization field.
inline std::string_view BearerToken(const HeaderList& headers) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = headers.Get("Authorization").value_or(std::string_view());
  if (value.size() <= kScheme.size() || !EqualsIgnoreCase(value.substr(0, kScheme.size()), kScheme)) return {};
  return TrimBlanks(value.substr(kScheme.size()));
}

// Whether the token comes with a proof of its key: "DPoP " (RFC 9449) in place of "Bearer ".
inline bool HasProofScheme(const HeaderList& headers) {
  constexpr std::string_view kScheme = "DPoP ";
  const std::string_view value = headers.Get("Authorization").value_or(std::string_view());
  return value.size() > kScheme.size() && EqualsIgnoreCase(value.substr(0, kScheme.size()), kScheme);
}

// The token under either scheme. Whether a proof holds is Exchange::proven_key's to say.
inline std::string_view AccessToken(const HeaderList& headers) {
  if (!HasProofScheme(headers)) return BearerToken(headers);
  const std::string_view value = headers.Get("Authorization").value_or(std::string_view());
  return TrimBlanks(value.substr(value.find(' ')));
}

// Whether the field has one of these schemes and more behind it than a token (RFC 6750, section 3.1). The scheme alone is no
// token, and not malformed: a client whose token is not set yet shall hear where to get one.
inline bool IsMalformedAuthorization(const HeaderList& headers) {
  const std::string_view token = AccessToken(headers);
  // One by one: find_first_of takes ten times as long for a token.
  for (const char separator : {' ', '\t', ','}) {
    if (token.find(separator) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace intentgate::http
