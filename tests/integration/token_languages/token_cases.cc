// Reads cases of test_languages.py, one JSON object a line, and writes {"child", "decoded"} or {"error"} for each.

#include <iostream>
#include <string>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/token.h>

namespace {

using namespace intentgate;

const json::Value& Member(const json::Value& object, std::string_view name) {
  static const json::Value null;
  for (const json::Member& member : object.object()) {
    if (member.name == name) return member.value;
  }
  return null;
}

Result<json::Value> Answer(const std::string& line, const Clock& clock, Random& random) {
  const Result<json::Value> test = json::Parse(line);
  if (!test.ok()) return test.error();
  std::vector<Caveat> caveats;
  for (const json::Value& value : Member(*test, "caveats").array()) {
    Result<Caveat> caveat = Caveat::FromJson(value);
    if (!caveat.ok()) return caveat.error();
    caveats.push_back(*std::move(caveat));
  }
  AttenuateOptions options;
  options.seal = Member(*test, "seal").bool_value();
  options.label = Member(*test, "label").string_value();
  const Result<std::string> child = Attenuate(Member(*test, "token").string_value(), caveats, options, clock, random);
  if (!child.ok()) return child.error();
  const Result<TokenContent> content = Decode(*child);
  if (!content.ok()) return content.error();
  return json::Value(json::Object{{"child", *child}, {"decoded", content->ToJson()}});
}

}  // namespace

int main() {
  const auto clock = SystemClock();
  const auto random = SystemRandom();
  for (std::string line; std::getline(std::cin, line);) {
    const Result<json::Value> answer = Answer(line, *clock, *random);
    if (answer.ok()) {
      std::cout << json::Write(*answer) << '\n';
    } else {
      std::cout << json::Write(json::Value(json::Object{{"error", std::string(ErrorCodeName(answer.error().code))}})) << '\n';
    }
  }
  return 0;
}
