// Partial evaluation: what is left of a query, what may not be evaluated early, what is refused. That what is left answers as
// the whole does is held over generated policies by tests/conformance/differential/partial.py.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>
#include <intentgate/rego_partial.h>

namespace json = intentgate::json;
namespace rego = intentgate::rego;

namespace {

struct Case {
  std::string policy;
  std::string data = "{}";
  std::string input;  // the known part; empty: none
  rego::PartialOptions options = {};
};

json::Value Parse(const std::string& text) {
  const intentgate::Result<json::Value> value = json::Parse(text);
  REQUIRE(value.ok());
  return *value;
}

rego::PartialResult PartialOf(const Case& c, const std::string& query) {
  const rego::SourceFile file{"p.rego", "package p\n" + c.policy};
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile({&file, 1}, Parse(c.data));
  REQUIRE_MESSAGE(compiled.ok(), compiled.diagnostics[0].ToString());
  rego::PartialOptions options = c.options;
  const json::Value input = c.input.empty() ? json::Value() : Parse(c.input);
  if (!c.input.empty()) options.input = &input;
  return compiled.policy->PartialEval(query, options);
}

std::string Queries(const rego::PartialResult& result) {
  if (result.error) return result.error->ToString();
  if (!result.diagnostics.empty()) return result.diagnostics[0].ToString();
  std::string out;
  for (const std::string& query : result.queries) out += (out.empty() ? "" : " | ") + (query.empty() ? "always" : query);
  for (char& c : out) {
    if (c == '\n') c = ';';
  }
  return out.empty() ? "never" : out;
}

std::string QueriesOf(const Case& c, const std::string& query) { return Queries(PartialOf(c, query)); }

// Whether what is left holds for the rest of the input.
bool Holds(const rego::PartialResult& left, const std::string& input) {
  REQUIRE(left.ok());
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile(left.support);
  REQUIRE_MESSAGE(compiled.ok(), compiled.diagnostics[0].ToString());
  const json::Value value = Parse(input);
  for (const std::string& query : left.queries) {
    // Alone, an expression that is false would be an answer.
    const rego::QueryResult result = compiled.policy->Query(query + "\ntrue", &value);
    REQUIRE(result.ok());
    if (!result.answers.empty()) return true;
  }
  return false;
}

rego::PartialOptions Unknown(std::vector<std::string> unknowns) {
  rego::PartialOptions options;
  options.unknowns = std::move(unknowns);
  return options;
}

TEST_CASE("what depends on no unknown is decided") {
  CHECK(QueriesOf({"allow if 1 < 2"}, "data.p.allow") == "always");
  CHECK(QueriesOf({"allow if 1 > 2"}, "data.p.allow") == "never");
  CHECK(QueriesOf({"allow if input.user == \"ann\"", "{}", R"({"user": "ann"})", Unknown({"input.row"})}, "data.p.allow") == "always");
  CHECK(QueriesOf({"allow if input.user == \"ann\"", "{}", R"({"user": "bob"})", Unknown({"input.row"})}, "data.p.allow") == "never");
  CHECK(QueriesOf({"allow if input.user == \"ann\"", "{}", "", Unknown({"input.row"})}, "data.p.allow") == "never");
}

TEST_CASE("rules are written into the query, one query for each way") {
  const Case roles{"default allow := false\nallow if input.role == \"admin\"\nallow if { some r in data.roles; r.name == input.role; input.action in r.actions }",
                   R"({"roles": [{"name": "a", "actions": ["x"]}, {"name": "b", "actions": ["y", "z"]}]})"};
  CHECK(QueriesOf(roles, "data.p.allow == true") ==
        R"(input.role == "admin" | "a" == input.role;input.action in ["x"] | "b" == input.role;input.action in ["y", "z"])");
  CHECK(QueriesOf(roles, "data.p.allow") == QueriesOf(roles, "data.p.allow == true"));
  CHECK(QueriesOf({"f(x) := y if y := x + 1\nallow if f(input.n) > 3"}, "data.p.allow") == "y = (input.n + 1);y > 3");
  CHECK(QueriesOf({"allow if data.m[input.k] == input.v", R"({"m": {"a": 1, "b": 2}})"}, "data.p.allow") ==
        R"(input.k = "a";1 == input.v | input.k = "b";2 == input.v)");
  CHECK(QueriesOf({"deny contains \"x\" if input.a\ndeny contains \"y\" if input.b"}, "data.p.deny[m]") == R"(input.a;m = "x" | input.b;m = "y")");
}

TEST_CASE("unknown data stays a reference") {
  CHECK(QueriesOf({"visible contains id if { some row in data.rows; row.owner == input.user; id := row.id }", "{}", R"({"user": "ann"})", Unknown({"data.rows"})},
                  "data.p.visible[id]") == R"(some row in data.rows;row.owner == "ann";id_1 = row.id;id_1;id = id_1)");
}

TEST_CASE("a rule that cannot be written in is kept") {
  const rego::PartialResult with_else = PartialOf({"level := 1 if input.a\nelse := 2 if input.b\nelse := 3"}, "data.p.level = x");
  CHECK(Queries(with_else) == "x = data.partial.p.level");
  REQUIRE(with_else.support.size() == 1);
  CHECK(with_else.support[0].text == "package partial.p\n\nlevel := 1 if {\n\tinput.a\n} else := 2 if {\n\tinput.b\n} else := 3\n");
  CHECK(QueriesOf({"default allow := false\nallow if input.a"}, "data.p.allow = x") == "x = data.partial.p.allow");
  CHECK(QueriesOf({"deny contains \"x\" if input.a\nallow if count(deny) == 0"}, "data.p.allow") == "count(data.partial.p.deny) == 0");
  // Two values: whether they conflict is known only later.
  CHECK(QueriesOf({"role := \"a\" if input.a\nrole := \"b\" if input.b"}, "data.p.role = \"a\"") == R"(data.partial.p.role = "a")");
}

TEST_CASE("a conflict of values is still one") {
  const rego::PartialResult left = PartialOf({"role := \"a\" if input.a\nrole := \"b\" if input.b\nallow if role == \"a\""}, "data.p.allow");
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile(left.support);
  REQUIRE(compiled.ok());
  const json::Value input = Parse(R"({"a": true, "b": true})");
  REQUIRE(left.queries.size() == 1);
  const rego::QueryResult result = compiled.policy->Query(left.queries[0], &input);
  REQUIRE(result.error);
  CHECK(result.error->code == "eval_conflict_error");
}

TEST_CASE("a negation holds when none of the ways does") {
  const Case c{"bad if input.a == 1\nbad if input.b == 2\nok if not bad"};
  CHECK(QueriesOf(c, "data.p.ok") == "not input.a == 1;not input.b == 2");
  const rego::PartialResult left = PartialOf(c, "data.p.ok");
  CHECK(Holds(left, "{}"));
  CHECK_FALSE(Holds(left, R"({"a": 1})"));
  CHECK_FALSE(Holds(left, R"({"b": 2})"));
}

TEST_CASE("what a negated rule needs is not evaluated outside of the negation") {
  // Undefined inside of `bad` makes bad undefined; written as `not input.a > 1` it would make the negation undefined.
  const rego::PartialResult left = PartialOf({"bad if input.a > 1\nok if not bad"}, "data.p.ok");
  CHECK(Holds(left, "{}"));
  CHECK(Holds(left, R"({"a": 1})"));
  CHECK_FALSE(Holds(left, R"({"a": 2})"));
  // And the other way round: here the operand stands outside.
  const rego::PartialResult direct = PartialOf({"ok if not input.a > 1"}, "data.p.ok");
  CHECK_FALSE(Holds(direct, "{}"));
  CHECK(Holds(direct, R"({"a": 1})"));
}

TEST_CASE("a negation over several answers is no negation of one of them") {
  const rego::PartialResult left = PartialOf({"bad if { some x in input.xs; x > 1 }\nok if not bad"}, "data.p.ok");
  CHECK(Holds(left, R"({"xs": [1]})"));
  CHECK_FALSE(Holds(left, R"({"xs": [1, 2]})"));
  CHECK_FALSE(Holds(left, R"({"xs": [2, 1]})"));
}

TEST_CASE("nothing that differs from one evaluation to the next is evaluated early") {
  CHECK(QueriesOf({"allow if time.now_ns() > 5"}, "data.p.allow") == "time.now_ns() > 5");
  CHECK(QueriesOf({"allow if rand.intn(\"x\", 10) == 3"}, "data.p.allow") == "rand.intn(\"x\", 10) == 3");
  CHECK(QueriesOf({"t := time.now_ns()\nallow if t > 5"}, "data.p.allow") == "v = time.now_ns();v > 5");
  CHECK(QueriesOf({"xs := [uuid.rfc4122(\"x\") | true]\nallow if count(xs) == 1"}, "data.p.allow").find("uuid.rfc4122") != std::string::npos);
  rego::PartialOptions options;
  options.nondeterministic_builtins = true;
  CHECK(QueriesOf({"allow if time.now_ns() > 5", "{}", "", options}, "data.p.allow") == "always");
}

TEST_CASE("with: what is known is set, and the rules are kept as they are") {
  const Case c{"inner if { input.user == \"ann\"; input.row == 1; data.k == 7 }\nok if inner with input.row as 1\nfree if inner", R"({"k": 7})", R"({"user": "ann"})",
               Unknown({"input.row"})};
  const rego::PartialResult left = PartialOf(c, "data.p.ok");
  CHECK(Holds(left, "{}"));
  CHECK(Holds(left, R"({"row": 2})"));
  CHECK(QueriesOf(c, "data.p.free") == "input.row == 1");
  const rego::PartialResult other = PartialOf({c.policy, c.data, R"({"user": "bob"})", c.options}, "data.p.ok");
  CHECK_FALSE(Holds(other, R"({"row": 1, "user": "ann"})"));
}

TEST_CASE("closures count their answers as before") {
  const rego::PartialResult left = PartialOf({"hit if input.a\nhit if input.b\nn := count([1 | hit; some x in [1, 2]])\nok if n == 2"}, "data.p.ok");
  CHECK(Holds(left, R"({"a": true, "b": true})"));
  CHECK_FALSE(Holds(left, "{}"));
}

TEST_CASE("every, some, comprehensions, and, or, template strings") {
  const std::string policy =
      "import rego.v2\nevery_ok if every x in input.xs { x in data.known }\n"
      "both if (input.a == 1) and (input.b == 2)\neither if (input.a == 1) or (input.b == 2)\n"
      "text := $\"{input.a}-{data.none}\"\nlist := [y | some y in input.xs; y > data.least]";
  const Case c{policy, R"({"known": [1, 2], "least": 1})"};
  const rego::PartialResult every = PartialOf(c, "data.p.every_ok");
  CHECK(Holds(every, R"({"xs": [1, 2]})"));
  CHECK(Holds(every, R"({"xs": []})"));
  CHECK_FALSE(Holds(every, R"({"xs": [3]})"));
  CHECK_FALSE(Holds(every, "{}"));
  CHECK(Holds(PartialOf(c, "data.p.both"), R"({"a": 1, "b": 2})"));
  CHECK_FALSE(Holds(PartialOf(c, "data.p.both"), R"({"a": 1})"));
  CHECK(Holds(PartialOf(c, "data.p.either"), R"({"b": 2})"));
  CHECK_FALSE(Holds(PartialOf(c, "data.p.either"), R"({"b": 1})"));
  CHECK(Holds(PartialOf(c, "data.p.text == \"1-<undefined>\""), R"({"a": 1})"));
  CHECK(Holds(PartialOf(c, "data.p.list == [2, 3]"), R"({"xs": [1, 2, 3]})"));
}

TEST_CASE("a document of which a part is unknown") {
  const Case c{"whole := input\nn := count(data.d)", R"({"d": {"a": 1, "b": {"c": 2}}})", R"({"user": {"name": "ann"}})", Unknown({"input.user.age", "data.d.x"})};
  CHECK(Holds(PartialOf(c, "data.p.whole == {\"user\": {\"name\": \"ann\", \"age\": 3}}"), R"({"user": {"age": 3}})"));
  CHECK(Holds(PartialOf(c, "data.p.n == 2"), "{}"));
}

TEST_CASE("a policy is specialised to a tenant") {
  Case c{"default allow := false\nallow if { input.tenant in data.tenants; limit > input.amount }\nlimit := data.limits[input.tenant]",
         R"({"tenants": ["acme", "corp"], "limits": {"acme": 10, "corp": 20}})", R"({"tenant": "acme"})", Unknown({"input.amount"})};
  c.options.disable_inlining = {"data.p.allow"};
  c.options.support_namespace = "acme";
  const rego::PartialResult left = PartialOf(c, "data.p.allow = x");
  CHECK(Queries(left) == "x = data.acme.p.allow");
  const rego::CompileResult special = rego::CompiledPolicy::Compile(left.support);
  REQUIRE(special.ok());
  CHECK(special.policy->Eval("data.acme.p.allow", Parse(R"({"amount": 9})")).value == json::Value(true));
  CHECK(special.policy->Eval("data.acme.p.allow", Parse(R"({"amount": 10})")).value == json::Value(false));
}

TEST_CASE("inlining can be switched off") {
  Case c{"a if input.x\nb if a"};
  c.options.shallow_inlining = true;
  CHECK(QueriesOf(c, "data.p.b") == "data.partial.p.b");
  c.options.shallow_inlining = false;
  c.options.disable_inlining = {"data.p.a"};
  CHECK(QueriesOf(c, "data.p.b") == "data.partial.p.a");
}

TEST_CASE("what cannot be asked is said, with the way out") {
  CHECK(QueriesOf({"a := 1", "{}", "", Unknown({"data"})}, "data.p.a").find("name the documents that are") != std::string::npos);
  CHECK(QueriesOf({"a := 1", "{}", "", Unknown({"inpt.x"})}, "data.p.a").find("such as input.resource") != std::string::npos);
  CHECK(QueriesOf({"a := 1", "{}", "", Unknown({"input[x]"})}, "data.p.a").find("rego_partial_error") != std::string::npos);
  CHECK(QueriesOf({"a := 1", "{}", R"({"x": 1})", Unknown({"input.x.y"})}, "data.p.a").find("name its place as unknown") != std::string::npos);
  CHECK(QueriesOf({"a := 1", R"({"partial": {}})"}, "data.p.a").find("choose another namespace") != std::string::npos);
  CHECK(QueriesOf({"a := 1"}, "data.p.a +").find("rego_parse_error") != std::string::npos);
  CHECK(QueriesOf({"a if input.x"}, "x = data with data as {\"p\": input}").find("rego_partial_error") != std::string::npos);
}

TEST_CASE("limits") {
  Case c{"allow if { some a in data.xs; some b in data.xs; input.a == a; input.b == b }", R"({"xs": [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]})"};
  CHECK(PartialOf(c, "data.p.allow").ok());
  c.options.limits.max_alternatives = 10'000;
  CHECK(QueriesOf(c, "data.p.allow").find("max_queries") != std::string::npos);
  c.options.eval.limits.max_steps = 1000;
  const rego::PartialResult steps = PartialOf(c, "data.p.allow");
  REQUIRE(steps.error);
  CHECK(steps.error->code == "eval_limit_error");
  CHECK(steps.queries.empty());
}

TEST_CASE("the JSON form is OPA's") {
  CHECK(PartialOf({"a if 1 > 2"}, "data.p.a").ToJson() == "{}");
  CHECK(PartialOf({"a if 1 < 2"}, "data.p.a").ToJson() == "{\"queries\":[[]]}");
  CHECK(PartialOf({"a if input.x"}, "data.p.a").ToJson() ==
        R"({"queries":[[{"index":0,"terms":{"type":"ref","value":[{"type":"var","value":"input"},{"type":"string","value":"x"}]}}]]})");
  CHECK(PartialOf({"a if input.x"}, "data.p.a").ToSource() == "# Query 1\ninput.x\n\n");
}

}  // namespace
