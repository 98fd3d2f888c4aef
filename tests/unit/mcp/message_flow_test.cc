#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "mcp/message_flow.h"

namespace intentgate::mcp {
namespace {

struct Run {
  std::string out;
  std::vector<std::string> looked;
  int passed = 0;
  bool failed = false;  // one of the passed messages had result.isError
  bool ok = true;
  bool resumable = false;
};

// Messages with a member "change" become {"changed":true}; one with a member "bad" is refused.
Run Through(MessageFlow::Form form, std::string_view text, std::size_t window, std::size_t step) {
  Run run;
  MessageFlow flow(
      form, window,
      [&run](json::Value message) -> Result<std::optional<std::string>> {
        run.looked.push_back(json::Write(message));
        if (message.Find("bad") != nullptr) return Error{ErrorCode::kMalformed, "bad"};
        if (message.Find("change") != nullptr) return std::optional<std::string>(R"({"changed":true})");
        return std::optional<std::string>();
      },
      [&run](const AnswerScan& scan) {
        ++run.passed;
        run.failed = run.failed || scan.is_error();
      });
  for (std::size_t at = 0; at < text.size() && run.ok; at += step) run.ok = flow.Feed(text.substr(at, step), run.out).ok();
  run.ok = run.ok && flow.End(run.out).ok();
  run.resumable = flow.resumable();
  return run;
}

// Demands the same however the text is cut.
Run Sse(std::string_view text, std::size_t window = 1000) {
  const Run whole = Through(MessageFlow::Form::kSse, text, window, text.size() + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    const Run cut = Through(MessageFlow::Form::kSse, text, window, step);
    CHECK(cut.out == whole.out);
    CHECK(cut.looked == whole.looked);
    CHECK(cut.passed == whole.passed);
    CHECK(cut.failed == whole.failed);
    CHECK(cut.ok == whole.ok);
  }
  return whole;
}

}  // namespace

TEST_CASE("events go on byte by byte as they came, whatever their line ends") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::string text = ": hello" + end + end + "id: 1" + end + "data:" + end + end + "event: message" + end +
                             "data: {\"a\":" + end + "data: 1.10}" + end + end + "retry: 5" + end + end;
    const Run run = Sse(text);
    CHECK(run.ok);
    CHECK(run.out == text);
    REQUIRE(run.looked.size() == 1);
    CHECK(run.looked[0] == R"({"a":1.10})");
    CHECK(run.resumable);
  }
}

TEST_CASE("a message that is changed keeps its event's name and id") {
  const Run run = Sse("event: message\nid: 7\ndata: {\"change\":1}\n\ndata: {\"a\":1}\n\n");
  CHECK(run.out == "event: message\nid: 7\ndata: {\"changed\":true}\n\ndata: {\"a\":1}\n\n");
}

TEST_CASE("a large event goes on before it has ended, and is only scanned") {
  const std::string large = "data: {\"id\":1,\"result\":{\"text\":\"" + std::string(5000, 'x') + "\",\ndata: \"isError\":true}}\n\n";
  const Run run = Sse("data: {\"a\":1}\n\n" + large + "data: {\"b\":1}\n\n", 200);
  CHECK(run.ok);
  CHECK(run.out.find(large) != std::string::npos);
  CHECK(run.passed == 1);
  CHECK(run.failed);
  CHECK(run.looked == std::vector<std::string>{R"({"a":1})", R"({"b":1})"});
  // It has gone on before its end was there.
  std::string out;
  MessageFlow flow(MessageFlow::Form::kSse, 100, [](json::Value) { return Result<std::optional<std::string>>(std::nullopt); },
                   [](const AnswerScan&) {});
  CHECK(flow.Feed(large.substr(0, 1000), out).ok());
  CHECK(out == large.substr(0, 1000));
  CHECK_FALSE(flow.between());
}

TEST_CASE("rubbish in an event, or a refused message, ends the flow and does not go on") {
  for (const std::string bad : {"{\"bad\":1}", "<html>", "[]", "{\"a\":1,\"a\":2}"}) {
    const Run run = Sse("data: {\"a\":1}\n\ndata: " + bad + "\n\ndata: {\"c\":1}\n\n");
    CHECK_FALSE(run.ok);
    CHECK(run.out == "data: {\"a\":1}\n\n");
  }
}

