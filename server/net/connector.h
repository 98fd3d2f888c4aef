// Opens connections to other machines.
#pragma once

#include <functional>
#include <memory>

#include <intentgate/result.h>

#include "net/address.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"

namespace intentgate::net {

// An attempt in progress. Loop-bound.
class Connecting {
 public:
  virtual ~Connecting() = default;
  // The callback will not be called. Idempotent; harmless after the attempt ended.
  virtual void Cancel() = 0;
};

using ConnectHandler = std::function<void(Result<std::shared_ptr<Stream>>)>;

// Resolves the name without blocking the loop, tries each address in turn, and with `tls` verifies the
// peer as `to.host`. `timeout` covers all of it. Loop-bound: call it on `loop`; `done` is called once,
// there, later, with a stream that has not been started.
std::shared_ptr<Connecting> Connect(Loop& loop, const HostPort& to, std::shared_ptr<const TlsContext> tls,
                                    Millis timeout, ConnectHandler done);

}  // namespace intentgate::net
