#include "mcp/directory.h"

#include <doctest/doctest.h>

namespace intentgate::mcp {
namespace {

using Kind = Directory::Kind;

struct Told {
  std::vector<Directory::Collision> all;
  Directory::Told to() {
    return [this](const Directory::Collision& one) { all.push_back(one); };
  }
};

}  // namespace

TEST_CASE("with one upstream everything is its own, listed or not") {
  const Directory directory(std::vector<Directory::Place>{{"a", "a_"}});
  CHECK(directory.Find(Kind::kTool, "anything") == 0);
  CHECK(directory.Find(Kind::kResource, "x:1") == 0);
}

TEST_CASE("a prefix decides before any list, a name without one needs a list") {
  Told told;
  Directory directory(std::vector<Directory::Place>{{"a", "a_"}, {"b", ""}}, told.to());
  CHECK(directory.Find(Kind::kTool, "a_x") == 0);
  CHECK_FALSE(directory.Find(Kind::kTool, "x"));
  directory.Learn(Kind::kTool, 1, {"x", "a_x"}, true);
  CHECK(directory.Find(Kind::kTool, "x") == 1);
  CHECK(directory.Find(Kind::kTool, "a_x") == 0);
  REQUIRE(told.all.size() == 1);
  CHECK(told.all[0].name == "a_x");
  CHECK(directory.Seen(Kind::kTool, 0, "x") == "a_x");
  CHECK(directory.Own(Kind::kTool, 0, "a_x") == "x");
  CHECK(directory.Seen(Kind::kResource, 0, "x:1") == "x:1");
}

TEST_CASE("what two upstreams offer is nobody's until one of them takes it back, and is told once") {
  Told told;
  Directory directory(std::vector<Directory::Place>{{"a", ""}, {"b", ""}}, told.to());
  directory.Learn(Kind::kTool, 0, {"x", "y"}, true);
  directory.Learn(Kind::kTool, 1, {"x"}, true);
  directory.Learn(Kind::kTool, 1, {"x"}, true);
  CHECK_FALSE(directory.Find(Kind::kTool, "x"));
  CHECK(directory.Find(Kind::kTool, "y") == 0);
  REQUIRE(told.all.size() == 1);
  CHECK(told.all[0].first == "a");
  CHECK(told.all[0].second == "b");
  directory.Learn(Kind::kTool, 1, {"z"}, true);
  CHECK(directory.Find(Kind::kTool, "x") == 0);
  directory.Learn(Kind::kTool, 1, {"w"}, false);
  CHECK(directory.Find(Kind::kTool, "z") == 1);
}

TEST_CASE("a resource is found by its URI, by a template, or because one upstream alone has resources") {
  Directory directory(std::vector<Directory::Place>{{"a", ""}, {"b", ""}});
  CHECK_FALSE(directory.Find(Kind::kResource, "x:1"));
  directory.Learn(Kind::kResource, 0, {"x:1"}, true);
  CHECK(directory.Find(Kind::kResource, "unlisted:1") == 0);
  directory.Learn(Kind::kTemplate, 1, {"y:{n}"}, true);
  CHECK(directory.Find(Kind::kResource, "x:1") == 0);
  CHECK(directory.Find(Kind::kResource, "y:5") == 1);
  CHECK(directory.Find(Kind::kTemplate, "y:{n}") == 1);
  CHECK_FALSE(directory.Find(Kind::kResource, "unlisted:1"));
}

TEST_CASE("templates match URIs that are made from them") {
  CHECK(MatchesTemplate("a://x/{n}", "a://x/1"));
  CHECK(MatchesTemplate("a://{n}/end", "a://1/end"));
  CHECK(MatchesTemplate("{+path}", "a"));
  CHECK(MatchesTemplate("a:{b}{c}", "a:xy"));
  CHECK(MatchesTemplate("a:{b}-{c}", "a:x-y-z"));
  CHECK(MatchesTemplate("plain", "plain"));
  for (const auto& [pattern, uri] : {std::pair{"a://x/{n}", "a://x/"}, {"a://x/{n}", "b://x/1"}, {"a://{n}/end", "a://1/other"},
                                     {"a://{n}/end", "a:///end"}, {"a:{b", "a:x"}, {"a:{b}{c}", "a:x"}, {"a:{b}-{c", "a:x-y"},
                                     {"plain", "plainer"}, {"{a}", ""}}) {
    INFO(pattern, " ", uri);
    CHECK_FALSE(MatchesTemplate(pattern, uri));
  }
}

}  // namespace intentgate::mcp
