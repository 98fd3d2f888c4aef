// OpenSSL keeps its errors in a queue of the thread, where another user of the library would find them.
#pragma once

#include <openssl/err.h>

namespace intentgate::crypto {

struct ErrorQueueGuard {
  ErrorQueueGuard() = default;
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
  ~ErrorQueueGuard() { ERR_clear_error(); }
};

}  // namespace intentgate::crypto
