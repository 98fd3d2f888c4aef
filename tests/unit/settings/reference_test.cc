#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <intentgate/settings.h>

namespace intentgate::settings {
namespace {

constexpr std::string_view kStart = "<!-- settings: begin -->\n";
constexpr std::string_view kEnd = "<!-- settings: end -->\n";

std::string Code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

std::string Table() {
  std::string out = "| Setting | Variable | Default | What it does |\n|---|---|---|---|\n";
  for (const SettingReference& row : SettingsReference()) {
    out += "| " + Code(row.path) + " | " + Code(row.environment) + " | " + Code(row.default_value) + " | " + row.description + " |\n";
  }
  return out;
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

// UPDATE_GOLDEN=1 writes the table instead of comparing it.
TEST_CASE("docs/configuration.md lists every setting as the code has it") {
  const std::string path = std::string(INTENTGATE_TEST_DATA) + "/../docs/configuration.md";
  const std::string text = Read(path);
  const std::size_t start = text.find(kStart);
  const std::size_t end = text.find(kEnd);
  REQUIRE(start != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::size_t body = start + kStart.size();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << text.substr(0, body) << Table() << text.substr(end);
    return;
  }
  CHECK(text.substr(body, end - body) == Table());
}

TEST_CASE("every variable of the reference is accepted by name") {
  std::set<std::string> seen;
  for (const SettingReference& row : SettingsReference()) {
    if (row.environment.empty()) continue;
    INFO(row.environment);
    CHECK(seen.insert(row.environment).second);
    for (const SettingsProblem& p : LoadGateSettings("", "", {{row.environment, "?"}}).problems) {
      CHECK(p.message.find("no such setting") == std::string::npos);
    }
    CHECK_FALSE(row.description.empty());
  }
}

}  // namespace intentgate::settings
