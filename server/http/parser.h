// The strict HTTP/1.1 codec, reading side. It does no I/O: bytes go in, events come out, and how the
// bytes were cut into pieces makes no difference (tests/fuzz/http_request_fuzz.cc demands it).
//
//   RequestParser parser(limits);
//   for (;;) {
//     ParseStep step = parser.Feed(data);
//     data.remove_prefix(step.consumed);
//     switch (step.event) { ... }   // kNeedMore: read more; kDone: answer, then Reset for the next
//   }
//
// It refuses whatever two parsers could read differently: docs/design/http.md has the list. After
// kError the connection's byte stream has no meaning any more and must be closed.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/body.h"
#include "http/head.h"
#include "http/message.h"
#include "http/parse_step.h"

namespace intentgate::http {

// Thread-compatible.
class RequestParser {
 public:
  explicit RequestParser(const Limits& limits) : limits_(limits), head_reader_(limits), body_(limits) {}

  // Returns at the first event; `consumed` counts the bytes of `data` up to it. After kHead and kBody
  // call again, even with nothing, until kNeedMore, kDone or kError.
  ParseStep Feed(std::string_view data);
  // Complete from kHead on. The caller may move it out.
  RequestHead& head() { return head_; }
  // From kHead on: bytes of the body when announced, for reserving memory.
  std::size_t announced_body() const { return announced_; }
  // False until the first byte of a message came.
  bool in_message() const { return state_ != State::kHead || head_reader_.has_bytes(); }
  // After kError: the status to answer with and why.
  const ParseError& error() const { return error_; }
  // Begins the next message of the connection; memory is kept.
  void Reset();

 private:
  enum class State { kHead, kBody, kDone, kError };
  ParseStep Fail(std::size_t consumed, ParseError error);
  ParseError Frame();

  const Limits limits_;
  HeadReader head_reader_;
  BodyReader body_;
  RequestHead head_;
  std::size_t announced_ = 0;
  State state_ = State::kHead;
  ParseError error_;
};

// Thread-compatible. Interim answers (1xx) are skipped; 101 is refused.
class ResponseParser {
 public:
  explicit ResponseParser(const Limits& limits) : limits_(limits), head_reader_(limits), body_(limits) {}

  ParseStep Feed(std::string_view data);
  // The peer ended its side: kDone when the body was of the kind that ends so, else kError.
  ParseStep End();
  // Before the answer to a HEAD request, whose length describes a body that does not come.
  void ExpectNoBody() { no_body_ = true; }
  ResponseHead& head() { return head_; }
  const ParseError& error() const { return error_; }
  void Reset();

 private:
  enum class State { kHead, kBody, kDone, kError };
  ParseStep Fail(std::size_t consumed, ParseError error);
  ParseError Frame();

  const Limits limits_;
  HeadReader head_reader_;
  BodyReader body_;
  ResponseHead head_;
  bool no_body_ = false;
  State state_ = State::kHead;
  ParseError error_;
};

}  // namespace intentgate::http
