// What a parser makes of bytes, as one comparable text, however they are cut into pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/parser.h"

namespace intentgate::test {

inline void Describe(const http::HeaderList& headers, std::string& out) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    out.append("|").append(headers.name(i)).append("=").append(headers.value(i));
  }
}

inline void Describe(const http::RequestHead& head, std::string& out) {
  out.append("H ").append(head.method).append(" ").append(head.target).append(head.keep_alive ? " keep" : " close");
  Describe(head.headers, out);
}

inline void Describe(const http::ResponseHead& head, std::string& out) {
  out.append("H ").append(std::to_string(head.status)).append(head.keep_alive ? " keep" : " close");
  Describe(head.headers, out);
}

// Every message in `bytes` until an error or the end, fed in pieces whose sizes `cut` gives (0 means all
// that is left). Heads, bodies, ends and the error's status are in the text; pieces of a body are not.
template <typename Parser, typename Cut>
std::string Outcome(Parser& parser, std::string_view bytes, Cut cut) {
  std::string out;
  bool in_body = false;
  while (!bytes.empty()) {
    const std::size_t size = cut(bytes.size());
    std::string_view piece = size == 0 ? bytes : bytes.substr(0, size);
    bytes.remove_prefix(piece.size());
    for (bool more = true; more;) {
      const http::ParseStep step = parser.Feed(piece);
      piece.remove_prefix(step.consumed);
      switch (step.event) {
        case http::ParseEvent::kNeedMore: more = false; break;
        case http::ParseEvent::kHead:
          Describe(parser.head(), out);
          out.append("\nB ");
          in_body = true;
          break;
        case http::ParseEvent::kBody: out.append(step.body); break;
        case http::ParseEvent::kDone:
          out.append("\nD\n");
          in_body = false;
          parser.Reset();
          more = !piece.empty();
          break;
        case http::ParseEvent::kError:
          return out + (in_body ? "\nE " : "E ") + std::to_string(parser.error().status) + " " +
                 std::string(parser.error().message);
      }
    }
  }
  return out;
}

template <typename Parser>
std::string WholeOutcome(std::string_view bytes, const http::Limits& limits) {
  Parser parser(limits);
  return Outcome(parser, bytes, [](std::size_t) { return std::size_t{0}; });
}

template <typename Parser>
std::string BytewiseOutcome(std::string_view bytes, const http::Limits& limits) {
  Parser parser(limits);
  return Outcome(parser, bytes, [](std::size_t) { return std::size_t{1}; });
}

}  // namespace intentgate::test
