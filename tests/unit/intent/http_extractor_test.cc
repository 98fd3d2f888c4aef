#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/json.h>

#include "intent/http_extractor.h"

namespace intentgate::intent {
namespace {

// Answers what it is told to and remembers what it was asked.
class FakeFetcher final : public base::HttpFetcher {
 public:
  explicit FakeFetcher(Result<base::HttpFetchReply> reply) : reply_(std::move(reply)) {}
  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override {
    requests.push_back(request);
    return reply_;
  }
  std::vector<base::HttpFetchRequest> requests;

 private:
  Result<base::HttpFetchReply> reply_;
};

const std::string kGood =
    R"({"intent":{"summary":"s","allowed_tools":["a"],"forbidden_tools":["b","c"],"confidence":0.75,"rationale":"r"},"model":"m","latency_ms":12.5})";

Result<Intent> ExtractWith(Result<base::HttpFetchReply> reply, std::string_view prompt = "p") {
  auto fetcher = std::make_shared<FakeFetcher>(std::move(reply));
  auto extractor = HttpExtractor::Create(fetcher, {.base_url = "http://extractor:8090"});
  REQUIRE(extractor.ok());
  return (*extractor)->Extract({.prompt = prompt});
}

std::string ParseMessage(std::string_view body) {
  const Result<Intent> intent = ParseExtractReply(body);
  return intent.ok() ? "ok" : intent.error().message;
}

}  // namespace

TEST_CASE("the request carries the prompt and the agent, within the limits of the settings") {
  auto fetcher = std::make_shared<FakeFetcher>(base::HttpFetchReply{200, kGood});
  auto extractor = HttpExtractor::Create(fetcher, {.base_url = "https://x.example/base/", .timeout_ms = 800});
  REQUIRE(extractor.ok());
  const Result<Intent> intent =
      (*extractor)->Extract({.tenant = "acme", .agent_id = "agent-7", .prompt = "read \"x\""});
  REQUIRE(intent.ok());
  CHECK(intent->allowed_tools == std::vector<std::string>{"a"});
  CHECK(intent->forbidden_tools == std::vector<std::string>{"b", "c"});
  CHECK(intent->confidence == 0.75);
  CHECK(intent->model == "m");
  CHECK(intent->rationale == "r");
  REQUIRE(fetcher->requests.size() == 1);
  const base::HttpFetchRequest& request = fetcher->requests[0];
  CHECK(request.method == "POST");
  CHECK(request.url == "https://x.example/base/v1/extract");
  CHECK(request.body == R"({"prompt":"read \"x\"","agent_id":"agent-7"})");
  CHECK(request.timeout_ms == 800);
  CHECK(request.max_response_bytes == std::size_t{1} << 20);
}

