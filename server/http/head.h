// Lines and header fields: the part of a head that requests and responses have in common.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/parse_step.h"

namespace intentgate::http {

// Cuts bytes into lines that end in CR LF and in nothing else. Thread-compatible.
class LineReader {
 public:
  enum class Got { kLine, kMore, kBareLf, kTooLong };
  // Takes bytes off the front of `data`. On kLine, `line` is the line without its end, valid until the
  // next call and as long as the input.
  Got Next(std::string_view& data, std::size_t max_size, std::string_view& line);
  bool has_bytes() const { return !carry_.empty(); }
  void Reset() { carry_.clear(); }

 private:
  std::string carry_;  // the beginning of a line whose end did not come yet
  bool returned_ = false;
};

// Reads one header line: name, colon, value. Refuses blanks around the name, folding, control bytes.
ParseError ParseField(std::string_view line, std::string_view& name, std::string_view& value);

// Reads a start line and the fields up to the empty line. Thread-compatible.
class HeadReader {
 public:
  explicit HeadReader(const Limits& limits) : limits_(limits) {}

  enum class Got { kStartLine, kHeadEnd, kMore, kError };
  // Fields go into `headers`. On kStartLine, `start_line` is valid until the next call.
  Got Next(std::string_view& data, HeaderList& headers, std::string_view& start_line);
  const ParseError& error() const { return error_; }
  bool has_bytes() const { return lines_.has_bytes() || used_ > 0; }
  void Reset();

 private:
  Got Fail(int status, std::string_view message);

  const Limits limits_;
  LineReader lines_;
  std::size_t used_ = 0;  // bytes of complete lines
  bool started_ = false;
  ParseError error_;
};

// What the fields say about framing and connection, gathered in one walk; refuses what is ambiguous.
struct Framing {
  std::string_view host, expect;
  bool has_host = false;
  bool has_length = false;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;
  std::uint64_t length = 0;

  // `strict_coding`: the word "chunked" in lower case alone.
  ParseError Read(const HeaderList& headers, bool strict_coding);
};

}  // namespace intentgate::http
