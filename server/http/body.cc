// Chunks follow RFC 9112 section 7.1. A chunk's size is bounded before its bytes are read, extensions
// are bounded in sum (a body of one-byte chunks with long extensions costs a peer nothing otherwise),
// and trailers are dropped because nothing behind the gateway may learn a field that the checks did
// not see. Tested by tests/unit/http/parser_test.cc and the fuzz targets.

#include "http/body.h"

#include <algorithm>

#include "http/syntax.h"

namespace intentgate::http {

void BodyReader::StartLength(std::uint64_t length) {
  left_ = length;
  state_ = length == 0 ? State::kDone : State::kLength;
}

void BodyReader::StartChunked() {
  lines_.Reset();
  left_ = total_ = 0;
  extensions_ = trailers_ = 0;
  state_ = State::kChunkLine;
}

void BodyReader::StartUntilEnd() {
  total_ = 0;
  state_ = State::kUntilEnd;
}

ParseStep BodyReader::Feed(std::string_view data) {
  if (state_ == State::kDone) return {ParseEvent::kDone, 0, {}};
  if (state_ != State::kLength && state_ != State::kUntilEnd) return FeedChunked(data);
  if (data.empty()) return {};
  if (state_ == State::kLength) return Piece(0, data);
  const std::size_t room = limits_.body - static_cast<std::size_t>(std::min<std::uint64_t>(total_, limits_.body));
  if (room == 0) return Fail(0, 413, "the body is too large");
  const std::size_t take = std::min(room, data.size());
  total_ += take;
  return {ParseEvent::kBody, take, data.substr(0, take)};
}

// Hands out what of the current run of body bytes is there; `before` bytes of input were consumed already.
ParseStep BodyReader::Piece(std::size_t before, std::string_view data) {
  const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, data.size()));
  left_ -= take;
  if (left_ == 0) state_ = state_ == State::kChunkData ? State::kChunkCr : State::kDone;
  return {ParseEvent::kBody, before + take, data.substr(0, take)};
}

ParseStep BodyReader::Fail(std::size_t consumed, int status, std::string_view message) {
  error_ = {status, message};
  return {ParseEvent::kError, consumed, {}};
}

bool BodyReader::ReadChunkLine(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  const auto size = ParseChunkSize(line.substr(0, semicolon));
  if (!size) {
    error_ = {400, "a chunk size that is not plain hexadecimal"};
    return false;
  }
  if (semicolon != std::string_view::npos) {
    extensions_ += line.size() - semicolon;
    if (extensions_ > limits_.chunk_extensions) {
      error_ = {400, "too many chunk extensions"};
      return false;
    }
    if (!IsFieldValue(line.substr(semicolon))) {
      error_ = {400, "a chunk extension with a control character"};
      return false;
    }
  }
  if (*size > limits_.body || total_ + *size > limits_.body) {
    error_ = {413, "the body is too large"};
    return false;
  }
  total_ += *size;
  left_ = *size;
  state_ = *size == 0 ? State::kTrailer : State::kChunkData;
  return true;
}

// One line, or the step to return instead of it. `size` is that of the input as it was fed.
bool BodyReader::TakeLine(std::string_view& data, std::size_t max, std::string_view& line, ParseStep& step,
                          std::size_t size) {
  switch (lines_.Next(data, max, line)) {
    case LineReader::Got::kLine: return true;
    case LineReader::Got::kMore: step = {ParseEvent::kNeedMore, size, {}}; return false;
    case LineReader::Got::kBareLf:
      step = Fail(size - data.size(), 400, "a line that does not end in CR LF");
      return false;
    case LineReader::Got::kTooLong: break;
  }
  step = state_ == State::kTrailer ? Fail(size - data.size(), 431, "the trailer is too large")
                                   : Fail(size - data.size(), 400, "a chunk line that is too long");
  return false;
}

ParseStep BodyReader::FeedChunked(std::string_view data) {
  const std::size_t size = data.size();
  ParseStep step;
  std::string_view line, name, value;
  for (;;) {
    switch (state_) {
      case State::kChunkLine:
        if (!TakeLine(data, limits_.chunk_line, line, step, size)) return step;
        if (!ReadChunkLine(line)) return {ParseEvent::kError, size - data.size(), {}};
        break;
      case State::kChunkData:
        if (data.empty()) return {ParseEvent::kNeedMore, size, {}};
        return Piece(size - data.size(), data);
      case State::kChunkCr:
      case State::kChunkLf:
        if (data.empty()) return {ParseEvent::kNeedMore, size, {}};
        if (data.front() != (state_ == State::kChunkCr ? '\r' : '\n')) {
          return Fail(size - data.size(), 400, "a chunk that is longer than its size");
        }
        data.remove_prefix(1);
        state_ = state_ == State::kChunkCr ? State::kChunkLf : State::kChunkLine;
        break;
      case State::kTrailer:
        if (!TakeLine(data, limits_.trailers - trailers_, line, step, size)) return step;
        if (line.empty()) {
          state_ = State::kDone;
          return {ParseEvent::kDone, size - data.size(), {}};
        }
        if (const ParseError error = ParseField(line, name, value)) {
          return Fail(size - data.size(), error.status, error.message);
        }
        trailers_ = std::min(trailers_ + line.size() + 2, limits_.trailers);
        break;
      default: return {ParseEvent::kDone, size - data.size(), {}};
    }
  }
}

}  // namespace intentgate::http
