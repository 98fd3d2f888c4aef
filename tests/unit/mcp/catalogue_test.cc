#include "mcp/catalogue.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace intentgate::mcp {
namespace {

constexpr std::string_view kGood = R"({"name":"t","description":"good"})";
constexpr std::string_view kAlsoGood = R"({"name":"t","description":"also good"})";
constexpr std::string_view kEvil = R"({"name":"t","description":"evil"})";
constexpr std::string_view kOther = R"({"name":"u"})";

std::string DigestOf(std::string_view tool) { return DefinitionDigest(*json::Parse(tool)); }

struct Pinned {
  std::vector<std::string> told;
  Catalogue catalogue{nullptr,
                      {std::make_shared<const ToolPins>(*ToolPins::Parse(DigestOf(kGood) + " t\n" + DigestOf(kAlsoGood) + " t\n"))},
                      [this](const std::string& tool, const std::string& digest, bool) { told.push_back(tool + " " + digest); }};

  void Learn(bool first, const std::vector<std::string_view>& tools) {
    std::string page;
    for (const std::string_view tool : tools) (page += page.empty() ? "" : ",") += tool;
    catalogue.LearnDefinitions(0, *json::Parse(R"({"result":{"tools":[)" + page + "]}}"), first, [](const std::string& own) { return own; });
  }
  bool Quarantined() const { return catalogue.Quarantined(0, "t"); }
};

}  // namespace

TEST_CASE("a definition that is not accepted stays the tool's until its list begins anew, whatever later pages say") {
  Pinned p;
  p.Learn(true, {kEvil});
  p.Learn(false, {kGood});
  CHECK(p.Quarantined());
  REQUIRE(p.catalogue.SeenTools(0).size() == 1);
  CHECK(p.catalogue.SeenTools(0)[0].digest == DigestOf(kEvil));
  p.Learn(true, {kOther});
  p.Learn(false, {kGood});
  CHECK_FALSE(p.Quarantined());
  p.Learn(false, {kEvil});
  CHECK(p.Quarantined());
  p.Learn(true, {kGood});
  CHECK_FALSE(p.Quarantined());
}

TEST_CASE("replicas that say different accepted things on pages of several lists keep their tool") {
  Pinned p;
  p.Learn(true, {kOther});
  p.Learn(false, {kGood});
  p.Learn(false, {kAlsoGood});
  CHECK_FALSE(p.Quarantined());
}

TEST_CASE("two definitions on one page are a quarantine that no acceptance ends, and are told once") {
  Pinned p;
  for (const std::vector<std::string_view>& page : std::vector<std::vector<std::string_view>>{{kEvil, kGood}, {kGood, kEvil}, {kGood, kEvil, kAlsoGood}}) {
    p.Learn(true, page);
    CHECK(p.Quarantined());
    REQUIRE(p.catalogue.SeenTools(0).size() == 1);
    CHECK(p.catalogue.SeenTools(0)[0].digest == DigestOf(kEvil));
    CHECK(p.catalogue.SeenTools(0)[0].quarantined);
  }
  CHECK(p.told == std::vector<std::string>{"t " + DigestOf(kEvil)});
  p.catalogue.SetPins(0, std::make_shared<const ToolPins>(*ToolPins::Parse(DigestOf(kGood) + " t\n" + DigestOf(kEvil) + " t\n")));
  CHECK(p.Quarantined());
  p.Learn(true, {kEvil});
  CHECK_FALSE(p.Quarantined());
  p.Learn(true, {kEvil, kGood});
  CHECK(p.Quarantined());
  CHECK(p.told.size() == 2);
}

TEST_CASE("an element of a list is accepted by its own definition, whatever its name was last seen with") {
  Pinned p;
  p.Learn(true, {kGood});
  CHECK(p.catalogue.Accepts(0, "t", *json::Parse(kGood)));
  CHECK_FALSE(p.catalogue.Accepts(0, "t", *json::Parse(kEvil)));
  p.Learn(true, {kEvil});
  CHECK(p.Quarantined());
  CHECK(p.catalogue.Accepts(0, "t", *json::Parse(kGood)));
  Catalogue unpinned(nullptr, {nullptr});
  CHECK(unpinned.Accepts(0, "t", *json::Parse(kEvil)));
}

}  // namespace intentgate::mcp
