// HostAccess over libcurl. Redirects are followed here and not by libcurl, because each target is held against
// allow_net before anything is sent to it.
// Tested by tests/unit/fetch/rego_host_test.cc.

#include <curl/curl.h>
#include <netdb.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include <intentgate/rego_host.h>

#include "base/utf8.h"
#include "fetch/curl_fetcher.h"

namespace intentgate::rego {
namespace {

constexpr std::int64_t kDefaultTimeoutMs = 5'000;
constexpr std::int64_t kMaxTimeoutMs = 600'000;
constexpr std::size_t kMaxBodyDepth = 128;

Error Bad(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// A URL as libcurl reads it, so that the host that is checked is the host that is reached.
class Url {
 public:
  static std::optional<Url> Parse(const std::string& text) {
    Url url;
    if (url.handle_ == nullptr || curl_url_set(url.handle_.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return std::nullopt;
    return url;
  }
  // Where a Location leads from here.
  bool Follow(const std::string& location) { return curl_url_set(handle_.get(), CURLUPART_URL, location.c_str(), 0) == CURLUE_OK; }
  std::string scheme() const { return Part(CURLUPART_SCHEME); }
  // Without the brackets of an IPv6 address.
  std::string host() const {
    std::string host = Lower(Part(CURLUPART_HOST));
    if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
    return host;
  }
  std::string text() const { return Part(CURLUPART_URL); }

 private:
  Url() : handle_(curl_url()) {}
  std::string Part(CURLUPart part) const {
    char* text = nullptr;
    if (curl_url_get(handle_.get(), part, &text, 0) != CURLUE_OK) return "";
    std::string out = text;
    curl_free(text);
    return out;
  }
  std::unique_ptr<CURLU, UrlDeleter> handle_;
};

// Go's durations: "1.5s", "300ms", "1m30s".
std::optional<double> DurationNanos(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::optional<double> count = json::Value::NumberFromText(text.substr(0, digits)).ok()
                                            ? json::Value::NumberFromText(text.substr(0, digits))->AsDouble()
                                            : std::nullopt;
    text.remove_prefix(digits);
    const std::string_view unit = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
    const auto known = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& one) { return one.first == unit; });
    if (!count || known == std::end(kUnits)) return std::nullopt;
    total += *count * known->second;
    text.remove_prefix(unit.size());
  }
  return total;
}

struct Request {
  base::HttpFetchRequest sent;
  fetch::CurlOptions tls;
  bool raise_error = true, enable_redirect = false, force_json = false, force_yaml = false, own_tls = false;
};

class RequestReader {
 public:
  Result<Request> Read(const json::Value& object) {
    out_.sent.timeout_ms = kDefaultTimeoutMs;
    const json::Value* raise = object.Find("raise_error");
    out_.raise_error = raise == nullptr || !raise->is_bool() || raise->bool_value();
    for (const auto& [name, value] : object.object()) {
      if (Status s = Member(name, value); !s.ok()) return s.error();
    }
    if (out_.tls.client_certificate_pem.empty() != out_.tls.client_key_pem.empty()) return Bad("tls_client_cert and tls_client_key go together");
    return std::move(out_);
  }

 private:
  Status Text(const std::string& name, const json::Value& value, std::string& into) {
    if (!value.is_string()) return Bad("\"" + name + "\" must be a string");
    into = value.string_value();
    return {};
  }

  Status Flag(const std::string& name, const json::Value& value, bool& into) {
    if (!value.is_bool()) return Bad("\"" + name + "\" must be a boolean");
    into = value.bool_value();
    return {};
  }

  Status Member(const std::string& name, const json::Value& value) {
    if (name == "url") return Text(name, value, out_.sent.url);
    if (name == "method") {
      if (Status s = Text(name, value, out_.sent.method); !s.ok()) return s;
      std::transform(out_.sent.method.begin(), out_.sent.method.end(), out_.sent.method.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; });
      return {};
    }
    if (name == "raw_body") return raw_ = true, Text(name, value, out_.sent.body);
    if (name == "body") {
      if (!raw_) out_.sent.body = json::Write(value);
      return {};
    }
    if (name == "headers") return Headers(value);
    if (name == "timeout") return Timeout(value);
    if (name == "raise_error") return Flag(name, value, out_.raise_error);
    if (name == "enable_redirect") return Flag(name, value, out_.enable_redirect);
    if (name == "force_json_decode") return Flag(name, value, out_.force_json);
    if (name == "force_yaml_decode") return Flag(name, value, out_.force_yaml);
    if (name.starts_with("tls_")) return Tls(name, value);
    if (name == "max_retry_attempts" && value.AsInt64() != 0) return Bad("max_retry_attempts is not supported");
    return {};
  }

