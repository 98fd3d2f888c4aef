#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <intentgate/intent.h>

namespace intentgate {
namespace {

Intent Make(std::vector<std::string> allowed, std::vector<std::string> forbidden) {
  Intent intent;
  intent.allowed_tools = std::move(allowed);
  intent.forbidden_tools = std::move(forbidden);
  return intent;
}

}  // namespace

TEST_CASE("a forbidden tool is refused also when it is allowed") {
  const IntentVerdict v = JudgeIntent(Make({"delete", "read"}, {"delete"}), "delete");
  CHECK_FALSE(v.allowed);
  CHECK(v.reason == Reason::kIntentForbidden);
  CHECK(v.why == "the intent of the prompt forbids this tool");
}

TEST_CASE("a tool outside the allowed ones is refused, names being exact") {
  const Intent intent = Make({"read_file"}, {});
  CHECK(JudgeIntent(intent, "read_file").allowed);
  CHECK(JudgeIntent(intent, "read_file").reason == Reason::kAllowed);
  for (const char* tool : {"Read_file", "read_file2", "read_fil", "", "read_*"}) {
    CHECK_FALSE(JudgeIntent(intent, tool).allowed);
    CHECK(JudgeIntent(intent, tool).reason == Reason::kIntentNotCovered);
  }
}

TEST_CASE("without allowed tools only the forbidden ones restrict") {
  CHECK(JudgeIntent(Make({}, {"delete"}), "read").allowed);
  CHECK(JudgeIntent(Make({}, {"delete"}), "delete").reason == Reason::kIntentForbidden);
}

TEST_CASE("a catalogue's digest covers every text and every border") {
  const std::vector<ToolInfo> a = {{"ab", "c", {"d"}}};
  std::vector<std::string> digests;
  for (const std::vector<ToolInfo>& other : std::vector<std::vector<ToolInfo>>{a,
                                                                               {},
                                                                               {{"a", "bc", {"d"}}},
                                                                               {{"ab", "c", {}}},
                                                                               {{"ab", "c", {"d", ""}}},
                                                                               {{"ab", "c", {}}, {"d", "", {}}},
                                                                               {{"ab", "", {"c", "d"}}}}) {
    digests.push_back(CatalogueDigest(other));
    for (std::size_t i = 0; i + 1 < digests.size(); ++i) CHECK(digests[i] != digests.back());
  }
  CHECK(CatalogueDigest(a) == digests.front());
  CHECK(digests.front().size() == 64);
}

}  // namespace intentgate
