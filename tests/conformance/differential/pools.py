"""Operands worth trying, for builtins that read a format: texts that fit, and texts that just do not."""
import values
from values import Number, Set

REGEXES = ["a", "a+", "[ab]", "^a.*b$", "(a)(b)?", "(?i)AB", "a|b", "", "(", "[", "a{2,3}", "a{2,1}", "\\d+", "\\bfoo\\b", "(?P<n>a)", "(?<n>a)", "\\p{L}", "[^\\x00-\\x7F]", ".", "(?s).", "x*", "\\C", "a**", "(?=a)", "\\Q.\\E",
           "[[:alpha:]]", "(?m)^b", "\\z", "$", "a{1001}", "\\1", "é", "日|本", "[日-本]"]
GLOBS = ["*", "a*", "**", "a.*", "*.b", "a?c", "[ab]", "[!ab]", "[a-c]", "{a,b}", "{a*,b}", "\\*", "", "a/**/b", "*/b", "[", "{a", "a\\", "é*", "*b*", "{a,{b,c}}", "**.b", "[^a]", "?", "a[b-", "[]a]", "日?"]
TIMES = ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.123456789+02:00", "2024-02-30T00:00:00Z", "1677-09-21T00:12:43Z", "2262-04-11T23:47:16.854775807Z", "2262-04-12T00:00:00Z", "2024-01-02", "2024-01-02t03:04:05z",
         "2024-01-02T24:00:00Z", "2024-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "2024-01-02T03:04:05", "2024-1-2T03:04:05Z", "2024-01-02T03:04:05,5Z", "Tue, 02 Jan 2024 03:04:05 MST", "Mon Jan  2 15:04:05 2006", "3:04PM", "02 Jan 06 15:04 MST", ""]
