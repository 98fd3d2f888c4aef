// Files that the settings name, as `serve --check` and the start find them.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "app/service.h"
#include "base/encoding.h"
#include "support/scratch_folder.h"

namespace intentgate::test {
namespace {

struct Files {
  ScratchFolder folder;
  config::ServerSettings settings;

  Files() {
    config::UpstreamSettings& a = settings.upstreams.emplace_back();
    a.name = "a";
    a.url = *http::ParseUrl("https://127.0.0.1:9/mcp");
  }
  config::UpstreamSettings& upstream() { return settings.upstreams[0]; }
  std::string File(std::string_view name, std::string_view text) {
    const std::string path = folder.File(std::string(name));
    std::ofstream(path) << text;
    return path;
  }
  // "where: message" of each mistake.
  std::vector<std::string> Mistakes() const {
    std::vector<std::string> all;
    for (const SettingsProblem& problem : app::CheckFiles(settings)) all.push_back(problem.where + ": " + problem.message);
    return all;
  }
  void CheckMistake(std::string_view where, std::string_view part) const {
    const std::vector<std::string> all = Mistakes();
    REQUIRE(all.size() == 1);
    INFO(all[0]);
    CHECK(all[0].starts_with(where));
    CHECK(all[0].find(part) != std::string::npos);
  }
};

}  // namespace

TEST_CASE("good files are no mistake") {
  Files f;
  CHECK(f.Mistakes().empty());
  f.settings.tool_pins = f.File("pins", std::string(64, 'a') + " t\n");
  f.upstream().tool_pins = f.File("own", "");
  CHECK(f.Mistakes().empty());
}

TEST_CASE("a file of pins that is missing or has a mistake is told with the setting that names it") {
  Files f;
  f.settings.tool_pins = f.folder.File("nowhere");
  f.CheckMistake("mcp.tool_pins: ", "cannot read");
  f.upstream().tool_pins = f.File("own", "zzz\n");
  f.CheckMistake("upstream.tool_pins (a): ", "line 1");
}

TEST_CASE("authorities that cannot be read, and a file that has none, are mistakes") {
  Files f;
  for (const std::string& path : {f.folder.File("nowhere"), f.File("empty", "no certificate")}) {
    f.upstream().ca_file = path;
    f.CheckMistake("upstream.ca_file (a): ", path);
  }
  f.upstream().ca_file.clear();
  for (const std::string& path : {f.folder.File("nowhere"), f.File("empty", "no certificate")}) {
    f.settings.oauth.ca_file = path;
    f.CheckMistake("oauth.ca_file: ", path);
  }
}

TEST_CASE("a key that is no private JWK is a mistake") {
  Files f;
  const auto bad = [] { return crypto::SecretBytes(base::AsBytes(std::string_view("{not a jwk"))); };
  f.upstream().oauth.token_url = "https://as.example.com/token";
  f.upstream().oauth.client_key = bad();
  f.CheckMistake("upstream.oauth_client_key_file (a): ", "private JWK");
  f.upstream().oauth.assertion_key = bad();
  CHECK(f.Mistakes().size() == 2);
  CHECK(f.Mistakes()[1].starts_with("upstream.oauth_assertion_key_file (a): "));
}

TEST_CASE("every file that cannot be used is told, of every upstream, and two upstreams that share one are told once") {
  Files f;
  config::UpstreamSettings& b = f.settings.upstreams.emplace_back();
  b.name = "b";
  b.url = *http::ParseUrl("https://127.0.0.1:9/b");
  b.ca_file = f.folder.File("nowhere");
  f.settings.tool_pins = f.folder.File("no pins");
  f.settings.oauth.ca_file = f.folder.File("no ca");
  CHECK(f.Mistakes().size() == 3);
}

}  // namespace intentgate::test
