// The body of a message: none, of a known length, in chunks, or up to the end of the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/head.h"
#include "http/message.h"
#include "http/parse_step.h"

namespace intentgate::http {

// Thread-compatible.
class BodyReader {
 public:
  explicit BodyReader(const Limits& limits) : limits_(limits) {}

  // REQUIRES: length is within limits.body.
  void StartLength(std::uint64_t length);
  void StartChunked();
  void StartUntilEnd();

  // As RequestParser::Feed, without kHead. Trailer fields are checked and dropped.
  ParseStep Feed(std::string_view data);
  // True when the end of the connection ends this body well.
  bool EndsWithConnection() const { return state_ == State::kUntilEnd; }
  const ParseError& error() const { return error_; }

 private:
  enum class State { kLength, kUntilEnd, kChunkLine, kChunkData, kChunkCr, kChunkLf, kTrailer, kDone };

  ParseStep Piece(std::size_t before, std::string_view data);
  ParseStep Fail(std::size_t consumed, int status, std::string_view message);
  bool ReadChunkLine(std::string_view line);
  ParseStep FeedChunked(std::string_view data);
  bool TakeLine(std::string_view& data, std::size_t max, std::string_view& line, ParseStep& step, std::size_t size);

  const Limits limits_;
  LineReader lines_;
  State state_ = State::kDone;
  std::uint64_t left_ = 0;        // of the body or the chunk
  std::uint64_t total_ = 0;       // bytes of chunks announced so far
  std::size_t extensions_ = 0;
  std::size_t trailers_ = 0;
  ParseError error_;
};

}  // namespace intentgate::http
