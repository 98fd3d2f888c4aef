// The settings of OAuth: what is read, and what is a mistake.
#include <doctest/doctest.h>

#include <string>

#include "base/encoding.h"
#include "config/server_settings.h"

namespace intentgate::config {
namespace {

Result<std::string> SecretFile(const std::string& path) {
  if (path.ends_with("missing")) return Error{ErrorCode::kIo, path + ": no such file"};
  return std::string(path.ends_with("short") ? "short\n" : "0123456789abcdef0123456789abcdef\n");
}

ServerSettingsLoad Load(const std::string& yaml) {
  return LoadServerSettings({"upstream: {url: 'http://127.0.0.1:3000/mcp'}\nmcp: {public_url: 'https://gw.example.com/v1/mcp'}\n" + yaml, "ig.yaml", {}, {}}, SecretFile);
}
// The only mistake.
std::string Mistake(const std::string& yaml) {
  const ServerSettingsLoad load = Load(yaml);
  std::string all;
  for (const SettingsProblem& problem : load.problems) all += problem.message + "\n";
  INFO(all);
  CHECK(load.problems.size() == 1);
  return load.problems.empty() ? std::string() : load.problems[0].message;
}
std::string Issuer(const std::string& more) { return "oauth:\n  issuers:\n    - {issuer: 'https://as.example.com', tools: [read_file]" + more + "}\n"; }

}  // namespace

TEST_CASE("an issuer is read with its lists and mappings") {
  const ServerSettingsLoad load = Load(
      "oauth:\n  dpop_nonce: true\n  dpop_nonce_key_file: key\n  issuers:\n    - issuer: https://as.example.com\n      algorithms: [RS256, EdDSA]\n      required_scopes: [mcp]\n"
      "      required_claims: {/org/id: acme, kind: agent}\n      scope_tools: {files.read: ['read_*', list], files.write: write_file}\n      max_calls: 5\n"
      "    - {issuer: 'http://127.0.0.1:9/', loopback_http: true, any_type: true, tools: '*', audiences: [a, b]}\n");
  std::string all;
  for (const SettingsProblem& problem : load.problems) all += problem.where + ": " + problem.message + "\n";
  INFO(all);
  REQUIRE(load.problems.empty());
  const OAuthSettings& oauth = load.settings.oauth;
  REQUIRE(oauth.issuers.size() == 2);
  const OAuthIssuer& one = oauth.issuers[0];
  CHECK(one.algorithms == std::vector<std::string>{"RS256", "EdDSA"});
  CHECK(one.required_claims == std::vector<std::pair<std::string, std::string>>{{"/org/id", "acme"}, {"kind", "agent"}});
  REQUIRE(one.scope_tools.size() == 2);
  CHECK(one.scope_tools[0].tools == std::vector<std::string>{"read_*", "list"});
  CHECK(one.scope_tools[1].scope == "files.write");
  CHECK(one.max_calls == 5);
  CHECK(one.clock_skew_seconds == 60);
  CHECK_FALSE(one.any_type);
  CHECK(oauth.issuers[1].audiences == std::vector<std::string>{"a", "b"});
  CHECK(oauth.dpop.nonce_required);
  CHECK(oauth.dpop.nonce_key.size() == 32);
}

TEST_CASE("what would let in too much, or nobody, is a mistake") {
  CHECK(Mistake("oauth: {issuers: []}\n") == "must be a list of 1 to 16 issuers");
  CHECK(Mistake("oauth: {issuers: [{issuer: 'https://as.example.com'}]}\n") == "needs tools or scope_tools: what its tokens reach");
  CHECK(Mistake("oauth: {issuers: [{tools: [a]}]}\n").starts_with("needs an issuer"));
  CHECK(Mistake("oauth: {issuers: [{issuer: 'http://as.example.com', tools: [a]}]}\n").find("is not https") != std::string::npos);
  CHECK(Mistake("oauth: {issuers: [{issuer: 'http://as.example.com', loopback_http: true, tools: [a]}]}\n").find("is not https") != std::string::npos);
  CHECK(Mistake("oauth: {issuers: [{issuer: 'http://127.0.0.1:9', tools: [a]}]}\n").find("is not https") != std::string::npos);
  CHECK(Mistake(Issuer(", algorithms: [HS256]")).starts_with("must be RS256"));
  CHECK(Mistake(Issuer(", algorithms: [none]")).starts_with("must be RS256"));
  CHECK(Mistake(Issuer(", scope_tools: {read: ['[']}")).starts_with("the tool pattern"));
  CHECK(Mistake(Issuer(", scope_tools: [read]")) == "must be a mapping of names");
  CHECK(Mistake(Issuer(", tool: [a]")) == "is no setting; did you mean tools?");
  CHECK(Mistake(Issuer(", clock_skew_seconds: 3600")) == "must be a whole number from 0 to 300");
  CHECK(Mistake(Issuer("}\n    - {issuer: 'https://as.example.com', tools: [a]")) == "the issuer is in the list twice");
  CHECK(Mistake("oauth: {dpop_nonce_key_file: short}\n").starts_with("the key is shorter"));
  CHECK(Mistake("oauth: {issuer: x}\n").starts_with("is no setting"));
  const ServerSettingsLoad no_audience = LoadServerSettings({"upstream: {url: 'http://h/'}\n" + Issuer(""), "ig.yaml", {}, {}}, SecretFile);
  REQUIRE(no_audience.problems.size() == 1);
  CHECK(no_audience.problems[0].message.starts_with("needs audiences, or mcp.public_url"));
}

TEST_CASE("an upstream's OAuth client is whole or not there") {
  const auto mistake = [](const std::string& members) {
    const ServerSettingsLoad load = LoadServerSettings({"upstreams: [{name: a, url: 'https://h/'" + members + "}]\n", "ig.yaml", {}, {}}, SecretFile);
    std::string all;
    for (const SettingsProblem& problem : load.problems) all += problem.message + "\n";
    return all;
  };
  const std::string good = ", oauth_token_url: 'https://as/token', oauth_client_id: gw";
  CHECK(mistake(good + ", oauth_client_secret_file: secret").empty());
  CHECK(mistake(good + ", oauth_client_key_file: key").empty());
  CHECK(mistake(good) == "needs oauth_client_secret_file or oauth_client_key_file, and not both\n");
  CHECK(mistake(good + ", oauth_client_secret_file: secret, oauth_client_key_file: key") == "needs oauth_client_secret_file or oauth_client_key_file, and not both\n");
  CHECK(mistake(", oauth_client_id: gw") == "has OAuth credentials and no oauth_token_url to send them to\n");
  CHECK(mistake(", oauth_token_url: 'http://as/token', oauth_client_id: gw, oauth_client_secret_file: s").find("must be https") != std::string::npos);
  CHECK(mistake(good + ", oauth_client_secret_file: s, headers: {authorization: x}").find("Authorization header of its own") != std::string::npos);
}

TEST_CASE("an upstream with a token for each caller needs callers that it can be for") {
  const auto mistake = [](const std::string& members, const std::string& more = {}) {
    const std::string yaml = "upstreams: [{name: a, url: 'https://h/', oauth_token_url: 'https://as/token', oauth_client_id: gw, oauth_client_secret_file: s" +
                             members + "}]\n" + more;
    const ServerSettingsLoad load = LoadServerSettings({yaml, "ig.yaml", {}, {}}, SecretFile);
    std::string all;
    for (const SettingsProblem& problem : load.problems) all += problem.message + "\n";
    return all;
  };
  const std::string issuers = Issuer(", audiences: [gw]");
  const std::string exchange = ", oauth_grant: token_exchange";
  CHECK(mistake(exchange, issuers).empty());
  CHECK(mistake(exchange + ", oauth_assertion_key_file: key").empty());
  CHECK(mistake(exchange + ", oauth_audience: mail, oauth_own_grant: none", issuers).empty());
  CHECK(mistake(exchange).starts_with("with oauth_grant: token_exchange no caller gets through"));
  CHECK(mistake(", oauth_assertion_key_file: key").find("belong to oauth_grant: token_exchange") != std::string::npos);
  CHECK(mistake(", oauth_own_grant: none").find("belong to oauth_grant: token_exchange") != std::string::npos);
  CHECK(mistake(", oauth_grant: exchange") == "must be client_credentials or token_exchange\n");
  CHECK(mistake(", oauth_own_grant: all") == "must be client_credentials or none\n");
}

TEST_CASE("what says how to get a token for an upstream is a mistake without the place to get it from") {
  for (const std::string member : {"oauth_grant: token_exchange", "oauth_scope: x", "oauth_resource: y", "oauth_audience: z", "oauth_client_auth: post", "oauth_own_grant: none"}) {
    INFO(member);
    const std::string name = "upstream." + member.substr(0, member.find(':'));
    for (const std::string& text : {"upstream: {url: 'http://h/', " + member + "}\n", "upstreams: [{name: a, url: 'http://h/', " + member + "}]\n"}) {
      const ServerSettingsLoad load = LoadServerSettings({text, "ig.yaml", {}, {}}, SecretFile);
      REQUIRE(load.problems.size() == 1);
      CHECK(load.problems[0].where.find("(" + name + ")") != std::string::npos);
      CHECK(load.problems[0].message.find("needs oauth_token_url beside it") == 0);
    }
  }
}

TEST_CASE("proofs with a nonce need the URL that they are made for") {
  const ServerSettingsLoad load = LoadServerSettings({"upstream: {url: 'http://h/'}\noauth: {dpop_nonce: true}\n", "ig.yaml", {}, {}}, SecretFile);
  REQUIRE(load.problems.size() == 1);
  CHECK(load.problems[0].where == "ig.yaml:2:9 (oauth.dpop_nonce)");
  CHECK(load.problems[0].message.find("needs mcp.public_url") == 0);
  CHECK(Load("oauth: {dpop_nonce: true}\n").problems.empty());
  CHECK(LoadServerSettings({"upstream: {url: 'http://h/'}\noauth: {dpop_nonce: false}\n", "ig.yaml", {}, {}}, SecretFile).problems.empty());
}

TEST_CASE("an issuer's servers are names of upstreams") {
  CHECK(Load(Issuer(", servers: [upstream]")).problems.empty());
  CHECK(Mistake(Issuer(", servers: [upstream, upstraem]")) ==
        "servers of https://as.example.com: upstraem is the name of no upstream; did you mean upstream?");
  const std::string two = "mcp: {public_url: 'https://gw.example.com/v1/mcp'}\nupstreams: [{name: files, url: 'http://h/1'}, {name: mail, url: 'http://h/2'}]\n";
  const auto load = [&](const std::string& servers) { return LoadServerSettings({two + Issuer(", servers: " + servers), "ig.yaml", {}, {}}, SecretFile); };
  CHECK(load("[files, mail]").problems.empty());
  CHECK(load("[upstream]").problems.size() == 1);
}

}  // namespace intentgate::config