TEST_CASE("an answer that is not exactly an intent is an error, never an open door") {
  const std::string intent_members = R"("summary":"s","allowed_tools":[],"forbidden_tools":["b"],"confidence":0.5)";
  CHECK(ParseMessage(R"({"intent":{)" + intent_members + R"(},"model":"m"})") == "ok");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "is no strict JSON"},
      {"{}", "has no object intent"},
      {"[]", "is no object"},
      {R"({"intent":null,"model":"m"})", "has no object intent"},
      {R"({"intent":{},"model":"m"})", "has no text summary"},
      {R"({"intent":{"summary":"s","forbidden_tools":[],"confidence":0.5},"model":"m"})",
       "has no list intent.allowed_tools"},
      {R"({"intent":{"summary":"s","allowed_tools":[],"confidence":0.5},"model":"m"})",
       "has no list intent.forbidden_tools"},
      {R"({"intent":{"summary":"s","allowed_tools":null,"forbidden_tools":[],"confidence":0.5},"model":"m"})",
       "has no list intent.allowed_tools"},
      {R"({"intent":{"summary":"s","allowed_tools":[5],"forbidden_tools":[],"confidence":0.5},"model":"m"})",
       "has something other than a name in intent.allowed_tools"},
      {R"({"intent":{"summary":"s","allowed_tools":[""],"forbidden_tools":[],"confidence":0.5},"model":"m"})",
       "has something other than a name in intent.allowed_tools"},
      {R"({"intent":{"summary":"s","allowed_tools":[],"forbidden_tools":[]},"model":"m"})",
       "has no intent.confidence from 0 to 1"},
      {R"({"intent":{"summary":"s","allowed_tools":["a"],"forbidden_tools":[],"confidence":1.1},"model":"m"})",
       "has no intent.confidence from 0 to 1"},
      {R"({"intent":{"summary":"s","allowed_tools":["a"],"forbidden_tools":[],"confidence":"1"},"model":"m"})",
       "has no intent.confidence from 0 to 1"},
      {R"({"intent":{)" + intent_members + R"(}})", "has no text model"},
      {R"({"intent":{)" + intent_members + R"(},"model":5})", "has no text model"},
      {R"({"intent":{)" + intent_members + R"(,"Allowed_Tools":["x"]},"model":"m"})", "has a member in another case"},
      {R"({"intent":{)" + intent_members + R"(},"INTENT":{},"model":"m"})", "has a member in another case"},
      {R"({"intent":{)" + intent_members + R"(},"intent":{},"model":"m"})", "is no strict JSON"},
      {kGood + "x", "is no strict JSON"},
      {kGood.substr(0, kGood.size() - 5), "is no strict JSON"},
      {R"({"intent":{"summary":"","allowed_tools":[],"forbidden_tools":["b"],"confidence":0.0},"model":"m"})",
       "allows everything with no confidence"},
  };
  for (const auto& [body, message] : cases) {
    INFO(body);
    CHECK(ParseMessage(body) == "the intent extractor's answer " + message);
    const Result<Intent> through = ExtractWith(base::HttpFetchReply{200, body});
    REQUIRE_FALSE(through.ok());
    CHECK(through.error().code == ErrorCode::kMalformed);
  }
}

TEST_CASE("a status other than 2xx is an error that keeps the body to itself") {
  for (const int status : {199, 301, 400, 422, 500, 503}) {
    const Result<Intent> intent = ExtractWith(base::HttpFetchReply{status, "secret at 10.0.0.5 " + kGood});
    REQUIRE_FALSE(intent.ok());
    CHECK(intent.error().code == ErrorCode::kUnavailable);
    CHECK(intent.error().message == "the intent extractor answered with status " + std::to_string(status));
  }
}

TEST_CASE("failures of the exchange keep their code and name no address") {
  const Result<Intent> late = ExtractWith(Error{ErrorCode::kTimeout, "no answer in time"});
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().code == ErrorCode::kTimeout);
  CHECK(late.error().message == "the intent extractor gave no answer: no answer in time");
  CHECK(ExtractWith(base::HttpFetchReply{200, std::string((std::size_t{1} << 20) + 1, ' ')}).error().message ==
        "the intent extractor's answer is over the size limit");
}

TEST_CASE("blank and oversized prompts are refused without asking") {
  auto fetcher = std::make_shared<FakeFetcher>(base::HttpFetchReply{200, kGood});
  auto extractor = *HttpExtractor::Create(fetcher, {.base_url = "http://x"});
  CHECK(extractor->Extract({.prompt = " \n"}).error().code == ErrorCode::kInvalidArgument);
  const std::string big(kMaxPromptBytes + 1, 'a');
  CHECK(extractor->Extract({.prompt = big}).error().code == ErrorCode::kLimitExceeded);
  CHECK(fetcher->requests.empty());
}

TEST_CASE("a URL that cannot be right is refused when the extractor is made") {
  const auto fetcher = std::make_shared<FakeFetcher>(base::HttpFetchReply{200, kGood});
  for (const char* url : {"", "extractor:8090", "ftp://x", "http://", "http:///v1", "http://u:p@x", "http://x?y",
                          "http://x#y", "http://x y"}) {
    INFO(url);
    const auto extractor = HttpExtractor::Create(fetcher, {.base_url = url});
    REQUIRE_FALSE(extractor.ok());
    CHECK(extractor.error().code == ErrorCode::kInvalidArgument);
    CHECK(extractor.error().message.find("u:p") == std::string::npos);
  }
  CHECK_FALSE(HttpExtractor::Create(fetcher, {.base_url = "http://x", .timeout_ms = 0}).ok());
  CHECK_FALSE(HttpExtractor::Create(nullptr, {.base_url = "http://x"}).ok());
}

}  // namespace intentgate::intent
