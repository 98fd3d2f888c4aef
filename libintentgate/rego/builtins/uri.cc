// uri.parse and uri.is_valid: RFC 3986 as Go's net/url reads it.
#include <optional>
#include <string>
#include <string_view>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/url_text.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

struct Uri {
  std::string scheme;
  std::string hostname;
  std::string port;
  std::string path;
  std::string raw_path;
  std::string raw_query;
  std::string fragment;
};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads one URI. Thread-compatible.
class UriReader {
 public:
  explicit UriReader(std::string_view text) : text_(text) {}

  Result<Uri> Read() {
    for (const char c : text_) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return Fail("invalid control character in URL");
    }
    std::string_view rest = text_;
    const std::size_t hash = rest.find('#');
    if (hash != std::string_view::npos) {
      const Result<std::string> fragment = builtins::UnescapeUrl(rest.substr(hash + 1), false);
      if (!fragment.ok()) return Fail(fragment.error().message);
      uri_.fragment = *fragment;
      rest = rest.substr(0, hash);
    }
    if (rest.starts_with(':')) return Fail("missing protocol scheme");
    rest.remove_prefix(ReadScheme(rest));
    const std::size_t question = rest.find('?');
    if (question != std::string_view::npos) {
      uri_.raw_query = rest.substr(question + 1);
      rest = rest.substr(0, question);
    }
    if (!rest.starts_with('/')) {
      // "mailto:a@b" says nothing that has a part of its own.
      if (!uri_.scheme.empty()) return uri_;
      if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
        return Fail("first path segment in URL cannot contain colon");
      }
    }
    const bool has_authority = rest.starts_with("//") && (!uri_.scheme.empty() || !rest.starts_with("///"));
    if (has_authority) {
      rest.remove_prefix(2);
      const std::string_view authority = rest.substr(0, rest.find('/'));
      rest.remove_prefix(authority.size());
      const Status read = ReadAuthority(authority);
      if (!read.ok()) return read.error();
    }
    return ReadPath(rest);
  }

 private:
  Error Fail(std::string_view why) const {
    return {ErrorCode::kMalformed, "parse \"" + std::string(text_) + "\": " + std::string(why)};
  }

  // The length of the scheme with its colon; 0 if there is none.
  std::size_t ReadScheme(std::string_view rest) {
    for (std::size_t i = 0; i < rest.size(); ++i) {
      const char c = rest[i];
      if (c == ':') {
        for (const char letter : rest.substr(0, i)) {
          uri_.scheme += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
        }
        return i + 1;
      }
      const bool inner = i > 0 && (IsDigit(c) || c == '+' || c == '-' || c == '.');
      if (!IsLetter(c) && !inner) return 0;
    }
    return 0;
  }

  Status ReadAuthority(std::string_view authority) {
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
      for (const char c : authority.substr(0, at)) {
        const bool good = IsLetter(c) || IsDigit(c) || std::string_view("-._:~!$&'()*+,;=%@").find(c) != std::string_view::npos;
        if (!good) return Fail("net/url: invalid userinfo");
      }
      authority.remove_prefix(at + 1);
    }
    std::size_t host_end = authority.rfind(':');
    if (authority.starts_with('[')) {
      const std::size_t close = authority.rfind(']');
      if (close == std::string_view::npos) return Fail("missing ']' in host");
      host_end = close + 1 < authority.size() ? close + 1 : std::string_view::npos;
    }
    const std::string_view host = authority.substr(0, host_end);
    if (host_end != std::string_view::npos) {
      const std::string_view port = authority.substr(host_end);
      const bool good = port[0] == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos;
      if (!good) return Fail("invalid port \"" + std::string(port) + "\" after host");
      uri_.port = port.substr(1);
    }
    for (const char c : host) {
      if (std::string_view(" #/?@\\^`{|}").find(c) != std::string_view::npos) {
        return Fail("invalid character \"" + std::string(1, c) + "\" in host name");
      }
    }
    const Result<std::string> decoded = builtins::UnescapeUrl(host, false);
    if (!decoded.ok()) return Fail(decoded.error().message);
    // An escape in a host may hide no ASCII.
    for (std::size_t i = host.find('%'); i != std::string_view::npos; i = host.find('%', i + 3)) {
      if (host[i + 1] < '8' && host.substr(i, 3) != "%25") return Fail("invalid URL escape \"" + std::string(host.substr(i, 3)) + "\"");
    }
    const bool brackets = decoded->starts_with('[') && decoded->ends_with(']');
    uri_.hostname = brackets ? decoded->substr(1, decoded->size() - 2) : *decoded;
    return {};
  }

  Result<Uri> ReadPath(std::string_view path) {
    const Result<std::string> decoded = builtins::UnescapeUrl(path, false);
    if (!decoded.ok()) return Fail(decoded.error().message);
    uri_.path = *decoded;
    // The raw path is of interest where decoding loses something, such as an escaped slash.
    uri_.raw_path = EscapePath(*decoded) == path ? *decoded : std::string(path);
    return uri_;
  }

  static std::string EscapePath(std::string_view path) {
    std::string out;
    for (const char c : path) {
      const bool plain = IsLetter(c) || IsDigit(c) || std::string_view("-_.~$&+,/:;=@").find(c) != std::string_view::npos;
      if (plain) {
        out += c;
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    }
    return out;
  }

  std::string_view text_;
  Uri uri_;
};

// Only the parts that are there.
Value Parse(BuiltinContext& context, Args args) {
  builtins::ChargeRunes(context, args[0].string().size() * 2);
  const Result<Uri> uri = UriReader(args[0].string()).Read();
  if (!uri.ok()) return context.Error(uri.error().message);
  ObjectBuilder out(context.arena);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) (void)out.Insert(Value::StringRef(name), builtins::MakeString(context, value));
  };
  add("scheme", uri->scheme);
  add("hostname", uri->hostname);
  add("port", uri->port);
  add("path", uri->path);
  add("raw_path", uri->raw_path);
  add("raw_query", uri->raw_query);
  add("fragment", uri->fragment);
  return out.Finish();
}

Value IsValid(BuiltinContext& context, Args args) {
  if (!args[0].is_string()) return Value::Bool(false);
  builtins::ChargeRunes(context, args[0].string().size() * 2);
  return Value::Bool(!args[0].string().empty() && UriReader(args[0].string()).Read().ok());
}

constexpr Builtin kTable[] = {
    MakeBuiltin("uri.parse", Parse, TypeSpec{ty::kObject, ty::kString}, kBuiltinPlain, ty::String),
    MakeBuiltin("uri.is_valid", IsValid, ty::Boolean, kBuiltinUncheckedArgs, ty::String),
};

}  // namespace

std::span<const Builtin> UriBuiltins() { return kTable; }

}  // namespace intentgate::rego
