#include "http/url.h"

#include "http/syntax.h"

namespace intentgate::http {
namespace {

// Never repeats the text: a URL with user information holds a password.
Error Bad(std::string_view why) {
  return Error{ErrorCode::kInvalidArgument,
               "bad URL: " + std::string(why) + "; write for example http://127.0.0.1:3000/mcp"};
}

}  // namespace

std::string Url::Authority() const {
  const std::string full = origin.ToString();
  const bool usual = origin.port == (tls ? 443 : 80);
  return usual ? full.substr(0, full.rfind(':')) : full;
}

Result<Url> ParseUrl(std::string_view text) {
  Url url;
  if (EqualsIgnoreCase(text.substr(0, 7), "http://")) {
    text.remove_prefix(7);
  } else if (EqualsIgnoreCase(text.substr(0, 8), "https://")) {
    url.tls = true;
    text.remove_prefix(8);
  } else {
    return Bad("the scheme must be http or https");
  }
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  const std::string_view authority = text.substr(0, end);
  url.target = text.substr(end);
  if (authority.find('@') != std::string_view::npos) return Bad("user information is not accepted");
  if (!IsAuthority(authority)) return Bad("the host or port is not valid");
  if (url.target.empty() || url.target.front() == '?') url.target.insert(url.target.begin(), '/');
  if (url.target.find('#') != std::string::npos) return Bad("a fragment has no meaning here");
  if (!IsOriginForm(url.target)) return Bad("the path has a character that is not allowed there");

  const bool has_port =
      authority.back() != ']' &&
      authority.find(':', authority.front() == '[' ? authority.find(']') : 0) != std::string_view::npos;
  auto origin =
      net::ParseHostPort(has_port ? std::string(authority) : std::string(authority) + (url.tls ? ":443" : ":80"));
  if (!origin.ok()) return Bad("the host or port is not valid");
  if (origin->port == 0) return Bad("port 0 cannot be connected to");
  url.origin = *std::move(origin);
  return url;
}

}  // namespace intentgate::http
