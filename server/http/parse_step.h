// What a parser says after a piece of input.
#pragma once

#include <cstddef>
#include <string_view>

namespace intentgate::http {

enum class ParseEvent {
  kNeedMore,  // all input was consumed
  kHead,      // the head is complete
  kBody,      // a piece of the body, a view into the input
  kDone,      // the message is complete; what follows belongs to the next
  kError,
};

struct ParseStep {
  ParseEvent event = ParseEvent::kNeedMore;
  std::size_t consumed = 0;
  std::string_view body;
};

// Texts are literals. Status 0 means no error; 400, 413, 417 or 431 is what a server answers.
struct ParseError {
  int status = 0;
  std::string_view message;

  explicit operator bool() const { return status != 0; }
};

}  // namespace intentgate::http
