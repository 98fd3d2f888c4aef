#include "evidence/witness_policy.h"

#include <doctest/doctest.h>

#include "support/fixed_random.h"

namespace intentgate::test {
namespace {

tlog::VerifierKey WitnessKey(std::uint8_t seed, tlog::KeyType type = tlog::KeyType::kCosignature) {
  FixedRandom random(seed);
  const auto key = tlog::SigningKey::Generate("w.example", type, random);
  REQUIRE(key.ok());
  return key->verifier();
}

std::string Line(const std::string& name, std::uint8_t seed) {
  return "witness " + name + " " + WitnessKey(seed).ToString() + "\n";
}

bool Reached(const std::string& text, const std::vector<std::uint8_t>& cosigned) {
  const auto policy = evidence::WitnessPolicy::Parse(text);
  REQUIRE_MESSAGE(policy.ok(), policy.error().message);
  std::vector<tlog::VerifierKey> keys;
  for (const std::uint8_t seed : cosigned) keys.push_back(WitnessKey(seed));
  return policy->Reached(keys);
}

void CheckRefused(const std::string& text, const std::string& why) {
  const auto policy = evidence::WitnessPolicy::Parse(text);
  REQUIRE_MESSAGE(!policy.ok(), text);
  CHECK_MESSAGE(policy.error().message.find(why) != std::string::npos, policy.error().message);
}

}  // namespace

TEST_CASE("a quorum of groups of groups is counted") {
  const std::string text = "# comment\n\n" + Line("x1", 1) + Line("x2", 40) + Line("x3", 80) + "\tgroup X  2 x1 x2 x3 \n" +
                           Line("y1", 120) + Line("y2", 160) + "group Y any y1 y2\ngroup both all X Y\nquorum both\n";
  CHECK_FALSE(Reached(text, {}));
  CHECK_FALSE(Reached(text, {1, 40}));
  CHECK_FALSE(Reached(text, {1, 120}));
  CHECK_FALSE(Reached(text, {120, 160}));
  CHECK(Reached(text, {1, 80, 160}));
  CHECK(Reached(text, {1, 40, 80, 120, 160}));
  CHECK_FALSE(Reached(text, {1, 200, 120}));
  CHECK(Reached(Line("x", 1) + "quorum x\n", {1}));
  CHECK_FALSE(Reached(Line("x", 1) + "quorum x\n", {2}));
  CHECK(Reached("quorum none\n", {}));
  CHECK_FALSE(evidence::WitnessPolicy::Parse("quorum none\n")->asks_for_any());
}

TEST_CASE("URLs are prefixes of HTTP, and logs are read") {
  const std::string log = WitnessKey(7, tlog::KeyType::kEd25519).ToString();
  const std::string key = WitnessKey(1).ToString();
  const auto policy = evidence::WitnessPolicy::Parse("log " + log + " https://log.example\nwitness w " + key +
                                                     " https://w.example/a/\nquorum w\n");
  REQUIRE(policy.ok());
  CHECK(policy->witnesses()[0].url == "https://w.example/a");
  CheckRefused("witness w " + key + " ftp://w\nquorum w\n", "line 1: the URL is neither");
}

TEST_CASE("what is no policy is refused with its line") {
  const std::string w = Line("w", 1);
  CheckRefused("", "no line `quorum`");
  CheckRefused(w, "no line `quorum`");
  CheckRefused(w + "quorum w", "line 2: the line does not end");
  CheckRefused(w + "quorum v\n", "line 2: v is not defined before");
  CheckRefused(w + "quorum w\nquorum w\n", "line 3: there is a quorum already");
  CheckRefused(w + "quorum w w\n", "line 2: wants: quorum NAME");
  CheckRefused(w + Line("w", 40) + "quorum w\n", "line 2: the name w stands here twice");
  CheckRefused(w + Line("v", 1) + "quorum w\n", "line 2: the witness's key stands here twice");
  CheckRefused(Line("none", 1) + "quorum none\n", "line 1: the name `none` is taken");
  CheckRefused("witness w " + WitnessKey(1, tlog::KeyType::kEd25519).ToString() + "\nquorum w\n", "none that a witness cosigns");
  CheckRefused("log " + WitnessKey(1).ToString() + "\nquorum none\n", "none that a log signs");
  CheckRefused("witness w rubbish\nquorum w\n", "line 1: ");
  CheckRefused(w + "group g any\nquorum g\n", "wants: group");
  CheckRefused(w + "group g any g\nquorum g\n", "the member g is not defined before");
  CheckRefused(w + "group g 2 w\nquorum g\n", "the threshold is none of");
  CheckRefused(w + "group g 0 w\nquorum g\n", "the threshold is none of");
  CheckRefused(w + "group g 1x w\nquorum g\n", "the threshold is none of");
  CheckRefused(w + "group g any w w\nquorum g\n", "in a group already");
  CheckRefused(w + "group g any w\ngroup h any w\nquorum g\n", "in a group already");
  CheckRefused(w + "group g any none\nquorum g\n", "the member none is not defined before");
  CheckRefused(w + "other\nquorum w\n", "line 2: begins with neither");
  CheckRefused(w + "# \x01\nquorum w\n", "line 2: a control character");
  CheckRefused(std::string(300'000, '#') + "\n", "larger than");
}

}  // namespace intentgate::test