TEST_CASE("a JSON body is held while it is small and passes by when it is large") {
  const Run small = Through(MessageFlow::Form::kJson, R"({"a":1.10})", 100, 3);
  CHECK(small.ok);
  CHECK(small.out == R"({"a":1.10})");
  CHECK(Through(MessageFlow::Form::kJson, R"({"change":1})", 100, 3).out == R"({"changed":true})");
  CHECK_FALSE(Through(MessageFlow::Form::kJson, "<html>", 100, 3).ok);
  const std::string text = R"({"id":1,"result":{"isError":true,"x":")" + std::string(5000, 'x') + "\"}}";
  const Run large = Through(MessageFlow::Form::kJson, text, 100, 64);
  CHECK(large.ok);
  CHECK(large.out == text);
  CHECK(large.looked.empty());
  CHECK(large.failed);
  CHECK_FALSE(Through(MessageFlow::Form::kJson, text.substr(0, text.size() - 2), 100, 64).ok);
}

TEST_CASE("a flow that shares its stream marks the ids of its events, also of a large one, and refuses it where events mix") {
  const std::string large = "id:9\ndata: {\"id\":1,\"result\":{\"text\":\"" + std::string(500, 'x') + "\"}}\n\n";
  const std::string text = "id: 1\r\ndata: {\"a\":1}\r\n\r\nid\ndata: {\"idle\":1}\n\nid: 2\ndata: {\"change\":1}\n\nid:\ndata:\n\n";
  for (const bool whole : {false, true}) {
    MessageFlow flow(
        MessageFlow::Form::kSse, 100,
        [](json::Value message) -> Result<std::optional<std::string>> {
          if (message.Find("change") != nullptr) return std::optional<std::string>(R"({"changed":true})");
          return std::optional<std::string>();
        },
        [](const AnswerScan&) {});
    flow.Share("4~", whole);
    std::string out;
    for (const char c : text) REQUIRE(flow.Feed(std::string_view(&c, 1), out).ok());
    CHECK(out == "id: 4~1\r\ndata: {\"a\":1}\r\n\r\nid\ndata: {\"idle\":1}\n\nid: 4~2\ndata: {\"changed\":true}\n\nid: \ndata:\n\n");
    out.clear();
    CHECK(flow.Feed(large, out).ok() == !whole);
    CHECK(out.starts_with("id: 4~9\ndata: ") == !whole);
  }
}

TEST_CASE("lines are looked at one by one however they are cut, and none is passed on unlooked at") {
  const std::string large = "{\"a\":\"" + std::string(200, 'x') + "\"}\n";
  struct Row {
    std::string text, out;
    bool ok;
  };
  const Row rows[] = {{"{\"a\":1.10}\n{\"change\":1}\r\n\n {\"b\":1}", "{\"a\":1.10}\n{\"changed\":true}\r\n\n {\"b\":1}", true},
                      {"{\n\"a\":\r\n1}\n{\"change\":\n1}\n", "{ \"a\":  1}\n{\"changed\":true}\n", true},
                      {"{\"a\":1}\n" + large + "{\"b\":1}\n", "{\"a\":1}\n", false},
                      {"{\"a\":1}\n" + large.substr(0, large.size() - 1), "{\"a\":1}\n", false},
                      {"{\"a\":1}\n{\"b\":1}{\"c\":1}\n", "{\"a\":1}\n", false},
                      {"{\"a\":1}\n{\"bad\":1}\n{\"c\":1}\n", "{\"a\":1}\n", false},
                      {"{\"a\":1}\n[{\"b\":1}]\n", "{\"a\":1}\n", false},
                      {"{\"a\":1}\n{\"b\":", "{\"a\":1}\n", false},
                      {"<html>\n", "", false},
                      {"", "", true}};
  for (const Row& row : rows) {
    INFO(row.text);
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, row.text.size() + 1}) {
      const Run run = Through(MessageFlow::Form::kLines, row.text, 100, step);
      CHECK(run.ok == row.ok);
      CHECK(run.out == row.out);
      CHECK(run.passed == 0);
    }
  }
}

}  // namespace intentgate::mcp