  Status Headers(const json::Value& value) {
    if (!value.is_object()) return Bad("invalid type for headers key");
    for (const auto& [name, text] : value.object()) {
      if (!text.is_string()) return Bad("invalid type for headers value of " + name);
      out_.sent.headers.emplace_back(name, text.string_value());
    }
    return {};
  }

  Status Timeout(const json::Value& value) {
    const std::optional<double> nanos = value.is_string() ? DurationNanos(value.string_value()) : value.AsDouble();
    if (!nanos || *nanos < 0) return Bad("\"timeout\" must be a number of nanoseconds or a duration such as \"5s\"");
    // Go's zero is no limit; here it is the longest that there is.
    const double ms = *nanos == 0 ? static_cast<double>(kMaxTimeoutMs) : std::ceil(*nanos / 1e6);
    out_.sent.timeout_ms = static_cast<std::int64_t>(std::min(ms, static_cast<double>(kMaxTimeoutMs)));
    return {};
  }

  Status Tls(const std::string& name, const json::Value& value) {
    if (name == "tls_use_system_certs") return {};  // they are used unless tls_ca_cert is given
    out_.own_tls = true;
    if (name == "tls_ca_cert") return Text(name, value, out_.tls.ca_pem);
    if (name == "tls_client_cert") return Text(name, value, out_.tls.client_certificate_pem);
    if (name == "tls_client_key") return Text(name, value, out_.tls.client_key_pem);
    if (name != "tls_insecure_skip_verify") return Bad(name + " is not supported; certificates are given as text");
    bool skip = false;
    const Status status = Flag(name, value, skip);
    out_.tls.verify_certificates = !skip;
    return status;
  }

  Request out_;
  bool raw_ = false;
};

bool IsJson(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

json::Value DecodedBody(const Request& request, const base::HttpFetchReply& reply) {
  std::string type;
  for (const auto& [name, value] : reply.headers) {
    if (name == "content-type") type = Lower(value);
  }
  const bool as_json = request.force_json || IsJson(type);
  const bool as_yaml = !as_json && (request.force_yaml || type.starts_with("application/yaml") || type.starts_with("application/x-yaml"));
  if (!as_json && !as_yaml) return {};
  Result<json::Value> body = as_json ? json::Parse(reply.body, {.max_bytes = kMaxDataBytes, .max_depth = kMaxBodyDepth}) : ParseData("body.yaml", reply.body);
  return body.ok() ? *std::move(body) : json::Value();
}

json::Value ReplyObject(const Request& request, const base::HttpFetchReply& reply) {
  json::Value headers = json::Object{};
  for (const auto& [name, value] : reply.headers) {
    if (json::Value* there = headers.Find(name)) {
      there->array().emplace_back(value);
    } else {
      headers.Set(name, json::Value(json::Array{json::Value(value)}));
    }
  }
  return json::MakeObject({{"status", std::to_string(reply.status) + (reply.reason.empty() ? "" : " " + reply.reason)},
                           {"status_code", reply.status},
                           {"body", DecodedBody(request, reply)},
                           {"raw_body", base::ReplaceInvalidUtf8(reply.body)},
                           {"headers", std::move(headers)}});
}

class CurlHost final : public HostAccess {
 public:
  CurlHost(NetworkHostOptions options, std::shared_ptr<fetch::CurlFetcher> fetcher) : options_(std::move(options)), fetcher_(std::move(fetcher)) {}

  Result<json::Value> SendHttp(const json::Value& object) const override { return Send(object, {}); }
  Result<json::Value> SendCancellable(const json::Value& object, const CancelToken& cancel) const override {
    return Send(object, [&cancel] { return cancel.cancelled(); });
  }
  Result<std::vector<std::string>> LookUpAddresses(std::string_view name) const override {
    const std::string host(name);
    if (!Allowed(Lower(host))) return NotAllowed(host);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return Error{ErrorCode::kUnavailable, "lookup " + host + ": no such host"};
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    std::vector<std::string> out;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
      char text[NI_MAXHOST];
      if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) out.emplace_back(text);
    }
    return out;
  }

  // Nothing of the environment: it holds secrets.
  json::Value Runtime() const override { return json::Value(json::Object{}); }

