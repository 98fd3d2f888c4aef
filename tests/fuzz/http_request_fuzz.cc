// The request parser must come to the same outcome however the bytes are cut, and what it accepts must be
// written back by the strict writer without a complaint. The first byte chooses the cuts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/parser.h"
#include "http/writer.h"
#include "support/parser_outcome.h"

namespace {

using intentgate::http::Limits;
using intentgate::http::ParseEvent;
using intentgate::http::RequestParser;

// Small, so that short inputs reach every limit.
Limits SmallLimits() {
  Limits limits;
  limits.start_line = 64;
  limits.head = 256;
  limits.header_count = 8;
  limits.body = 64;
  limits.chunk_line = 24;
  limits.chunk_extensions = 40;
  limits.trailers = 48;
  return limits;
}

void CheckWritable(std::string_view bytes, const Limits& limits) {
  RequestParser parser(limits);
  if (parser.Feed(bytes).event != ParseEvent::kHead) return;
  std::string out;
  const auto& head = parser.head();
  if (head.target == "*") return;
  if (!intentgate::http::AppendRequestHead(head.method, head.target, *head.headers.Get("Host"), head.headers, {}, out)
           .ok()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t seed = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const Limits& limits : {Limits(), SmallLimits()}) {
    const std::string whole = intentgate::test::WholeOutcome<RequestParser>(bytes, limits);
    if (whole != intentgate::test::BytewiseOutcome<RequestParser>(bytes, limits)) std::abort();
    RequestParser parser(limits);
    std::size_t cut = seed;
    const auto cuts = [&cut](std::size_t left) { return 1 + (cut = cut * 31 + left) % 17; };
    if (whole != intentgate::test::Outcome(parser, bytes, cuts)) std::abort();
    CheckWritable(bytes, limits);
  }
  return 0;
}
