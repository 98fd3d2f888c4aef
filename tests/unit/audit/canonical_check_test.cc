#include "audit/canonical_check.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "support/canonical_reference.h"

namespace intentgate::audit {
namespace {

constexpr char kTs[] = "\"ts\":\"2026-01-01T00:00:00Z\"";

std::string With(const std::string& members) { return "{" + members + "}"; }

std::string WhyNot(std::string_view bytes) {
  CanonicalChecker checker;
  const Result<EventView> view = checker.Check(bytes);
  return view.ok() ? "" : view.error().message;
}

// Texts that each rule of strings and names has an opinion on.
const std::vector<std::string> kTexts = {
    "", "a", "b", "seq", "tenant", "ts", "kind", "with \"quotes\" and \\", "\n\t\r\b\f", std::string("\0\x01\x1f\x7f", 4),
    "\xc3\xa9", "\xe2\x80\xa8", "\xef\xbf\xbd", "\xee\x80\x80", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "/", "<&>",
    "exactly8", "longer than eight bytes, with a \xf0\x9f\x98\x80 inside and more behind it", "u0041", "caf\xc3\xa9\n"};

// All that events have, as canonical_event.cc writes them, and names that sort close to one of them.
const std::vector<std::string> kNames = {
    "actor", "agent_id", "arg_keys", "arg_values", "arg_values_text", "args_sha256", "capability_token_id", "caveat_count",
    "check", "code", "commitments", "decided_by", "decision", "decision_event_id", "details", "details_text", "elevation_id",
    "event", "event_id", "intent_summary", "kind", "latency_ms", "latency_us", "method", "outcome", "pending_id",
    "policy_sha256", "producer_id", "producer_seq", "reason", "refused_caveat", "remote_ip", "requires_step_up",
    "result_bytes", "result_sha256", "root_capability_token_id", "schema_version", "seq", "session_id", "tenant", "tool",
    "ts", "upstream_status", "A", "args_sha", "args_sha\n", "args_sha\\", "args_sha2567", "args_shaz", "args_sha\xc3\xa9", "even",
    "event\"", "eventz", "event_id_", "result", "seq\x01", "seq\xf0\x9f\x98\x80", "tt", "ts_", "ts\\", "upstream_status_", "zz"};

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  // n > 0.
  std::uint32_t Below(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }

  json::Value Value(int depth) {
    switch (Below(depth > 3 ? 6 : 8)) {
      case 0: return nullptr;
      case 1: return Below(2) == 0;
      case 2: return static_cast<std::int64_t>(random_()) - (std::int64_t{1} << 31);
      case 3: return json::Value::Double(std::ldexp(static_cast<double>(random_()) - 2e9, static_cast<int>(Below(200)) - 120));
      case 4:
      case 5: return Text();
      case 6: {
        json::Array array;
        for (std::uint32_t i = Below(4); i > 0; --i) array.push_back(Value(depth + 1));
        return array;
      }
      default: return Object(depth + 1);
    }
  }

  json::Value Event() {
    json::Value event = Object(1);
    for (const char* name : {"agent_id", "capability_token_id", "check", "decision", "elevation_id", "event_id", "kind",
                             "producer_id", "tenant", "tool"}) {
      if (Below(3) > 0) event.Set(name, Below(20) == 0 ? Value(2) : json::Value(Text()));
    }
    for (std::uint32_t i = Below(12); i > 0; --i) event.Set(kNames[Below(kNames.size())], Value(2));
    event.Set("seq", Below(20) == 0 ? Value(2) : json::Value(static_cast<std::int64_t>(Below(1'000'000))));
    if (Below(2) == 0) event.Set("producer_seq", Below(20) == 0 ? Value(2) : json::Value(int(Below(1000))));
    event.Set("ts", Below(20) == 0 ? json::Value(Text()) : json::Value("2026-03-04T05:06:07.123456Z"));
    return event;
  }

