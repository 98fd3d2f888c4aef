// The response parser must come to the same outcome however an upstream's bytes are cut. The first byte
// chooses the cuts and whether the answer is one to HEAD.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/parser.h"
#include "support/parser_outcome.h"

namespace {

using intentgate::http::Limits;
using intentgate::http::ParseEvent;
using intentgate::http::ResponseParser;

Limits SmallLimits() {
  Limits limits;
  limits.start_line = 48;
  limits.head = 200;
  limits.header_count = 6;
  limits.body = 64;
  limits.chunk_line = 24;
  limits.chunk_extensions = 40;
  limits.trailers = 48;
  return limits;
}

// The outcome, and what the end of the connection makes of it.
template <typename Cut>
std::string Run(std::string_view bytes, const Limits& limits, bool head, Cut cut) {
  ResponseParser parser(limits);
  if (head) parser.ExpectNoBody();
  std::string out = intentgate::test::Outcome(parser, bytes, cut);
  return out + (parser.End().event == ParseEvent::kDone ? " end ok" : " end cut");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool head = (data[0] & 1) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const Limits& limits : {Limits(), SmallLimits()}) {
    const std::string whole = Run(bytes, limits, head, [](std::size_t) { return std::size_t{0}; });
    if (whole != Run(bytes, limits, head, [](std::size_t) { return std::size_t{1}; })) std::abort();
    std::size_t cut = data[0];
    if (whole != Run(bytes, limits, head, [&](std::size_t left) { return 1 + (cut = cut * 31 + left) % 17; }))
      std::abort();
  }
  return 0;
}