LAYOUTS = ["2006-01-02", "2006-01-02T15:04:05Z07:00", "RFC3339", "RFC822", "RFC850", "ANSIC", "Kitchen", "Jan _2 2006", "15:04:05.000", "Mon Jan 2", "2006-002", "", "RFC1123Z", "UnixDate", "06/1/2 3:4:5 pm", ".999", "yyyy"]
ZONES = ["", "UTC", "Local", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Nowhere/City", "EST", "../etc", "Pacific/Apia"]
NANOS = [0, 1, -1, 1704164645000000000, 1704164645123456789, -6795364578871345152, 9223372036854775807, Number("1e18"), 1.5, Number("9223372036854775808"), 1711846800000000000, 1730595600000000000]
DURATIONS = ["1h", "1h2m3s", "-1.5h", "1ms", "1us", "1µs", "1ns", "", "1", "1d", ".5s", "1.s", "99999999h", "0", "+1m", "1h-2m"]
SEMVERS = ["1.0.0", "1.2.3-alpha.1", "1.2.3-alpha.beta", "1.2.3+build", "1.2", "v1.2.3", "1.2.3-", "01.2.3", "1.2.3-01", "999999999999999999999.0.0", "1.0.0-rc.1+b.2", "", "1.2.3.4", "1.2.3-alpha", "1.2.x", "-1.0.0"]
UNITS = ["1", "1K", "1Ki", "1KB", "1.5GiB", "100m", "1 Mi", "", "K", "1e3", "1E", "-1M", "1.2.3", "1kb", "5PiB", "\"1M\"", "1_000", "0.001m", "1EiB", "99999999999999999999", "1 000", "1ki", "1mi", ".5K", "1.K", "0x10", "1t", "1Q", "1e3k"]
URIS = ["http://a.b/c?d=e#f", "https://u:p@host:8080/x/../y", "a", "", "://", "http://[::1]:80/", "http://a b", "mailto:x@y", "//host/p", "/p?q", "?q", "#f", "http://%zz", "http://a:port/", "urn:a:b", "http://é.com/ü", "http://h/%41%2f", "HTTP://H", "1a:b", "http://h?a=b&a=c", "http://[::1", "http://h:"]
QUERIES = ["a=1&b=2", "a=1&a=2", "a", "=", "&", "a=%41+b", "a=%zz", "", "a;b", "a=b=c", "%41=1", "a=é", "a=1&&b"]
ESCAPED = ["a%20b", "a+b", "%", "%4", "%zz", "é", "%C3%A9", "%ff", "", "a b&c", "%00"]
BASES = ["", "aGk=", "aGk", "aGk==", "aG k=", "aGk=\n", "_-8=", "+/8=", "_-8", "YQ==", "YR==", "****", "68656c6c6f", "6", "zz", "AB", "ab", "/w==", "a===", "=", "YWJj", "YWJ"]
CIDRS = ["10.0.0.0/8", "10.1.2.3/16", "10.0.0.0/33", "192.168.0.0/30", "::/0", "2001:db8::/32", "2001:db8::/126", "fe80::1%eth0/64", "10.0.0.1", "::1", "::ffff:10.0.0.0/104", "", "a", "010.0.0.0/8", "10.0.0/8", "10.0.0.0/08", "10.0.0.128/25",
         "10.0.0.0/25", "1.2.3.4/32", "::1/128", "0.0.0.0/0", "10.0.0.0/-1", "10.0.0.0/ 8", "192.168.1.0/31"]
JSONS = ["1", "{}", "[1, 2]", "{\"a\": 1}", "{\"a\": 1, \"a\": 2}", "nul", "", " 1 ", "1 2", "[1,]", "\"\\u00e9\"", "\"\\ud800\"", "01", "-0", "1e400", "1.50", "NaN", "{a: 1}", "\"\t\"", "[[[]]]", "12345678901234567890123", "1E5", "-", "1.", "\"\\x\"", "true false", "\ufeff1", "{\"a\":null}"]
YAMLS = JSONS + ["a: 1", "- a\n- b", "a: [1, 2]", "a: &x 1\nb: *x", "a: !!str 1", "yes", "on", "~", "0x10", "0o7", "017", "1_000", ".inf", "2024-01-02", "a: |\n  x\n  y", "a: >\n  x\n  y\n", "? a\n: b", "<<: {a: 1}", "a: 1\na: 2", "---\na: 1\n---\nb: 2", "a:\tb",
                 "'it''s'", "\"a\\nb\"", "# c", "- - a\n  - b", "!!binary aGk=", "a: *none", "{a, b: 2}", "[a b, c]", "1: 2", "true: 1", "null: 1", "1.5: x", "a: b: c", "%TAG", "&a [*a]", "!x y", "a: 'x", "- a\n b: 1", ".5", "1e3", "+1", "y", "n", "Yes", "TRUE", "12:30:45", "a: &a {b: 1}\nc:\n  <<: *a\n  d: 2"]
FORMATS = ["%v", "%d", "%s", "%q", "%x", "%X", "%5.1f|", "%-5d|", "%05d", "%+d", "%e", "%g", "%t", "%c", "%U", "%b", "%o", "%%", "%", "%!", "%z", "%[2]v", "%[1]d%[1]d", "%*d", "%.2s", "%8.3v|", "%#v", "%T", "%v %v", "", "é%v", "%6v|", "% d", "%#x", "%x %x", "%.*f", "%[3]*.[2]*[1]f", "%[5]v", "%-10s|",
           "%010.3f", "%w", "%p", "%O", "%#o", "%#q", "%+q", "% x", "%F", "%G", "%.3g", "%.0f", "%20.10d|"]
TEMPLATES = ["{{.a}}", "x{{ .b }}y", "{{range .k}}<{{.}}>{{end}}", "{{if .a}}t{{else}}f{{end}}", "{{.none}}", "{{", "{{end}}", "{{len .k}}", "{{index .k 0}}", "{{printf \"%v\" .a}}", "{{.a.b}}", "{{with .a}}{{.}}{{end}}", "{{/* c */}}", "{{- .a -}}", "{{eq .a 1}}", "{{range $i, $x := .k}}{{$i}}={{$x}};{{end}}", "", "{{.a | printf \"%q\"}}",
             "{{and .a .b}}", "{{not .a}}", "{{html .a}}", "{{js .a}}", "{{urlquery .a}}", "{{slice .a 1}}", "{{lt .a .b}}", "{{define \"x\"}}y{{end}}{{template \"x\"}}", "{{$x := .a}}{{$x}}", "{{break}}", "{{nil}}", "{{1.5}}", "{{'a'}}", "{{`a`}}", "{{.a}} {{.b}}", "{{range .l}}{{.}}{{else}}none{{end}}", "{{call .a}}", "{{println .a}}", "{{or .none .a}}"]
SCHEMA_WORDS = [{"type": "string"}, {"type": "integer"}, {"type": ["string", "null"]}, {"minimum": 1}, {"maximum": 10, "exclusiveMaximum": True}, {"pattern": "^a"}, {"enum": ["a", 1, None]}, {"minLength": 1}, {"maxItems": 1}, {"required": ["a"]}, {"properties": {"a": {"type": "number"}}}, {"items": {"type": "string"}},
                {"additionalProperties": False}, {"anyOf": [{"type": "string"}, {"type": "number"}]}, {"not": {"type": "string"}}, {"oneOf": [{"type": "number"}, {"minimum": 2}]}, {"uniqueItems": True}, {"multipleOf": 2}, {"format": "email"}, {"$ref": "#/definitions/x", "definitions": {"x": {"type": "string"}}}, {"const": 1}, {"type": "nonsense"},
                {"patternProperties": {"^a": {"type": "string"}}}, {"minProperties": 2}, {"dependencies": {"a": ["b"]}}, {}, True, False, {"contains": {"type": "number"}}, {"propertyNames": {"pattern": "^a"}}, {"if": {"type": "string"}, "then": {"minLength": 2}}, {"required": "a"}, {"minimum": "1"}, {"$ref": "#/none"}, {"format": "ipv4"}, {"format": "date-time"}]
SDL = ["type Query { a: Int }", "type Query { a(b: String!): [Int!]! c: T } type T { d: ID }", "type Query", "", "schema { query: Q } type Q { x: Boolean }", "enum E { A B } type Query { e: E }", "type Query { a: None }", "union U = A | B type A { x: Int } type B { y: Int } type Query { u: U }",
       "interface I { x: Int } type A implements I { x: Int } type Query { i: I }", "input N { a: Int = 1 } type Query { f(n: N): Int }", "scalar D type Query { d: D }", "type Query { a: Int } type Query { b: Int }", "{", "directive @x on FIELD type Query { a: Int }", "extend type Query { b: Int } type Query { a: Int }"]
GQL = ["{ a }", "query { a }", "query Q($v: String!) { a(b: $v) }", "{ c { d } }", "{ none }", "{ a { x } }", "{", "", "mutation { a }", "fragment F on T { d } { c { ...F } }", "{ e }", "{ x: a }", "{ u { ... on A { x } } }", "{ a @skip(if: true) }", "{ f(n: {a: 1}) }", "query A { a } query B { a }", "{ a(b: \"x\") }", "subscription { a }", "{ __typename }", "{ i { x } }"]
POINTERS = ["/a", "a", "a/b", "/a/0", "", "/", "a/-", "/b/0/k", "é", "a~1b", "a~0b", ["a"], ["a", 0], ["b", "0"], ["a", "-"], [], ["k", "l"], "/k/l", "k", ["b", 1], ["none"], "/a/00"]
UUIDS = ["00000000-0000-0000-0000-000000000000", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}", "f81d4fae7dec11d0a76500a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "x", "", "018f4e2a-7b6c-7def-8123-456789abcdef",
         "000003e8-4a5b-21ef-b200-325096b39f47", "1ef21d2f-1207-6660-8c4f-419efbd44d48"]
