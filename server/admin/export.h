// GET /v1/admin/audit/export: the chain as a download of any length. A worker reads the store and waits
// whenever the client is slower, so that memory stays at a few pieces.
#pragma once

#include <memory>

#include "admin/resources.h"
#include "http/exchange.h"
#include "telemetry/log.h"

namespace intentgate::admin {

// On a worker; `exchange` is answered through its loop. An export that fails in the middle breaks the
// connection, so that nobody takes a part for the whole.
void StreamExport(const Resources& on, const Request& request, std::shared_ptr<http::Exchange> exchange,
                  net::Loop& loop, const telemetry::Logger& log);

}  // namespace intentgate::admin
