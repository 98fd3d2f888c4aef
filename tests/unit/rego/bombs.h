// Policies that are small and ask for much. tests/unit/rego/bombs_test.cc holds that each ends at a limit,
// tests/bench/rego_bombs_bench.cc measures what that takes.
#pragma once

#include <string>
#include <vector>

namespace intentgate::test {

inline std::string Times(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

// s40, where each of s1, s2, ... is made of two of the one before.
inline std::string Doubled(const std::string& operation, const std::string& first) {
  std::string out = "s0 := " + first + "\n";
  for (int i = 1; i <= 40; ++i) {
    std::string term = operation;
    for (std::size_t at; (at = term.find('X')) != std::string::npos;) term.replace(at, 1, "s" + std::to_string(i - 1));
    out += "s" + std::to_string(i) + " := " + term + "\n";
  }
  return out + "p := count(s40)";
}

struct Bomb {
  const char* name;
  std::string body;
  std::string text;  // input.s
};

inline std::vector<Bomb> Bombs() {
  const std::string large = "((a|b|ab|ba|aab){0,100}){0,10}c";
  const std::string digits = R"("0123456789abcdef")";
  return {
      {"a large regex over a long text", "p if regex.match(\"" + large + "\", input.s)", Times("aab", 30'000)},
      {"large regexes", "p := count([1 | some i in numbers.range(1, 10000); regex.match(sprintf(\"" + large + "%d\", [i]), \"a\")])", ""},
      {"a glob of many stars", R"(p if glob.match(concat("", ["*a" | numbers.range(1, 2000)[_]]), [], input.s))", Times("ab", 50'000)},
      {"a match that may begin anywhere", R"(p := count(regex.find_n("a.*?z|a", input.s, -1)))", Times("a", 200'000)},
      {"overlapping places of half a text", "p := indexof_n(input.s, substring(input.s, 0, 250000))", Times("a", 500'000)},
      {"a search for what nearly fits everywhere",
       "p := [x | some i in numbers.range(1, 10000); x := strings.count(input.s, concat(\"\", [substring(input.s, 0, 100000), \"b\"]))]", Times("a", 500'000)},
      {"patterns that nearly fit everywhere", R"(p := strings.replace_n({concat("", [input.s, "b"]): "x"}, input.s))", Times("a", 500'000)},
      {"affixes that nearly fit", R"(p := [x | numbers.range(1, 100000)[_]; x := strings.any_prefix_match([input.s], [concat("", [input.s, "b"]), input.s])])", Times("a", 100'000)},
      {"an indent as long as a book", R"(p := json.marshal_with_options([[[[1]]]], {"pretty": true, "indent": input.s}))", Times(" ", 8'000'000)},
      {"an escaped object", R"(p := urlquery.encode_object({"a": [input.s | numbers.range(1, 100)[_]]}))", Times("%", 500'000)},
      {"wide JSON", "p := [json.unmarshal(input.s) | numbers.range(1, 1000)[_]]", "[" + Times("1,", 200'000) + "1]"},
      {"wide YAML", "p := [yaml.unmarshal(input.s) | numbers.range(1, 1000)[_]]", "[" + Times("1,", 150'000) + "1]"},
      {"doubling by concat", Doubled(R"(concat("", [X, X]))", digits), ""},
      {"doubling by sprintf", Doubled(R"(sprintf("%v%v", [X, X]))", digits), ""},
      {"doubling by a template", Doubled(R"($"{X}{X}")", digits), ""},
      {"squaring by replace", Doubled(R"(replace(X, "0", X))", digits), ""},
      {"squaring by regex.replace", Doubled(R"(regex.replace(X, "0", X))", digits), ""},
      {"doubling by YAML", Doubled("yaml.marshal([X, X])", digits), ""},
      {"doubling by hex", Doubled("hex.encode(X)", digits), ""},
      {"doubling arrays", Doubled("array.concat(X, X)", "[1, 2, 3]"), ""},
      {"all addresses", R"(p := net.cidr_expand("::/0"))", ""},
      {"a product of many", "p := product([99999999999999999999 | numbers.range(1, 100000)[_]])", ""},
      {"a template of loops in loops",
       R"(p := strings.render_template("{{range .xs}}{{range $.xs}}{{range $.xs}}x{{end}}{{end}}{{end}}", {"xs": numbers.range(1, 1000)}))", ""},
      {"unions of large objects", "o := {sprintf(\"%d\", [i]): i | some i in numbers.range(1, 5000)}\np := object.union_n([o | numbers.range(1, 5000)[_]])", ""},
      {"schemas that double",
       R"(p := json.match_schema({}, {"$ref": "#/definitions/d0", "definitions": object.union({"d40": {"type": "object"}}, {k: v |
  some i in numbers.range(0, 39); k := sprintf("d%d", [i]); r := sprintf("#/definitions/d%d", [i + 1]); v := {"allOf": [{"$ref": r}, {"$ref": r}]}})}))", ""},
      {"functions that call themselves by two names", [] {
         std::string body = "f0(x) := x\n";
         for (int i = 1; i < 60; ++i) {
           const std::string before = "f" + std::to_string(i - 1);
           body += "f" + std::to_string(i) + "(x) := [" + before + "([x, 0]), " + before + "([x, 1])]\n";
         }
         return body + "p := f59(1)";
       }(), ""},
      {"a replaced member of a large document", "q if input.a\np := count([1 | some i in numbers.range(1, 300000); q with input.s as i with input.a as object.union_n([{sprintf(\"%d\", [x]): 1} | some x in numbers.range(1, 500)])])", ""},
  };
}

}  // namespace intentgate::test
