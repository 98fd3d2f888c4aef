// Downloads of any length. A worker reads the store and waits whenever the client is slower, so that memory stays at a
// few pieces.
#pragma once

#include <memory>

#include "admin/resources.h"
#include "http/exchange.h"
#include "telemetry/log.h"

namespace intentgate::admin {

using Planner = Result<StreamPlan> (*)(const Resources& on, const Request& request);

// On a worker; `exchange` is answered through its loop. A download that fails before its first piece is answered with
// the error; one that fails in the middle breaks the connection, so that nobody takes a part for the whole.
void StreamAnswer(Planner planner, const Resources& on, const Request& request, std::shared_ptr<http::Exchange> exchange,
                  net::Loop& loop, const telemetry::Logger& log);

}  // namespace intentgate::admin