TOKENS = ["eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.X", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ", "a.b.c", "..", "", "e30.e30.", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.", "eyJhbGciOiJIUzI1NiJ9.WzFd.AA", "eyJlbmMiOiJ4In0.e30.AA", "e30=.e30.AA", "eyJhbGciOiJIUzI1NiIsImN0eSI6IkpXVCJ9.ImEuYi5jIg.AA", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyIjoiYSJ9.CuqsDOkLqLFXLkLrGhBDVeEXoLcHpyAkZxKPTRPkwCs"]
MODULES = ["package a", "package a\np := 1", "package a\nimport rego.v1\np if { x := 1 }", "p := 1", "", "package", "package a\np {", "package a.b[\"c\"]", "package a\n# c\np contains 1", "package a\nf(x) := y if { y = x } else := 2"]
HMAC = ["", "a", "abc", "é", "aaaa"]
SMALL = [0, 1, 2, 3, -1, 5, 10, 1.5, 36, -3, 100, Number("2.0"), Number("1e1")]


def number_of(rng):
    return rng.choice(SMALL)


def patch(rng):
    out = []
    for _ in range(rng.randint(1, 3)):
        one = {"op": rng.choice(["add", "remove", "replace", "move", "copy", "test", "add", "replace", "nop"]), "path": rng.choice(POINTERS)}
        if rng.random() < 0.8:
            one["value"] = values.anything(rng, 1)
        if rng.random() < 0.5:
            one["from"] = rng.choice(POINTERS)
        out.append(one)
    return out


def tree(rng):
    return {"a": [1, {"k": 2}], "b": [{"k": {"l": values.scalar(rng)}}, "x"], "k": {"l": values.anything(rng, 1)}, "é": 1, "a/b": 2}


def paths(rng):
    chosen = values.unique([rng.choice(POINTERS) for _ in range(rng.randint(0, 3))])
    return Set(chosen) if rng.random() < 0.5 else chosen


def graph(rng):
    nodes = ["a", "b", "c", "d", 1]
    return {n: (Set if rng.random() < 0.5 else list)(rng.sample(nodes, rng.randint(0, 3))) for n in rng.sample(nodes, rng.randint(1, 5))}


def nodes(rng):
    chosen = rng.sample(["a", "b", "c", "d", 1, "z"], rng.randint(0, 3))
    return Set(chosen) if rng.random() < 0.5 else chosen


def moment(rng):
    pick = rng.random()
    if pick < 0.4:
        return rng.choice(NANOS)
    if pick < 0.8:
        return [rng.choice(NANOS), rng.choice(ZONES)]
    return [rng.choice(NANOS), rng.choice(ZONES), rng.choice(LAYOUTS)]


def cidrs(rng):
    pick = rng.random()
    if pick < 0.3:
        return rng.choice(CIDRS)
    chosen = rng.sample(CIDRS, rng.randint(0, 4))
    if pick < 0.5:
        return chosen
    if pick < 0.7:
        return Set(chosen)
    if pick < 0.85:
        return {k: c for k, c in zip("abcd", chosen)}
    return [[c, 1] for c in chosen]


def cidr_list(rng):
    chosen = rng.sample(CIDRS, rng.randint(0, 4))
    return chosen if rng.random() < 0.5 else Set(chosen)


def format_arguments(rng):
    return [values.anything(rng, 1) for _ in range(rng.randint(0, 3))]


def numbers(rng):
    return [values.number(rng) for _ in range(rng.randint(0, 4))]


def template_values(rng):
    return {"a": values.anything(rng, 1), "b": values.scalar(rng), "k": [values.scalar(rng) for _ in range(rng.randint(0, 3))], "l": []}


def words(rng):
    chosen = [rng.choice(values.STRINGS) for _ in range(rng.randint(0, 3))]
    return rng.choice([chosen, Set(values.unique(chosen)), rng.choice(values.STRINGS)])


def marshal_options(rng):
    return {k: v for k, v in {"pretty": rng.choice([True, False, 1]), "indent": rng.choice(["", " ", "\t", "x", 1]), "prefix": rng.choice(["", ">", None]), "other": 1}.items() if rng.random() < 0.4}


def replacements(rng):
    return {rng.choice(values.STRINGS): rng.choice(values.STRINGS) for _ in range(rng.randint(0, 4))}


def objects(rng):
    return [values.an_object(rng) for _ in range(rng.randint(0, 3))]


def sets(rng):
    return Set(values.unique([values.a_set(rng, 1) for _ in range(rng.randint(0, 3))]))


def schema(rng):
    word = rng.choice(SCHEMA_WORDS)
    if isinstance(word, dict) and rng.random() < 0.4:
        other = rng.choice(SCHEMA_WORDS)
        word = {**word, **other} if isinstance(other, dict) else word
    return values.write(word) if rng.random() < 0.1 else word


def query_object(rng):
    return {rng.choice(values.KEYS): rng.choice([values.string(rng), [values.string(rng) for _ in range(2)], Set(values.unique([values.string(rng), "z"]))]) for _ in range(rng.randint(0, 3))}


POOLS = {
    "regex.match:0": REGEXES, "re_match:0": REGEXES, "regex.is_valid:0": REGEXES, "regex.split:0": REGEXES, "regex.replace:1": REGEXES, "regex.find_n:0": REGEXES, "regex.find_all_string_submatch_n:0": REGEXES,
    "regex.replace:2": ["x", "$1", "${1}", "$n", "${n}x", "$$", "$", "${", "$1x", "$0", "${é}", "${1", "$é"], "regex.find_n:2": number_of, "regex.find_all_string_submatch_n:2": number_of,
    "regex.globs_match": ["a", "a.*", "a+", "[ab]", ".*b", "a.+", "", "[^a]", "a\\.", "[a-c]*d", "(", "*", "ab.*c", ".", "[ab", "\\*"], "regex.template_match:0": ["urn:{a+}", "{a|b}", "x{", "", "{.*}:{b}", "a{(}", "<a+>"], "regex.template_match:1": ["urn:aa", "a", "b", "", "x:b"],
    "regex.template_match:2": ["{", "<", "", "é", "{{"], "regex.template_match:3": ["}", ">", "", "é"],
    "glob.match:0": GLOBS, "glob.match:1": [None, [], ["."], ["/"], [".", "/"], [".."], [""], ["é"]], "glob.match:2": ["a", "ab", "a.b", "a/b", "a/x/b", "abc", "é", "b", "", "*", "日本", "a.b.c"], "glob.quote_meta": GLOBS,
    "time.parse_rfc3339_ns": TIMES, "time.parse_ns:0": LAYOUTS, "time.parse_ns:1": TIMES, "time.parse_duration_ns": DURATIONS, "time.clock": moment, "time.date": moment, "time.weekday": moment, "time.format": moment, "time.diff": moment, "time.add_date:0": NANOS,
    "time.add_date": number_of, "semver.compare": SEMVERS, "semver.is_valid": SEMVERS, "units.parse": UNITS, "units.parse_bytes": UNITS, "uri.parse": URIS, "uri.is_valid": URIS, "urlquery.decode": ESCAPED, "urlquery.decode_object": QUERIES, "urlquery.encode_object": query_object,
    "base64.decode": BASES, "base64.is_valid": BASES, "base64url.decode": BASES, "hex.decode": BASES, "net.cidr_contains": CIDRS, "net.cidr_intersects": CIDRS, "net.cidr_overlap": CIDRS, "net.cidr_is_valid": CIDRS, "net.cidr_contains_matches": cidrs, "net.cidr_merge": cidr_list,
    "net.cidr_expand": [c for c in CIDRS if c not in ("10.0.0.0/8", "::/0", "0.0.0.0/0", "2001:db8::/32", "::ffff:10.0.0.0/104", "fe80::1%eth0/64", "10.1.2.3/16", "10.0.0.0/08")], "json.unmarshal": JSONS, "json.is_valid": JSONS, "yaml.unmarshal": YAMLS, "yaml.is_valid": YAMLS, "sprintf:0": FORMATS, "sprintf:1": format_arguments,
    "strings.render_template:0": TEMPLATES, "strings.render_template:1": template_values, "json.match_schema:1": schema, "json.match_schema:0": lambda rng: values.anything(rng, 2), "json.verify_schema": schema, "graphql.parse:0": GQL, "graphql.parse:1": SDL, "graphql.is_valid:0": GQL, "graphql.is_valid:1": SDL,
    "graphql.parse_and_verify:0": GQL, "graphql.parse_and_verify:1": SDL, "graphql.parse_query": GQL, "graphql.parse_schema": SDL, "graphql.schema_is_valid": SDL, "json.patch:0": tree, "json.patch:1": patch, "json.filter:0": tree, "json.remove:0": tree, "json.filter:1": paths, "json.remove:1": paths,
    "uuid.parse": UUIDS, "io.jwt.decode": TOKENS, "rego.parse_module:1": MODULES, "graph.reachable:0": graph, "graph.reachable_paths:0": graph, "graph.reachable:1": nodes, "graph.reachable_paths:1": nodes, "sum": numbers, "product": numbers, "strings.any_prefix_match": words, "strings.any_suffix_match": words,
    "json.marshal_with_options:1": marshal_options, "strings.replace_n:0": replacements, "object.union_n": objects, "union": sets, "intersection": sets, "substring": number_of, "substring:0": values.string, "array.slice": number_of, "array.slice:0": values.an_array, 
    "format_int:1": [2, 8, 10, 16, 3, 0, Number("10.0")], "strings.split_n:2": number_of, "bits.rsh:1": number_of, "to_number": ["1", "1.5", "", "a", "1e3", "0x1", " 1", "1_0", "-0", "Inf", "+1", ".5", "1.", "01", True, False, None, "12345678901234567890123", "1e400", "0b1", "-1.50"],
}
for name in ("hs256", "hs384", "hs512", "rs256", "es256", "ps256", "eddsa"):
    POOLS["io.jwt.verify_%s:0" % name] = TOKENS
    POOLS["io.jwt.verify_%s:1" % name] = ["", "a", "secret", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----", "{}", "{\"keys\": []}", "{\"kty\": \"oct\", \"k\": \"AA\"}"]
