#include "http/parser.h"

#include "http/syntax.h"

namespace intentgate::http {
namespace {

constexpr std::size_t kMaxMethod = 32;

ParseError ReadVersion(std::string_view version, int& minor) {
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return {400, "a protocol version other than HTTP/1.1"};
  minor = version.back() - '0';
  return {};
}

ParseError ReadRequestLine(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return {400, "a request line that is not \"method target version\""};
  const std::string_view method = line.substr(0, first);
  if (!IsToken(method) || method.size() > kMaxMethod) return {400, "a method that is not a token"};
  head.method = method;
  head.target = line.substr(first + 1, last - first - 1);
  return ReadVersion(line.substr(last + 1), head.minor_version);
}

// Brings the target into origin form. An absolute form must name the same place as Host, or two
// readers of the request would disagree about whom it is for.
ParseError NormalizeTarget(RequestHead& head, std::string_view host) {
  if (head.target == "*" && head.method == "OPTIONS") return {};
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsIgnoreCase(std::string_view(head.target).substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = std::string_view(head.target).substr(scheme.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    if (!EqualsIgnoreCase(authority, host)) return {400, "a target that names another host than the Host field"};
    std::string path(rest.substr(authority.size()));
    if (path.empty() || path.front() != '/') path.insert(path.begin(), '/');
    head.target = std::move(path);
    break;
  }
  if (!IsOriginForm(head.target)) return {400, "a target with a character or form that is not allowed there"};
  return {};
}

ParseError ReadStatusLine(std::string_view line, ResponseHead& head, int& minor) {
  if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) {
    return {400, "a status line that is not \"version status reason\""};
  }
  if (const ParseError error = ReadVersion(line.substr(0, 8), minor)) return error;
  int status = 0;
  for (const char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return {400, "a status that is not a number"};
    status = status * 10 + (c - '0');
  }
  if (status < 100 || status > 599) return {400, "a status that is out of range"};
  if (!IsFieldValue(line.substr(12))) return {400, "a reason phrase with a control character"};
  head.status = status;
  return {};
}

}  // namespace

ParseStep RequestParser::Fail(std::size_t consumed, ParseError error) {
  error_ = error;
  state_ = State::kError;
  return {ParseEvent::kError, consumed, {}};
}

ParseError RequestParser::Frame() {
  Framing framing;
  if (const ParseError error = framing.Read(head_.headers, true)) return error;
  if (!framing.has_host) return {400, "no Host field"};
  if (!IsAuthority(framing.host)) return {400, "a Host field that is not host or host:port"};
  if (const ParseError error = NormalizeTarget(head_, framing.host)) return error;
  if (framing.chunked && head_.minor_version == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
  if (framing.length > limits_.body) return {413, "the body is too large"};
  if (!framing.expect.empty() && !EqualsIgnoreCase(framing.expect, "100-continue")) {
    return {417, "an expectation that this server does not know"};
  }
  const bool has_body = framing.chunked || framing.length > 0;
  head_.expects_continue = !framing.expect.empty() && has_body && head_.minor_version == 1;
  // Persistence in HTTP/1.0 is an afterthought that intermediaries disagree about.
  head_.keep_alive = head_.minor_version == 1 && !framing.close;
  announced_ = static_cast<std::size_t>(framing.length);
  if (framing.chunked) body_.StartChunked();
  else body_.StartLength(framing.length);
  return {};
}

ParseStep RequestParser::Feed(std::string_view data) {
  const std::size_t size = data.size();
  switch (state_) {
    case State::kHead: break;
    case State::kBody: {
      const ParseStep step = body_.Feed(data);
      if (step.event == ParseEvent::kError) return Fail(step.consumed, body_.error());
      if (step.event == ParseEvent::kDone) state_ = State::kDone;
      return step;
    }
    case State::kDone: return {ParseEvent::kDone, 0, {}};
    case State::kError: return {ParseEvent::kError, 0, {}};
  }
  for (;;) {
    std::string_view line;
    switch (head_reader_.Next(data, head_.headers, line)) {
      case HeadReader::Got::kMore: return {ParseEvent::kNeedMore, size, {}};
      case HeadReader::Got::kError: return Fail(size - data.size(), head_reader_.error());
      case HeadReader::Got::kStartLine:
        if (const ParseError error = ReadRequestLine(line, head_)) return Fail(size - data.size(), error);
        break;
      case HeadReader::Got::kHeadEnd:
        if (const ParseError error = Frame()) return Fail(size - data.size(), error);
        state_ = State::kBody;
        return {ParseEvent::kHead, size - data.size(), {}};
    }
  }
}

void RequestParser::Reset() {
  head_reader_.Reset();
  head_.method.clear();
  head_.target.clear();
  head_.headers.Clear();
  head_.expects_continue = false;
  announced_ = 0;
  state_ = State::kHead;
  error_ = {};
}

ParseStep ResponseParser::Fail(std::size_t consumed, ParseError error) {
  error_ = error;
  state_ = State::kError;
  return {ParseEvent::kError, consumed, {}};
}

ParseError ResponseParser::Frame() {
  Framing framing;
  if (const ParseError error = framing.Read(head_.headers, false)) return error;
  const bool old = !head_.keep_alive;
  if (framing.chunked && old) return {400, "Transfer-Encoding in HTTP/1.0"};
  if (head_.status == 204 && (framing.chunked || framing.length > 0)) return {400, "a 204 answer with a body"};
  head_.keep_alive = !old && !framing.close;
  if (no_body_ || head_.status == 204 || head_.status == 304) {
    body_.StartLength(0);
  } else if (framing.chunked) {
    body_.StartChunked();
  } else if (framing.has_length) {
    if (framing.length > limits_.body) return {413, "the body is too large"};
    body_.StartLength(framing.length);
  } else {
    head_.keep_alive = false;
    body_.StartUntilEnd();
  }
  return {};
}

ParseStep ResponseParser::Feed(std::string_view data) {
  const std::size_t size = data.size();
  switch (state_) {
    case State::kHead: break;
    case State::kBody: {
      const ParseStep step = body_.Feed(data);
      if (step.event == ParseEvent::kError) return Fail(step.consumed, body_.error());
      if (step.event == ParseEvent::kDone) state_ = State::kDone;
      return step;
    }
    case State::kDone: return {ParseEvent::kDone, 0, {}};
    case State::kError: return {ParseEvent::kError, 0, {}};
  }
  for (;;) {
    std::string_view line;
    switch (head_reader_.Next(data, head_.headers, line)) {
      case HeadReader::Got::kMore: return {ParseEvent::kNeedMore, size, {}};
      case HeadReader::Got::kError: return Fail(size - data.size(), head_reader_.error());
      case HeadReader::Got::kStartLine: {
        int minor = 1;
        if (const ParseError error = ReadStatusLine(line, head_, minor)) return Fail(size - data.size(), error);
        head_.keep_alive = minor == 1;
        break;
      }
      case HeadReader::Got::kHeadEnd:
        if (head_.status == 101) return Fail(size - data.size(), {400, "an upgrade that was not asked for"});
        if (head_.status < 200) {
          head_reader_.Reset();
          head_.headers.Clear();
          break;
        }
        if (const ParseError error = Frame()) return Fail(size - data.size(), error);
        state_ = State::kBody;
        return {ParseEvent::kHead, size - data.size(), {}};
    }
  }
}

ParseStep ResponseParser::End() {
  if (state_ == State::kBody && body_.EndsWithConnection()) {
    state_ = State::kDone;
    return {ParseEvent::kDone, 0, {}};
  }
  if (state_ == State::kDone) return {ParseEvent::kDone, 0, {}};
  return Fail(0, {400, "the connection ended inside the answer"});
}

void ResponseParser::Reset() {
  head_reader_.Reset();
  head_.headers.Clear();
  head_.status = 0;
  no_body_ = false;
  state_ = State::kHead;
  error_ = {};
}

}  // namespace intentgate::http
