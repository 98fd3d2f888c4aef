// The strict HTTP/1.1 codec, writing side. Pure functions that append to a string.
//
// Framing belongs to the writer alone: Host, Content-Length, Transfer-Encoding, Connection and the
// other hop-by-hop fields of a caller's list are left out, so that no caller can write a message with
// two meanings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "http/message.h"

namespace intentgate::http {

// How the body of an answer ends.
enum class BodyFraming { kNone, kLength, kChunked, kUntilEnd };

struct ResponseFraming {
  BodyFraming kind = BodyFraming::kLength;
  std::uint64_t length = 0;  // for kLength
  bool close = false;        // the connection ends after this message
  std::string_view date;     // an HTTP date; empty leaves the field out
};

// Fails, and appends nothing, when a name or value would break the message (a line end in a value).
[[nodiscard]] Status AppendResponseHead(int status, const HeaderList& headers, const ResponseFraming& framing,
                                        std::string& out);

// `host` is the authority for the Host field; `body_size` unset means no body and no length.
[[nodiscard]] Status AppendRequestHead(std::string_view method, std::string_view target, std::string_view host,
                                       const HeaderList& headers, std::optional<std::uint64_t> body_size,
                                       std::string& out);

// One chunk; nothing for empty data, which would end the body.
void AppendChunk(std::string_view data, std::string& out);
// The last chunk.
void AppendLastChunk(std::string& out);

// {"error":"..."}; what JSON does not carry in a string becomes "?".
std::string ErrorBody(std::string_view message);

// "Mon, 23 Nov 2026 06:00:00 GMT"
std::string FormatHttpDate(std::int64_t unix_seconds);

}  // namespace intentgate::http
