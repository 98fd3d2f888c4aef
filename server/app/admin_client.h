// The command line's way to the admin API of a running gateway.
#pragma once

#include "cli/cli.h"

namespace intentgate::app {

// Errors: kInvalidArgument (the URL or the CA file), kUnavailable and kTimeout (no answer). Messages hold no token.
Result<cli::AdminReply> AskAdmin(const cli::AdminRequest& request);

}  // namespace intentgate::app
