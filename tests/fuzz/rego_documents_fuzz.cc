// The builtins that read a format of their own, given raw text: the first line names the builtin, the rest is its
// argument, with a line of dashes between two. What is meant to be base64 is encoded here. Each call ends within small
// limits, and the same call twice gives the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "unit/rego_builtins/call.h"

namespace rego = intentgate::rego;

namespace {

constexpr std::string_view kNames[] = {"graphql.parse_query",
                                       "graphql.schema_is_valid",
                                       "graphql.parse",
                                       "json.match_schema",
                                       "json.verify_schema",
                                       "strings.render_template",
                                       "yaml.unmarshal",
                                       "io.jwt.decode",
                                       "io.jwt.verify_rs256",
                                       "io.jwt.verify_es256",
                                       "crypto.x509.parse_certificates",
                                       "crypto.x509.parse_and_verify_certificates",
                                       "crypto.x509.parse_certificate_request",
                                       "crypto.x509.parse_keypair",
                                       "crypto.x509.parse_rsa_private_key",
                                       "crypto.parse_private_keys"};

std::string_view Choose(std::string_view line) {
  std::size_t number = 0;
  for (const std::string_view name : kNames) {
    if (line == name) return name;
  }
  for (const char c : line) number = number * 31 + static_cast<unsigned char>(c);
  return kNames[number % std::size(kNames)];
}

rego::Outcome Call(const rego::Builtin& builtin, const std::vector<std::string>& texts) {
  rego::Caller caller(200'000, std::size_t{8} << 20);
  rego::Arena arena;
  std::vector<rego::Value> args;
  for (const std::string& text : texts) {
    // An object where only an object will do.
    const bool object = (builtin.args[args.size()].kinds & rego::ty::kString) == 0;
    const auto parsed = rego::Value::ParseJson(arena, text);
    args.push_back(object ? (parsed.ok() && parsed->is_object() ? *parsed : rego::Value::EmptyObject()) : rego::Value::StringRef(text));
  }
  return caller.CallValues(builtin, args);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  const rego::Builtin* builtin = rego::FindBuiltin(Choose(line));
  if (builtin == nullptr) std::abort();
  std::vector<std::string> texts;
  while (texts.size() < builtin->arity) {
    const std::size_t divider = rest.find("\n---\n");
    std::string text(rest.substr(0, divider));
    rest = divider == std::string_view::npos ? std::string_view() : rest.substr(divider + 5);
    const bool bytes = builtin->name.starts_with("crypto.") && !text.starts_with("-----BEGIN");
    texts.push_back(bytes ? intentgate::base::Base64Encode(intentgate::base::AsBytes(text)) : std::move(text));
  }
  const rego::Outcome a = Call(*builtin, texts);
  const rego::Outcome b = Call(*builtin, texts);
  if (a.text != b.text || a.error != b.error) std::abort();
  return 0;
}
