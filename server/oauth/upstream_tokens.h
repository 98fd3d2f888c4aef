// Where the access tokens come from that go to an upstream: of the gateway's own (client_tokens.h), or of each caller's
// (exchanged_tokens.h).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "oauth/on_behalf.h"

namespace intentgate::oauth {

// Thread-safe.
class UpstreamTokens {
 public:
  virtual ~UpstreamTokens() = default;

  using Ready = std::function<void(Result<std::string>)>;
  // Calls `ready` once: inside the call, or later on another thread. The error has a sentence for operators; it is kPermissionDenied when
  // it says nothing of the upstream's health, and kUnavailable or kTimeout else.
  virtual void Get(const OnBehalfPtr& caller, Ready ready) = 0;
  // The upstream did not take it.
  virtual void Drop(const OnBehalfPtr& caller, std::string_view token) = 0;
};

}  // namespace intentgate::oauth
