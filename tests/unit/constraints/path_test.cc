#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "token/constraints/path.h"
#include "unit/constraints/constraint_check.h"

namespace intentgate::token {
namespace {

const Constraint kData = Constraint::Subpath("/data/q3");

}  // namespace

TEST_CASE("a path equal to the root or under it by component is allowed") {
  for (const char* path : {"/data/q3", "/data/q3/a.csv", "/data/q3/b/c/d", "/data/q3/.hidden", "/data/q3/a b/c",
                           "/data/q3/\xc3\xa9t\xc3\xa9.txt", "/data/q3/...x", "/data/q3/a~b", "/data/q3/console.log",
                           "/data/q3/com10", "/data/q3/com"}) {
    INFO(path);
    CHECK(Ask(kData, path) == "holds");
  }
  CHECK(Ask(Constraint::Subpath("/"), "/etc/passwd") == "holds");
  CHECK(Ask(Constraint::Subpath("/"), "/") == "holds");
}

TEST_CASE("a plain path elsewhere fails, also when it shares the root's letters") {
  for (const char* path : {"/", "/data", "/data/q33", "/data/q3x/a", "/etc/passwd", "/DATA/q3/a", "/data/Q3",
                           "/x/data/q3/a"}) {
    INFO(path);
    CHECK(Ask(kData, path) == "fails: is not under \"/data/q3\"");
  }
  CHECK(Ask(Constraint::Subpath("/data"), "/database/x") == "fails: is not under \"/data\"");
  // Byte-wise: the composed and the decomposed spelling are two folders.
  CHECK(Ask(Constraint::Subpath("/\xc3\xa9"), "/e\xcc\x81/x") == "fails: is not under \"/\xc3\xa9\"");
}

TEST_CASE("every strange spelling of a path is refused, with its flaw, and stays refused under not") {
  const std::vector<std::pair<std::string, std::string>> attacks = {
      {"/data/q3/../../etc/passwd", "has a `..` component"},
      {"/data/q3/..", "has a `..` component"},
      {"/data/link/../x", "has a `..` component"},
      {"/../data/q3/a", "has a `..` component"},
      {"/data/q3/./a", "has a `.` component"},
      {"/data/q3/.", "has a `.` component"},
      {"/data/q3//a", "has an empty component"},
      {"//data/q3/a", "has an empty component"},
      {"/data/q3/", "has an empty component"},
      {std::string("/data/q3/a\0.csv", 15), "has a NUL character"},
      {"/data/q3/%2e%2e/x", "has a percent sign"},
      {"/data/q3/%252e%252e/x", "has a percent sign"},
      {"/data/q3/%2E./x", "has a percent sign"},
      {"/data/q3/\xc0\xae\xc0\xae/x", "is not valid UTF-8"},
      {"/data/q3/\xef\xbc\x8e\xef\xbc\x8e/x", "has a character that folds to a dot, slash, backslash or percent sign"},
      {"/data/q3/\xe2\x80\xa5/x", "has a character that folds to a dot, slash, backslash or percent sign"},
      {"/data/q3\xe2\x88\x95x", "has a character that folds to a dot, slash, backslash or percent sign"},
      {"/data/q3/\xef\xbc\x8f/x", "has a character that folds to a dot, slash, backslash or percent sign"},
      {"/data/q3/\xef\xbc\x85" "2e/x", "has a character that folds to a dot, slash, backslash or percent sign"},
      {"/data/q3/a\xe2\x80\x8b", "has an invisible character"},
      {"/data/q3/\xe2\x80\xae" "txt", "has an invisible character"},
      {"/data/q3/\xef\xbb\xbf", "has an invisible character"},
      {"/data/q3/a\nb", "has a control character"},
      {"/data/q3/a\tb", "has a control character"},
      {"/data/q3/a\x7f", "has a control character"},
      {"/data/q3/a\xc2\x85", "has a control character"},
      {"/data/q3\\..\\x", "has a backslash"},
      {"\\\\server\\share", "has a backslash"},
      {"\\\\?\\C:\\data", "has a backslash"},
      {"C:/data/q3", "has a colon"},
      {"/data/q3/file::$DATA", "has a colon"},
      {"/data/q3/file:stream", "has a colon"},
      {"file:///data/q3/a", "has a colon"},
      {"/data/q3/PROGRA~1", "has a component in the short form of Windows"},
      {"/data/q3/a. ", "has a component that ends in a dot or blank"},
      {"/data/q3/a.", "has a component that ends in a dot or blank"},
      {"/data/q3/... /x", "has a component that ends in a dot or blank"},
      {"/data/q3/.../x", "has a component that ends in a dot or blank"},
      {"/data/q3/CON", "has a device name as a component"},
      {"/data/q3/nul.txt", "has a device name as a component"},
      {"/data/q3/Com1", "has a device name as a component"},
      {"/data/q3/lpt\xc2\xb2", "has a device name as a component"},
      {"data/q3/a", "is not an absolute path"},
      {"~/data/q3", "is not an absolute path"},
      {"~root/x", "is not an absolute path"},
      {"", "is not an absolute path"},
      {" /data/q3/a", "is not an absolute path"},
      {"../data/q3", "is not an absolute path"},
      {"/data/q3/" + std::string(5000, 'a'), "is over 4096 bytes"},
  };
  for (const auto& [path, flaw] : attacks) {
    INFO(path);
    CHECK(Ask(kData, path) == "unjudged: " + flaw);
    CHECK(Ask(Constraint::Not(Constraint::Subpath("/secret")), path) == "unjudged: " + flaw);
  }
}

TEST_CASE("a value that is no string is refused as no path") {
  CHECK(AskText(kData, "5") == "unjudged: is a number, not a path");
  CHECK(AskText(kData, "null") == "unjudged: is null, not a path");
  CHECK(AskText(kData, R"(["/data/q3/a"])") == "unjudged: is an array, not a path");
}

TEST_CASE("a root with a flaw is refused when the constraint is made") {
  for (const char* root : {"data", "/data/", "/data/..", "", "/da%74a", "C:/x"}) {
    INFO(root);
    CHECK(Invalid(Constraint::Subpath(root)).starts_with("subpath: the root "));
  }
}

TEST_CASE("a narrower root never allows what a wider one refuses") {
  const std::vector<std::string> parts = {"a", "b", "ab", "..", ".", "", "a.", "%2e", "A"};
  const std::vector<std::string> roots = {"/", "/a", "/a/b", "/a/b/ab"};
  for (const std::string& x : parts) {
    for (const std::string& y : parts) {
      for (const std::string& z : parts) {
        const std::string path = "/" + x + "/" + y + "/" + z;
        bool wider = true;
        for (const std::string& root : roots) {
          const bool holds = Ask(Constraint::Subpath(root), path) == "holds";
          INFO(path, " under ", root);
          CHECK((!holds || wider));
          wider = holds;
        }
      }
    }
  }
}

}  // namespace intentgate::token
