// The bearer token of a request.
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

}  // namespace intentgate::http
