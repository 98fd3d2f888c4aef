// The strict URL reader: what it accepts is made of its parts and nothing else, has one reading, and
// never names an address that a constraint could not list.
#include <cstdlib>
#include <string>
#include <string_view>

#include <intentgate/caveat.h>

#include "token/constraints/constraint_eval.h"
#include "token/constraints/url.h"

namespace token = intentgate::token;
using intentgate::Constraint;

namespace {
void Require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto url = token::ParseStrictUrl(text);
  if (!url.ok()) return 0;
  const std::string prefix = std::string(url->scheme) + "://" + std::string(url->host);
  Require(text.starts_with(prefix));
  Require(text.size() == prefix.size() || text[prefix.size()] == '/' || text[prefix.size()] == ':');
  Require(url->port >= 1 && url->port <= 65535);
  Require(text.find_first_of(std::string_view("\\ \t\r\n\0", 6)) == std::string::npos);
  const std::string rebuilt = prefix + ":" + std::to_string(url->port) + "/";
  const auto again = token::ParseStrictUrl(rebuilt);
  Require(again.ok() && again->host == url->host && again->port == url->port && again->host_is_ip == url->host_is_ip);

  // Whatever parses can be listed, and then holds; the same constraint negated refuses it.
  const Constraint listed = Constraint::Url({std::string(url->scheme)}, {std::string(url->host)}, {url->port});
  const auto compiled = token::CompileConstraint(listed);
  Require(compiled.ok() && token::Evaluate(**compiled, text).holds);
  const auto negated = token::CompileConstraint(Constraint::Not(listed));
  Require(negated.ok() && !token::Evaluate(**negated, text).holds);
  return 0;
}
