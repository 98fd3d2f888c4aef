#include <doctest/doctest.h>

#include <string>

#include "base/encoding.h"
#include "config/near_name.h"
#include "config/server_settings.h"

namespace intentgate::config {
namespace {

constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

Result<std::string> SecretFile(const std::string& path) {
  if (path.ends_with("missing")) return Error{ErrorCode::kIo, path + ": no such file"};
  if (path.ends_with("two-secrets")) return std::string("\n") + kToken + "\n  " + kToken + "-2  \n\n";
  if (path.ends_with("short-secret")) return std::string(kToken) + "\nshort-s3cret\n";
  if (path.ends_with("empty")) return std::string("\n");
  return std::string(kToken) + "\n";
}

ServerSettingsLoad Load(std::string yaml, std::map<std::string, std::string> environment = {},
                        std::map<std::string, std::string> flags = {}) {
  return LoadServerSettings({std::move(yaml), "dir/ig.yaml", std::move(environment), std::move(flags)}, SecretFile);
}

const std::string kGood = "upstream: {url: 'http://127.0.0.1:3000/mcp'}\n";

}  // namespace

TEST_CASE("what nobody sets has its default, and only the upstream must be set") {
  const ServerSettingsLoad load = Load(kGood);
  CHECK(load.problems.empty());
  CHECK(load.settings.listen == "127.0.0.1:8080");
  CHECK(load.settings.limits.max_body_bytes == 1 << 20);
  CHECK(load.settings.upstream.timeout_ms == 30'000);
  CHECK(load.settings.metrics);
  CHECK(load.settings.admin_keys.empty());
  REQUIRE(Load("").problems.size() == 1);
  CHECK(Load("").problems[0].where == "upstream.url");
}

TEST_CASE("a flag wins over the environment, the environment over the file") {
  const std::string yaml = kGood + "listen: {address: '127.0.0.1:1'}\nlog: {level: warn}\n";
  CHECK(Load(yaml).settings.listen == "127.0.0.1:1");
  CHECK(Load(yaml, {{"INTENTGATE_ADDR", ":2"}}).settings.listen == ":2");
  CHECK(Load(yaml, {{"INTENTGATE_ADDR", ":2"}}, {{"listen.address", ":3"}}).settings.listen == ":3");
  CHECK(Load(yaml, {{"INTENTGATE_ADDR", ""}}).settings.listen == "127.0.0.1:1");
}

TEST_CASE("every mistake is told with its place, not only the first") {
  const ServerSettingsLoad load = Load(
      "listen: {address: nowhere, thread: 2}\nupstream:\n  url: ftp://x/\n  timeout_ms: soon\nlog: {level: loud}\n"
      "tls: {certificate: c.pem}\nlimits: [1]\nmcp: {allowed_origins: [https://a.example/path]}\nstore: {kind: whatever}\n",
      {{"INTENTGATE_METRICS_ENABLED", "maybe"}}, {{"listen.adress", ":1"}});
  std::string all;
  for (const SettingsProblem& p : load.problems) all += p.where + ": " + p.message + "\n";
  INFO(all);
  for (const std::string words : {"dir/ig.yaml:1:10 (listen.address)", "dir/ig.yaml:1:28 (listen.thread): is no setting; did you mean listen.threads?",
                                  "dir/ig.yaml:3:3 (upstream.url)", "(upstream.timeout_ms): must be a whole number", "(log.level): must be debug",
                                  "(tls.certificate): needs tls.key", "(limits): must be a mapping", "(mcp.allowed_origins): must be an origin",
                                  "INTENTGATE_METRICS_ENABLED: must be true or false", "--listen.adress: is no setting; did you mean listen.address?"}) {
    INFO(words);
    CHECK(all.find(words) != std::string::npos);
  }
  CHECK(load.problems.size() == 10);
}

TEST_CASE("text that is no YAML, or says a thing twice, is a mistake") {
  const ServerSettingsLoad broken = Load("listen: {address: [\n");
  CHECK(broken.yaml_unreadable);
  REQUIRE(broken.problems.size() == 1);
  CHECK(broken.problems[0].where.starts_with("dir/ig.yaml:"));
  CHECK(Load(kGood + "log: {level: info, level: warn}\n").problems.size() == 1);
  CHECK(Load("- a\n").yaml_unreadable);
}

TEST_CASE("admin tokens are kept as digests, and mistakes never show them") {
  ServerSettingsLoad load = Load(kGood + "admin: {token_file: token}\n",
                                 {{"INTENTGATE_TENANT_ADMINS", "acme:" + std::string(kToken) + "1,beta:" + std::string(kToken) + "2"}});
  CHECK(load.problems.empty());
  REQUIRE(load.settings.admin_keys.size() == 3);
  std::size_t superadmins = 0;
  for (const AdminKey& key : load.settings.admin_keys) {
    if (!key.tenant.empty()) continue;
    ++superadmins;
    CHECK(key.digest == crypto::Sha256(base::AsBytes(std::string_view(kToken))));
  }
  CHECK(superadmins == 1);
  load = Load(kGood, {{"INTENTGATE_ADMIN_TOKEN", "hunter2"}, {"INTENTGATE_TENANT_ADMINS", "hunter2"}});
  REQUIRE(load.problems.size() == 2);
  for (const SettingsProblem& p : load.problems) CHECK(p.message.find("hunter2") == std::string::npos);
  load = Load(kGood + "admin: {token_file: missing}\n");
  REQUIRE(load.problems.size() == 1);
  CHECK(load.problems[0].message == "dir/missing: no such file");
}

TEST_CASE("a tenant's admin cannot become the superadmin by a slip in the settings") {
  const std::string token(kToken);
  for (const std::string& entry : {" :" + token, "\t:" + token, ":" + token}) {
    const ServerSettingsLoad load = Load(kGood, {{"INTENTGATE_TENANT_ADMINS", "acme:" + token + "," + entry}});
    REQUIRE(load.problems.size() == 1);
    CHECK(load.problems[0].message.find("tenant:token") != std::string::npos);
    for (const AdminKey& key : load.settings.admin_keys) CHECK_FALSE(key.tenant.empty());
  }
  for (const std::string& list : {"acme:" + token + ",beta:" + token, "acme:" + token}) {
    const ServerSettingsLoad load = Load(kGood, {{"INTENTGATE_ADMIN_TOKEN", token}, {"INTENTGATE_TENANT_ADMINS", list}});
    REQUIRE_FALSE(load.problems.empty());
    CHECK(load.problems[0].message == "another admin has the same token; each needs its own");
  }
}

TEST_CASE("upstream headers are read, and a value that would break the message is refused") {
  ServerSettingsLoad load = Load("upstream:\n  url: http://h/\n  headers: {Authorization: Bearer abc, X-A: b}\n");
  CHECK(load.problems.empty());
  REQUIRE(load.settings.upstream.headers.size() == 2);
  CHECK(Load("upstream: {url: 'http://h/', headers: {'X A': b}}\n").problems.size() == 1);
  for (const std::string own : {"Host", "content-length", "Transfer-Encoding", "Connection", "Content-Type", "ACCEPT", "Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method",
                                "Mcp-Name", "Last-Event-ID", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect", "Proxy-Connection"}) {
    INFO(own);
    const ServerSettingsLoad refused = Load("upstream: {url: 'http://h/', headers: {" + own + ": x}}\n");
    REQUIRE(refused.problems.size() == 1);
    CHECK(refused.problems[0].message == "the gateway sets " + own + " itself, or the connection does without it; leave it out");
  }
  CHECK(Load("upstream: {url: 'http://h/', headers: {X-A: \"b\\r\\nEvil: 1\"}}\n").problems.size() == 1);
}

TEST_CASE("the server's names are taken out of the environment and are all in the reference") {
  const auto rest = WithoutServerNames({{"INTENTGATE_ADDR", ":1"}, {"INTENTGATE_MASTER_KEY", "k"}, {"PATH", "/"}});
  CHECK(rest.size() == 2);
  CHECK_FALSE(rest.contains("INTENTGATE_ADDR"));
  for (const SettingReference& row : ServerSettingsReference()) CHECK_FALSE(row.description.empty());
}

TEST_CASE("only near names are offered") {
  CHECK(DidYouMean("listen.adress", {"listen.address", "log.level"}) == "; did you mean listen.address?");
  CHECK(DidYouMean("nonsense", {"listen.address"}).empty());
}

TEST_CASE("several upstreams are a list, each with the members of the one") {
  const ServerSettingsLoad load = Load(
      "upstreams:\n- {name: a, url: 'http://h/a', timeout_ms: 7, headers: {X-K: v}}\n"
      "- {name: b, url: 'http://h/b', prefix: '', tool_pins: pins}\n- {name: c, url: 'http://h/c', prefix: see.}\n");
  CHECK(load.problems.empty());
  REQUIRE(load.settings.upstreams.size() == 3);
  const auto all = UpstreamsOf(load.settings);
  CHECK(all[0]->timeout_ms == 7);
  CHECK(all[0]->headers.size() == 1);
  CHECK(all[0]->prefix == "a_");
  CHECK(all[1]->timeout_ms == 30'000);
  CHECK(all[1]->prefix.empty());
  CHECK(all[1]->tool_pins == "dir/pins");
  CHECK(all[2]->prefix == "see.");
  CHECK(UpstreamsOf(Load(kGood).settings).size() == 1);
  // One alone keeps its names.
  CHECK(Load("upstreams: [{name: a, url: 'http://h/a'}]\n").settings.upstreams[0].prefix.empty());
}

TEST_CASE("upstreams that a token, a policy or an agent could not tell apart are mistakes at start") {
  const auto problems = [](const std::string& yaml, std::map<std::string, std::string> environment = {}) {
    std::string all;
    for (const SettingsProblem& p : Load(yaml, std::move(environment)).problems) all += p.where + ": " + p.message + "\n";
    return all;
  };
  const std::string a = "{name: a, url: 'http://h/'";
  CHECK(problems("upstreams: [" + a + "}, " + a + ", prefix: x_}]\n").find("the name a is taken") != std::string::npos);
  CHECK(problems("upstreams: [" + a + ", prefix: x}, {name: b, url: 'http://h/', prefix: x_y}]\n").find("set another upstreams[].prefix") !=
        std::string::npos);
  CHECK(problems("upstreams: [" + a + ", prefix: ''}, {name: b, url: 'http://h/', prefix: ''}]\n").empty());
  CHECK(problems("upstreams: [" + a + ", prefix: 'a b'}]\n").find("must be letters") != std::string::npos);
  CHECK(problems("upstreams: [{url: 'http://h/'}, {name: b}]\n").find("needs a name") != std::string::npos);
  CHECK(problems("upstreams: [{name: b}]\n").find("needs a url or a command") != std::string::npos);
  CHECK(problems("upstreams: []\n").find("must be a list of 1 to 64") != std::string::npos);
  CHECK(problems("upstreams: [" + a + ", nmae: x}]\n").find("is no setting") != std::string::npos);
  CHECK(problems(kGood + "upstreams: [" + a + "}]\n").find("leave this out") != std::string::npos);
  CHECK(problems("upstreams: [" + a + "}]\n", {{"INTENTGATE_UPSTREAM_URL", "http://h/"}}).find("INTENTGATE_UPSTREAM_URL: the upstreams are set") !=
        std::string::npos);
}

TEST_CASE("a mistake in the list of upstreams is told once, and nothing that follows from it") {
  const auto messages = [](const std::string& yaml) {
    std::vector<std::string> all;
    for (const SettingsProblem& p : Load(yaml).problems) all.push_back(p.message);
    return all;
  };
  const std::string a = "{name: a, url: 'http://h/'";
  const auto both = messages(kGood + "upstreams: [" + a + "}]\n");
  REQUIRE(both.size() == 1);
  CHECK(both[0].find("leave this out") != std::string::npos);
  CHECK(messages("upstreams: [{name: a, name: b, url: 'http://h/'}]\n") == std::vector<std::string>{"appears twice"});

  std::string many;
  for (int i = 0; i < 65; ++i) many += "- {name: n" + std::to_string(i) + ", url: 'http://h/'}\n";
  CHECK(messages("upstreams:\n" + many) == std::vector<std::string>{"must be a list of 1 to 64 upstreams"});

  const std::string oauth = "url: 'https://h/', oauth_client_id: c, oauth_token_url: 'http://elsewhere/token'}";
  for (const std::string& yaml : {"upstream: {" + oauth + "\n", "upstreams: [{name: a, " + oauth + "]\n"}) {
    const auto refused = messages(yaml);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].find("must be https") != std::string::npos);
  }
}

TEST_CASE("a name that makes no prefix needs one that is written out") {
  const std::string odd = "{name: 'a b/ü', url: 'http://h/'", other = "{name: b, url: 'http://h/'}";
  const ServerSettingsLoad load = Load("upstreams: [" + odd + "}, " + other + "]\n");
  REQUIRE(load.problems.size() == 1);
  CHECK(load.problems[0].message.find("set prefix") != std::string::npos);
  CHECK(Load("upstreams: [" + odd + ", prefix: a.}, " + other + "]\n").problems.empty());
  CHECK(Load("upstreams: [" + odd + "}]\n").problems.empty());
}

TEST_CASE("tasks are offered when it is set so, in one of two words") {
  CHECK_FALSE(Load(kGood).settings.offer_tasks);
  CHECK(Load(kGood + "mcp: {offer_tasks: true}\n").settings.offer_tasks);
  const ServerSettingsLoad refused = Load(kGood + "mcp: {offer_tasks: maybe}\n");
  REQUIRE(refused.problems.size() == 1);
  CHECK(refused.problems[0].message.find("must be true or false") != std::string::npos);
  CHECK_FALSE(refused.settings.offer_tasks);
}

TEST_CASE("the URL of an approver's page has a place for the approval's id, and is a URL") {
  const std::string page = "https://approve.example.com/a/{id}?by=mcp";
  const ServerSettingsLoad load = Load(kGood + "mcp: {approval_url: '" + page + "'}\n");
  CHECK(load.problems.empty());
  CHECK(load.settings.approval_url == page);
  for (const std::string bad : {"https://approve.example.com/a", "ftp://approve.example.com/{id}", "/a/{id}", "https://approve.example.com/#{id}"}) {
    const ServerSettingsLoad refused = Load(kGood + "mcp: {approval_url: '" + bad + "'}\n");
    REQUIRE(refused.problems.size() == 1);
    CHECK(refused.settings.approval_url.empty());
  }
}

TEST_CASE("the secrets of session ids: one a line, the first is the one that seals; a mistake is told without them") {
  const ServerSettingsLoad load = Load(kGood + "mcp: {session_key_file: two-secrets}\n");
  CHECK(load.problems.empty());
  REQUIRE(load.settings.session_keys.size() == 2);
  CHECK(base::AsText(load.settings.session_keys[0].Expose(crypto::SecretAccess())) == kToken);
  CHECK(base::AsText(load.settings.session_keys[1].Expose(crypto::SecretAccess())) == std::string(kToken) + "-2");
  for (const std::string file : {"short-secret", "empty", "missing"}) {
    const ServerSettingsLoad bad = Load(kGood + "mcp: {session_key_file: " + file + "}\n");
    REQUIRE(bad.problems.size() == 1);
    CHECK(bad.problems[0].message.find("s3cret") == std::string::npos);
  }
}

}  // namespace intentgate::config
