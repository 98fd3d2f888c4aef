#include "config/issuer_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include <yaml-cpp/yaml.h>

#include <intentgate/tool_pattern.h>

#include "config/near_name.h"
#include "crypto/jws.h"
#include "http/url.h"

namespace intentgate::config {
namespace {

using Problem = std::optional<std::string>;

constexpr std::string_view kPath = "oauth.issuers[].";

Problem Url(const std::string& text) {
  const Result<http::Url> url = http::ParseUrl(text);
  return url.ok() ? std::nullopt : Problem(url.error().message);
}

Problem Issuer(const std::string& text, OAuthIssuer& out) {
  if (text.find('?') != std::string::npos) return "an issuer's URL has no query";
  out.issuer = text;
  return Url(text);
}

Problem Algorithm(const std::string& text, OAuthIssuer& out) {
  if (!crypto::IsJwsAlgorithm(text) || text.starts_with("HS")) {
    return "must be RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA";
  }
  out.algorithms.push_back(text);
  return std::nullopt;
}

bool IsScope(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

Problem Pattern(const std::string& text, std::vector<std::string>& out) {
  if (const Status good = CheckToolPattern(text); !good.ok()) return "the tool pattern " + text + ": " + good.error().message;
  out.push_back(text);
  return std::nullopt;
}

Problem Flag(const std::string& text, bool& out) {
  if (text != "true" && text != "false") return "must be true or false";
  out = text == "true";
  return std::nullopt;
}

Problem Whole(const std::string& text, std::int64_t min, std::int64_t max, std::int64_t& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure == std::errc() && end == text.data() + text.size() && out >= min && out <= max) return std::nullopt;
  return "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}

Problem Filled(const std::string& text, std::string& out) {
  if (text.empty()) return "must not be empty";
  out = text;
  return std::nullopt;
}

// kNames: a mapping of names to texts, kNameLists: of names to lists; their `store` gets the name first.
enum class Shape : std::uint8_t { kText, kList, kNames, kNameLists };

struct Row {
  std::string_view name, default_value, description;
  Shape shape;
  Problem (*store)(const std::string& name, const std::string& text, OAuthIssuer& out);
};

#define IG_ROW(name, fallback, description, shape, body) \
  {name, fallback, description, Shape::shape, []([[maybe_unused]] const std::string& key, const std::string& text, OAuthIssuer& out) -> Problem { body }}
#define IG_NUMBER(name, fallback, description, min, max, member) \
  IG_ROW(name, fallback, description, kText, return Whole(text, min, max, out.member);)

constexpr std::int64_t kMost = std::int64_t{1} << 40;

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      IG_ROW("issuer", "", "the authorization server, as `iss` of its tokens says it", kText, return Issuer(text, out);),
      IG_ROW("jwks_uri", "", "its keys; found in its metadata (RFC 8414, OpenID Connect) unless set", kText, out.jwks_uri = text; return Url(text);),
      IG_ROW("audiences", "", "`aud` of tokens for this gateway; mcp.public_url unless set", kList, out.audiences.push_back(text); return text.empty() ? Problem("must not be empty") : std::nullopt;),
      IG_ROW("algorithms", "RS256,PS256,ES256,EdDSA", "what its tokens may be signed with; public-key algorithms alone", kList, return Algorithm(text, out);),
      IG_ROW("any_type", "false", "accept tokens whose `typ` is not `at+jwt` (RFC 9068)", kText, return Flag(text, out.any_type);),
      IG_ROW("loopback_http", "false", "fetch keys with http from this machine; everything else is https", kText, return Flag(text, out.loopback_http);),
      IG_NUMBER("clock_skew_seconds", "60", "how far its clock may be off", 0, 300, clock_skew_seconds),
      IG_NUMBER("max_lifetime_seconds", "86400", "a token that is valid for longer is refused", 60, 90 * 86'400, max_lifetime_seconds),
      IG_NUMBER("keys_keep_seconds", "3600", "how long the last good keys serve while the issuer does not answer", 60, 7 * 86'400, keys_keep_seconds),
      IG_ROW("tenant", "default", "whose callers they are", kText, return Filled(text, out.tenant);),
      IG_ROW("tenant_claim", "", "the claim that names the tenant instead; a name, or a JSON pointer", kText, return Filled(text, out.tenant_claim);),
      IG_ROW("agent_claim", "sub", "the claim that is the agent; a name, or a JSON pointer", kText, return Filled(text, out.agent_claim);),
      IG_ROW("agent_prefix", "", "put before it, so that agents of two issuers differ", kText, out.agent_prefix = text; return std::nullopt;),
      IG_ROW("required_scopes", "", "scopes that every token needs", kList, out.required_scopes.push_back(text); return IsScope(text) ? std::nullopt : Problem("must be a list of scopes");),
      IG_ROW("required_claims", "", "claims and the texts that they must have", kNames, out.required_claims.emplace_back(key, text); return std::nullopt;),
      IG_ROW("tools", "", "patterns of the tools that every token reaches", kList, return Pattern(text, out.tools);),
      IG_ROW("scope_tools", "", "scopes, and the patterns of the tools that each one adds", kNameLists,
             if (out.scope_tools.empty() || out.scope_tools.back().scope != key) out.scope_tools.push_back({key, {}});
             return IsScope(key) ? Pattern(text, out.scope_tools.back().tools) : Problem("the name is no scope");),
      IG_ROW("servers", "", "the upstreams that its tokens reach; all unless set", kList, out.servers.push_back(text); return text.empty() ? Problem("must not be empty") : std::nullopt;),
      IG_NUMBER("max_calls", "0", "calls of each token; 0: no ceiling", 0, kMost, max_calls),
      IG_NUMBER("max_cost_cents", "0", "cost of each token's calls; 0: no ceiling", 0, kMost, max_cost_cents),
      IG_NUMBER("calls_per_minute", "0", "calls of each caller in a minute, over all its tokens; 0: no ceiling", 0, kMost, calls_per_minute),
      IG_ROW("caveats_claim", "", "a claim with a list of caveats that hold besides", kText, return Filled(text, out.caveats_claim);),
  };
  return rows;
}
#undef IG_NUMBER
#undef IG_ROW

class IssuerReader {
 public:
  IssuerReader(const PlaceOfNode& place, const ReportMistake& report) : place_(place), report_(report) {}

  OAuthIssuer Read(const YAML::Node& element, const std::string& where) {
    if (!element.IsMap()) report_(where, "must be a mapping with an issuer");
    else for (const auto& entry : element) Member(entry.first, entry.second);
    if (out_.issuer.empty()) report_(where, "needs an issuer: the URL that `iss` of its tokens has");
    if (out_.tools.empty() && out_.scope_tools.empty()) report_(where, "needs tools or scope_tools: what its tokens reach");
    for (const std::string& url : {out_.issuer, out_.jwks_uri}) CheckScheme(url, where);
    return std::move(out_);
  }

 private:
  void Member(const YAML::Node& key, const YAML::Node& value) {
    const std::string name = key.as<std::string>();
    const std::string where = place_(key, std::string(kPath) + name);
    const auto row = std::find_if(Rows().begin(), Rows().end(), [&](const Row& one) { return one.name == name; });
    if (row == Rows().end()) return report_(where, "is no setting" + DidYouMean(name, Names()));
    if (!seen_.insert(name).second) return report_(where, "appears twice");
    const bool map = row->shape == Shape::kNames || row->shape == Shape::kNameLists;
    if (!map) return Values(*row, {}, value, row->shape == Shape::kList, where);
    if (!value.IsMap()) return report_(where, "must be a mapping of names");
    for (const auto& entry : value) Values(*row, entry.first.as<std::string>(), entry.second, row->shape == Shape::kNameLists, where);
  }

  void Values(const Row& row, const std::string& name, const YAML::Node& value, bool list, const std::string& where) {
    if (value.IsScalar()) return Store(row, name, value.Scalar(), where);
    if (!list || !value.IsSequence()) return report_(where, list ? "must be a list" : "must be a single value");
    for (const YAML::Node& one : value) {
      if (!one.IsScalar()) return report_(where, "must be a list of texts");
      Store(row, name, one.Scalar(), where);
    }
  }

  void Store(const Row& row, const std::string& name, const std::string& text, const std::string& where) {
    if (Problem problem = row.store(name, text, out_)) report_(where, *std::move(problem));
  }

  void CheckScheme(const std::string& text, const std::string& where) {
    const Result<http::Url> url = http::ParseUrl(text);
    if (!url.ok() || url->tls) return;
    const std::string& host = url->origin.host;
    const bool loopback = host == "127.0.0.1" || host == "::1" || host == "localhost";
    if (!loopback || !out_.loopback_http) report_(where, text + " is not https; only this machine may be asked with http, with loopback_http: true");
  }

  static std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const Row& row : Rows()) names.emplace_back(row.name);
    return names;
  }

  const PlaceOfNode& place_;
  const ReportMistake& report_;
  OAuthIssuer out_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<OAuthIssuer> ReadIssuers(const YAML::Node& list, const PlaceOfNode& place, const ReportMistake& report) {
  std::vector<OAuthIssuer> out;
  if (!list.IsSequence() || list.size() == 0 || list.size() > kMaxIssuers) {
    report(place(list, "oauth.issuers"), "must be a list of 1 to " + std::to_string(kMaxIssuers) + " issuers");
    return out;
  }
  for (const YAML::Node& element : list) {
    const std::string where = place(element, "oauth.issuers[" + std::to_string(out.size()) + "]");
    OAuthIssuer one = IssuerReader(place, report).Read(element, where);
    for (const OAuthIssuer& other : out) {
      if (other.issuer == one.issuer) report(where, "the issuer is in the list twice");
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<SettingReference> IssuerReference() {
  std::vector<SettingReference> rows;
  for (const Row& row : Rows()) {
    rows.push_back({std::string(kPath) + std::string(row.name), "", std::string(row.default_value), std::string(row.description)});
  }
  return rows;
}

}  // namespace intentgate::config
