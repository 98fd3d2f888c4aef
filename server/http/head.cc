#include "http/head.h"

#include <algorithm>

#include "http/syntax.h"

namespace intentgate::http {

LineReader::Got LineReader::Next(std::string_view& data, std::size_t max_size, std::string_view& line) {
  if (returned_) {
    carry_.clear();
    returned_ = false;
  }
  const std::size_t lf = data.find('\n');
  const std::size_t seen = carry_.size() + (lf == std::string_view::npos ? data.size() : lf);
  // One more than allowed may be the CR. The test does not ask whether the LF is there already, so
  // that the answer is the same however the input is cut.
  if (seen > max_size + 1) return Got::kTooLong;
  if (lf == std::string_view::npos) {
    carry_.append(data);
    data = {};
    return Got::kMore;
  }
  std::string_view whole = data.substr(0, lf);
  if (!carry_.empty()) {
    carry_.append(whole);
    whole = carry_;
    returned_ = true;
  }
  data.remove_prefix(lf + 1);
  if (whole.empty() || whole.back() != '\r') return Got::kBareLf;
  line = whole.substr(0, whole.size() - 1);
  return Got::kLine;
}

ParseError ParseField(std::string_view line, std::string_view& name, std::string_view& value) {
  if (line.front() == ' ' || line.front() == '\t') return {400, "a folded header line"};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {400, "a header line without a colon"};
  name = line.substr(0, colon);
  if (!IsToken(name)) return {400, "a header name with a character that is not allowed there"};
  value = TrimBlanks(line.substr(colon + 1));
  if (!IsFieldValue(value)) return {400, "a header value with a control character"};
  return {};
}

HeadReader::Got HeadReader::Fail(int status, std::string_view message) {
  error_ = {status, message};
  return Got::kError;
}

HeadReader::Got HeadReader::Next(std::string_view& data, HeaderList& headers, std::string_view& start_line) {
  for (;;) {
    // TLS, HTTP/2 frames and noise show in the first byte; waiting for a line of it would be in vain.
    if (!has_bytes() && !data.empty() && !IsToken(data.substr(0, 1))) {
      return Fail(400, "the message does not begin like HTTP/1.1");
    }
    const std::size_t room = limits_.head - std::min(used_, limits_.head);
    const std::size_t max = started_ ? room : std::min(room, limits_.start_line);
    std::string_view line;
    switch (lines_.Next(data, max, line)) {
      case LineReader::Got::kMore: return Got::kMore;
      case LineReader::Got::kBareLf: return Fail(400, "a line that does not end in CR LF");
      case LineReader::Got::kTooLong:
        return Fail(431, started_ ? "the header is too large" : "the first line is too long");
      case LineReader::Got::kLine: break;
    }
    used_ += line.size() + 2;
    if (!started_) {
      started_ = true;
      start_line = line;
      return Got::kStartLine;
    }
    if (line.empty()) return Got::kHeadEnd;
    if (headers.size() >= limits_.header_count) return Fail(431, "too many header fields");
    std::string_view name, value;
    if (const ParseError error = ParseField(line, name, value)) return Fail(error.status, error.message);
    headers.Add(name, value);
  }
}

void HeadReader::Reset() {
  lines_.Reset();
  used_ = 0;
  started_ = false;
  error_ = {};
}

namespace {

// Fields that mean nothing, or two things, when they come twice.
ParseError RefuseSecond(bool& seen, std::string_view message) {
  if (seen) return {400, message};
  seen = true;
  return {};
}

}  // namespace

ParseError Framing::Read(const HeaderList& headers, bool strict_coding) {
  bool seen_coding = false, seen_authorization = false, seen_type = false, seen_expect = false;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string_view name = headers.name(i), value = headers.value(i);
    ParseError error;
    switch (name.size()) {
      case 4:
        if (!EqualsIgnoreCase(name, "host")) break;
        error = RefuseSecond(has_host, "two Host fields");
        host = value;
        break;
      case 6:
        if (!EqualsIgnoreCase(name, "expect")) break;
        error = RefuseSecond(seen_expect, "two Expect fields");
        expect = value;
        break;
      case 10:
        if (!EqualsIgnoreCase(name, "connection")) break;
        ForEachElement(value, [&](std::string_view option) {
          close = close || EqualsIgnoreCase(option, "close");
          keep_alive = keep_alive || EqualsIgnoreCase(option, "keep-alive");
        });
        break;
      case 12:
        if (EqualsIgnoreCase(name, "content-type")) error = RefuseSecond(seen_type, "two Content-Type fields");
        break;
      case 13:
        if (EqualsIgnoreCase(name, "authorization")) {
          error = RefuseSecond(seen_authorization, "two Authorization fields");
        }
        break;
      case 14:
        if (!EqualsIgnoreCase(name, "content-length")) break;
        error = RefuseSecond(has_length, "two Content-Length fields");
        if (const auto parsed = ParseLength(value)) length = *parsed;
        else error = {400, "a Content-Length that is not a plain number"};
        break;
      case 17:
        if (!EqualsIgnoreCase(name, "transfer-encoding")) break;
        error = RefuseSecond(seen_coding, "two Transfer-Encoding fields");
        chunked = strict_coding ? value == "chunked" : EqualsIgnoreCase(value, "chunked");
        if (!chunked) error = {400, "a Transfer-Encoding other than chunked"};
        break;
      default: break;
    }
    if (error) return error;
  }
  if (has_length && chunked) return {400, "Content-Length and Transfer-Encoding together"};
  return {};
}

}  // namespace intentgate::http