  // One to three edits, most of them with bytes that mean something in JSON.
  void Mutate(std::string& text) {
    static constexpr std::string_view kBytes = "{}[]\",:\\ \n0123456789-+.eEutrfnabz\x01\x1f\x7f\x80\xbf\xc3\xe2\xed\xf0\xff";
    for (std::uint32_t edits = 1 + Below(3); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = Below(text.size());
      const char byte = kBytes[Below(kBytes.size())];
      switch (Below(6)) {
        case 0: text[at] = byte; break;
        case 1: text.insert(at, 1, byte); break;
        case 2: text.erase(at, 1 + Below(3)); break;
        case 3: text.insert(at, text.substr(Below(text.size()), Below(30))); break;
        case 4: text[at] = static_cast<char>(text[at] ^ 1 << Below(8)); break;
        default: text.resize(at);
      }
    }
  }

 private:
  std::string Text() {
    std::string text = kTexts[Below(kTexts.size())];
    if (Below(3) == 0) text += kTexts[Below(kTexts.size())];
    return text;
  }
  json::Value Object(int depth) {
    json::Value object = json::MakeObject({});
    for (std::uint32_t i = Below(5); i > 0; --i) object.Set(Text(), Value(depth + 1));
    return object;
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("the checker hands out what a verifier needs, with escapes undone") {
  CanonicalChecker checker;
  const std::string bytes =
      "{\"agent_id\":\"a\\nb\",\"details\":{\"seq\":9,\"tenant\":\"inner\"},\"event_id\":\"e\",\"kind\":\"decision\","
      "\"producer_id\":\"p\",\"producer_seq\":4,\"seq\":7,\"tenant\":\"a\\\"c\\u0001\",\"ts\":\"2026-01-01T00:00:00Z\"}";
  const Result<EventView> view = checker.Check(bytes);
  REQUIRE(view.ok());
  CHECK(view->agent_id == "a\nb");
  CHECK(view->tenant == "a\"c\x01");
  CHECK(view->tenant_json == "a\\\"c\\u0001");
  CHECK(view->seq == 7);
  CHECK(view->producer_seq == 4);
  CHECK(view->kind == "decision");
  CHECK(view->tool == "");
  CHECK(view->ts_micros == 1'767'225'600'000'000);
}

TEST_CASE("each way to spell the same event otherwise is refused with its reason") {
  const std::string seq = "\"seq\":1,";
  CHECK(WhyNot(With(seq + kTs)).empty());
  const auto refused = [&](const std::string& bytes, const char* why) {
    CAPTURE(bytes);
    CHECK(WhyNot(bytes).find(why) != std::string::npos);
    CHECK(AgreesWithReference(bytes));
  };
  refused(" " + With(seq + kTs), "exactly one object");
  refused(With(seq + kTs) + " ", "exactly one object");
  refused(With(seq + kTs) + With(seq + kTs), "exactly one object");
  refused("[" + With(seq + kTs) + "]", "exactly one object");
  refused(With(seq + " " + kTs), "blank");
  refused(With("\"seq\": 1," + std::string(kTs)), "blank");
  refused(With("\"seq\":1 ," + std::string(kTs)), "blank");
  refused(With(kTs + std::string(",\"seq\":1")), "not sorted");
  refused(With("\"a\":1,\"a\":1," + seq + kTs), "twice");
  refused(With("\"a\":{\"b\":1,\"a\":1}," + seq + kTs), "not sorted");
  refused(With("\"\xef\xbf\xbd\":1,\"\xf0\x9f\x98\x80\":1"), "not sorted");
  refused(With("\"args_sha256\":\"x\",\"args_sha\\n\":1," + seq + kTs), "not sorted");
  refused(With("\"tenant\":\"a\",\"tenant\":\"b\"," + std::string(kTs)), "twice");
  refused(With("\"event_id\":\"e\",\"event\":\"f\"," + seq + kTs), "not sorted");
  refused(With(seq + "\"tenant\" :\"a\"," + kTs), "blank");
  refused(With(seq + "\"tenant\"\"a\"," + kTs), "colon");
  refused(With("\"s\\u0065q\":1," + std::string(kTs)), "escape it does not need");
  refused(With("\"a\":\"\\u000A\"," + seq + kTs), "escape it does not need");
  refused(With("\"a\":\"\\u000a\"," + seq + kTs), "escape it does not need");
  refused(With("\"a\":\"\\u001F\"," + seq + kTs), "escape it does not need");
  refused(With("\"a\":\"\\/\"," + seq + kTs), "escape it does not need");
  refused(With("\"a\":\"\\u00e9\"," + seq + kTs), "escape it does not need");
  refused(With("\"a\":\"\t\"," + seq + kTs), "control");
  refused(With("\"a\":\"\xc0\x80\"," + seq + kTs), "UTF-8");
  refused(With("\"a\":\"\xed\xa0\x80\"," + seq + kTs), "UTF-8");
  refused(With("\"a\":1.0," + seq + kTs), "ECMAScript");
  refused(With("\"a\":1e2," + seq + kTs), "ECMAScript");
  refused(With("\"a\":-0," + seq + kTs), "ECMAScript");
  refused(With("\"a\":1E+30," + seq + kTs), "ECMAScript");
  refused(With("\"a\":9007199254740993," + seq + kTs), "ECMAScript");
  refused(With("\"a\":1e999," + seq + kTs), "ECMAScript");
  refused(With("\"a\":01," + seq + kTs), "no JSON value");
  refused(With("\"a\":+1," + seq + kTs), "no JSON value");
  refused(With("\"a\":True," + seq + kTs), "no JSON value");
  refused(With("\"a\":nul," + seq + kTs), "no JSON");
  refused(With("\"a\":[1,]," + seq + kTs), "no JSON value");
  refused(With("\"a\":[1 ,2]," + seq + kTs), "blank");
  refused(With("\"a\":\"x"), "no end");
  refused("{\"a\":", "too early");
  refused(With("\"seq\":-1," + std::string(kTs)), "no sequence number");
  refused(With("\"seq\":\"1\"," + std::string(kTs)), "no sequence number");
  refused(With("\"seq\":1"), "ts");
  const auto nested = [&](std::size_t depth) {
    return With("\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "," + seq + kTs);
  };
  CHECK(WhyNot(nested(kEventLimits.max_depth - 1)).empty());
  CHECK(AgreesWithReference(nested(kEventLimits.max_depth - 1)));
  refused(nested(kEventLimits.max_depth), "too deeply");
}

TEST_CASE("a name with an escape stands where its text does, also beside a digit, which sorts before the backslash") {
  for (const char* order : {"\"args_sha\\n\":1,\"args_sha256\":\"x\",", "\"args_sha256\":\"x\",\"args_sha\\\\\":1,",
                            "\"seq\\u0001\":1,", "\"args_sha256\":\"x\",\"args_sha2567\":1,\"capability_token_id\":\"t\","}) {
    const std::string seq_first = std::string(order).starts_with("\"seq") ? "\"seq\":1," + std::string(order)
                                                                        : std::string(order) + "\"seq\":1,";
    CAPTURE(seq_first);
    CHECK(WhyNot(With(seq_first + kTs)).empty());
    CHECK(AgreesWithReference(With(seq_first + kTs)));
  }
}

TEST_CASE("the checker and the parser with the writer agree on generated and on mutated events") {
  Generator generator(20261123);
  int accepted = 0;
  for (int i = 0; i < 40'000; ++i) {
    const Result<std::string> written = json::WriteJcs(generator.Event());
    REQUIRE(written.ok());
    if (!AgreesWithReference(*written)) FAIL(*written);
    if (WhyNot(*written).empty()) ++accepted;
    for (int k = 0; k < 3; ++k) {
      std::string mutated = *written;
      generator.Mutate(mutated);
      if (!AgreesWithReference(mutated)) FAIL(mutated);
    }
  }
  CHECK(accepted > 20'000);
}

}  // namespace intentgate::audit
