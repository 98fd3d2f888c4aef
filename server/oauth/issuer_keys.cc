#include "oauth/issuer_keys.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <intentgate/json.h>

#include "http/syntax.h"
#include "http/url.h"
#include "oauth/jwt.h"

namespace intentgate::oauth {
namespace {

Error Unusable(std::string what) { return {ErrorCode::kUnavailable, std::move(what)}; }

std::int64_t MaxAge(const base::HttpFetchReply& reply) {
  std::optional<std::int64_t> seconds;
  for (const auto& [name, value] : reply.headers) {
    if (name != "cache-control") continue;
    http::ForEachElement(value, [&seconds](std::string_view element) {
      constexpr std::string_view kDirective = "max-age=";
      const std::string_view text = http::TrimBlanks(element);
      if (!http::EqualsIgnoreCase(text.substr(0, kDirective.size()), kDirective)) return;
      std::int64_t number = 0;
      const auto [end, failure] = std::from_chars(text.data() + kDirective.size(), text.data() + text.size(), number);
      if (failure == std::errc() && end == text.data() + text.size()) seconds = number;
    });
  }
  return std::clamp(seconds.value_or(kDefaultKeySeconds), kMinKeySeconds, kMaxKeySeconds);
}

// RFC 8414 puts the well-known part between host and path, OpenID Connect behind the path.
std::vector<std::string> MetadataUrls(const std::string& issuer) {
  const std::size_t host = issuer.find("://") + 3;
  const std::size_t slash = std::min(issuer.find('/', host), issuer.size());
  std::string path = issuer.substr(slash);
  while (path.ends_with('/')) path.pop_back();
  const std::string origin = issuer.substr(0, slash);
  return {origin + "/.well-known/oauth-authorization-server" + path, origin + path + "/.well-known/openid-configuration"};
}

}  // namespace

std::shared_ptr<const KeySet> IssuerKeys::Current() const {
  const std::lock_guard lock(mutex_);
  if (keys_ == nullptr || Seconds() >= due_at_ + issuer_.keys_keep_seconds) return nullptr;
  return keys_;
}

bool IssuerKeys::Due() const {
  const std::lock_guard lock(mutex_);
  const bool tried_lately = tried_ && Seconds() < tried_at_ + kMinFetchSeconds;
  return !tried_lately && (keys_ == nullptr || Seconds() >= due_at_);
}

bool IssuerKeys::MayFetch() const {
  const std::lock_guard lock(mutex_);
  return !tried_ || Seconds() >= tried_at_ + kMinFetchSeconds;
}

Status IssuerKeys::Fetch() {
  {
    const std::lock_guard lock(mutex_);
    tried_ = true;
    tried_at_ = Seconds();
  }
  const Result<std::string> url = KeysUrl();
  if (!url.ok()) return url.error();
  const Result<base::HttpFetchReply> reply = Get(*url);
  if (!reply.ok()) return Error{reply.error().code, "its keys: " + reply.error().message};
  return Keep(*reply);
}

Status IssuerKeys::Keep(const base::HttpFetchReply& reply) {
  if (reply.status != 200) return Unusable("its keys: HTTP status " + std::to_string(reply.status));
  Result<KeySet> keys = KeySet::Read(reply.body);
  if (!keys.ok()) return Error{keys.error().code, "its keys: " + keys.error().message};
  auto kept = std::make_shared<const KeySet>(*std::move(keys));
  const std::lock_guard lock(mutex_);
  keys_ = std::move(kept);
  got_at_ = Seconds();
  due_at_ = got_at_ + MaxAge(reply);
  return {};
}

Result<base::HttpFetchReply> IssuerKeys::Get(const std::string& url) const {
  const Result<http::Url> read = http::ParseUrl(url);
  if (!read.ok()) return read.error();
  const std::string& host = read->origin.host;
  const bool loopback = host == "127.0.0.1" || host == "::1" || host == "localhost";
  if (!read->tls && !(loopback && issuer_.loopback_http)) return Unusable("its address is not https");
  base::HttpFetchRequest request;
  request.url = url;
  request.headers = {{"Accept", "application/json"}};
  request.timeout_ms = kFetchTimeoutMs;
  request.max_response_bytes = kMaxKeySetBytes;
  return fetcher_->Fetch(request);
}

Result<std::string> IssuerKeys::KeysUrl() const {
  if (!issuer_.jwks_uri.empty()) return issuer_.jwks_uri;
  Error last = Unusable("it has no metadata");
  for (const std::string& url : MetadataUrls(issuer_.issuer)) {
    const Result<base::HttpFetchReply> reply = Get(url);
    if (!reply.ok()) last = Error{reply.error().code, "its metadata: " + reply.error().message};
    if (!reply.ok() || reply->status != 200) continue;
    const Result<json::Value> metadata = json::Parse(reply->body, {.max_bytes = kMaxKeySetBytes, .max_depth = kMaxJwtDepth});
    if (!metadata.ok() || TextOf(*metadata, "issuer") != issuer_.issuer) {
      last = Unusable("its metadata is of another issuer");
      continue;
    }
    const std::string keys = TextOf(*metadata, "jwks_uri");
    const Result<http::Url> at = http::ParseUrl(keys), home = http::ParseUrl(issuer_.issuer);
    if (at.ok() && home.ok() && at->origin.ToString() == home->origin.ToString() && at->tls == home->tls) return keys;
    last = Unusable("its metadata names keys on another host; if that is right, set jwks_uri");
  }
  return last;
}

}  // namespace intentgate::oauth
