#include "http/writer.h"

#include <array>
#include <charconv>

#include "http/syntax.h"

namespace intentgate::http {
namespace {

constexpr std::size_t kTypicalHead = 320;  // bytes of a request's

// Fields whose meaning ends at this connection, or that the writer computes.
bool IsOwned(std::string_view name) {
  constexpr std::array<std::string_view, 11> kOwned = {
      "host",    "content-length", "transfer-encoding",   "connection", "keep-alive", "upgrade",
      "trailer", "te",             "proxy-authorization", "date",       "proxy-connection"};
  for (const std::string_view each : kOwned) {
    if (EqualsIgnoreCase(name, each)) return true;
  }
  return false;
}

void AppendField(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void AppendNumber(std::uint64_t value, int base, std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(digits.data(), end);
}

void AppendLength(std::uint64_t length, std::string& out) {
  out.append("Content-Length: ");
  AppendNumber(length, 10, out);
  out.append("\r\n");
}

Status AppendFields(const HeaderList& headers, std::string& out) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string_view name = headers.name(i), value = headers.value(i);
    if (!IsToken(name)) return Error{ErrorCode::kInvalidArgument, "a header name that is not a token"};
    if (!IsFieldValue(value)) {
      return Error{ErrorCode::kInvalidArgument, "the header " + std::string(name) + " has a control character"};
    }
    if (!IsOwned(name)) AppendField(name, value, out);
  }
  return {};
}

}  // namespace

Status AppendResponseHead(int status, const HeaderList& headers, const ResponseFraming& framing, std::string& out) {
  const std::size_t before = out.size();
  if (status < 200 || status > 599) return Error{ErrorCode::kInvalidArgument, "a status out of range"};
  out.append("HTTP/1.1 ");
  AppendNumber(static_cast<std::uint64_t>(status), 10, out);
  out.append(" ").append(ReasonPhrase(status)).append("\r\n");
  if (!framing.date.empty()) AppendField("Date", framing.date, out);
  if (const Status fields = AppendFields(headers, out); !fields.ok()) {
    out.resize(before);
    return fields;
  }
  if (framing.kind == BodyFraming::kLength) AppendLength(framing.length, out);
  if (framing.kind == BodyFraming::kChunked) out.append("Transfer-Encoding: chunked\r\n");
  if (framing.close) out.append("Connection: close\r\n");
  out.append("\r\n");
  return {};
}

Status AppendRequestHead(std::string_view method, std::string_view target, std::string_view host,
                         const HeaderList& headers, std::optional<std::uint64_t> body_size, std::string& out) {
  const std::size_t before = out.size();
  if (!IsToken(method)) return Error{ErrorCode::kInvalidArgument, "a method that is not a token"};
  if (!IsOriginForm(target)) return Error{ErrorCode::kInvalidArgument, "a request target that is not a path"};
  if (!IsAuthority(host)) return Error{ErrorCode::kInvalidArgument, "a host that is not host or host:port"};
  out.reserve(out.size() + kTypicalHead);
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  AppendField("Host", host, out);
  if (const Status fields = AppendFields(headers, out); !fields.ok()) {
    out.resize(before);
    return fields;
  }
  if (body_size) AppendLength(*body_size, out);
  out.append("\r\n");
  return {};
}

void AppendChunk(std::string_view data, std::string& out) {
  if (data.empty()) return;
  AppendNumber(data.size(), 16, out);
  out.append("\r\n").append(data).append("\r\n");
}

void AppendLastChunk(std::string& out) { out.append("0\r\n\r\n"); }

std::string ErrorBody(std::string_view message) {
  std::string out = "{\"error\":\"";
  for (const char c : message) {
    if (c == '"' || c == '\\') out.push_back('\\');
    const bool plain = c >= 0x20 && c < 0x7f;
    out.push_back(plain ? c : '?');
  }
  return out + "\"}";
}

}  // namespace intentgate::http