 private:
  Result<json::Value> Send(const json::Value& object, std::function<bool()> cancelled) const {
    Result<Request> request = RequestReader().Read(object);
    if (!request.ok()) return Raised(object, request.error());
    request->sent.cancelled = std::move(cancelled);
    Result<base::HttpFetchReply> reply = Exchange(*request);
    if (!reply.ok()) return Raised(object, reply.error());
    return ReplyObject(*request, *reply);
  }

  static Error NotAllowed(const std::string& host) { return {ErrorCode::kPermissionDenied, "unallowed host: " + host}; }

  bool Allowed(const std::string& host) const {
    return std::any_of(options_.allow_net.begin(), options_.allow_net.end(), [&](const std::string& one) { return one == "*" || Lower(one) == host; });
  }

  // With raise_error false, a failure is an answer. What a policy may not do is an error in any case.
  static Result<json::Value> Raised(const json::Value& object, const Error& error) {
    const json::Value* raise = object.Find("raise_error");
    const bool quiet = raise != nullptr && raise->is_bool() && !raise->bool_value();
    if (!quiet || error.code == ErrorCode::kPermissionDenied) return error;
    const bool network = error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
    const char* code = network ? "eval_http_send_network_error" : "eval_http_send_internal_error";
    return json::MakeObject({{"status_code", 0}, {"error", json::MakeObject({{"code", code}, {"message", error.message}})}});
  }

  Status Check(const Url& url) const {
    if (url.scheme() != "http" && url.scheme() != "https") return Bad("the URL is neither http nor https");
    if (!Allowed(url.host())) return NotAllowed(url.host());
    return {};
  }

  Result<base::HttpFetchReply> Exchange(const Request& request) const {
    std::shared_ptr<fetch::CurlFetcher> fetcher = fetcher_;
    if (request.own_tls) {
      Result<std::shared_ptr<fetch::CurlFetcher>> own = fetch::CurlFetcher::Create(request.tls);
      if (!own.ok()) return own.error();
      fetcher = *std::move(own);
    }
    base::HttpFetchRequest sent = request.sent;
    sent.max_response_bytes = options_.max_response_bytes;
    std::optional<Url> url = Url::Parse(sent.url);
    if (!url) return Bad("the URL cannot be read");
    for (std::size_t hops = 0;; ++hops) {
      if (Status s = Check(*url); !s.ok()) return s.error();
      sent.url = url->text();
      Result<base::HttpFetchReply> reply = fetcher->Fetch(sent);
      if (!reply.ok() || !request.enable_redirect) return reply;
      const std::string location = Location(*reply);
      if (location.empty()) return reply;
      if (hops >= options_.max_redirects) return Error{ErrorCode::kLimitExceeded, "more redirects than " + std::to_string(options_.max_redirects)};
      const std::string before = url->host();
      if (!url->Follow(location)) return Bad("a redirect's URL cannot be read");
      Redirect(sent, reply->status, before != url->host());
    }
  }

  static std::string Location(const base::HttpFetchReply& reply) {
    const std::int64_t s = reply.status;
    if (s != 301 && s != 302 && s != 303 && s != 307 && s != 308) return "";
    for (const auto& [name, value] : reply.headers) {
      if (name == "location") return value;
    }
    return "";
  }

  // As browsers and Go do: 301 to 303 become GET, and credentials stay with the host that they are for.
  static void Redirect(base::HttpFetchRequest& sent, std::int64_t status, bool other_host) {
    if (status <= 303 && sent.method != "GET" && sent.method != "HEAD") {
      sent.method = "GET";
      sent.body.clear();
    }
    if (!other_host) return;
    std::erase_if(sent.headers, [](const auto& header) {
      const std::string name = Lower(header.first);
      return name == "authorization" || name == "cookie" || name == "www-authenticate" || name == "proxy-authorization" || name == "host";
    });
  }

  const NetworkHostOptions options_;
  const std::shared_ptr<fetch::CurlFetcher> fetcher_;
};

}  // namespace

Result<std::shared_ptr<HostAccess>> NetworkHost(NetworkHostOptions options) {
  if (options.allow_net.empty()) return Error{ErrorCode::kInvalidArgument, "allow_net is empty: name the hosts that may be reached, or \"*\""};
  Result<std::shared_ptr<fetch::CurlFetcher>> fetcher = fetch::CurlFetcher::Create();
  if (!fetcher.ok()) return fetcher.error();
  return std::shared_ptr<HostAccess>(std::make_shared<CurlHost>(std::move(options), *std::move(fetcher)));
}

}  // namespace intentgate::rego
