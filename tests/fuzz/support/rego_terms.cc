// Terms and bodies of generated policies.

#include <iterator>

#include "fuzz/support/rego_writer.h"

namespace intentgate::fuzz {
namespace {

constexpr std::string_view kNumbers[] = {"0", "1", "-1", "2", "3", "7", "10", "1.5", "-0.25", "1e3", "1.0", "100", "255", "1e-7", "123456789012345678901234567890",
                                         "9223372036854775807", "-9223372036854775808", "18446744073709551616", "0.1", "1e40", "1700000000000000000", "64"};
// What builtins expect, and what they do not.
constexpr std::string_view kStrings[] = {
    R"("")", R"("a")", R"("b")", R"("ab")", R"("abc")", R"("k")", R"("é")", R"("a b\tc")", R"("\u0000")", R"("\ud83d\ude00")", R"("k/0")", R"("/k/-")", R"("%v %d|%05.2f %s")",
    R"("%[2]*[1]d %x %q")", R"("^a(b|c)*$")", R"("[a-z]+(?P<n>\\d)?")", R"("(a|")", R"("*.a.*")", R"("{a,b[c-e]}**?")", R"("[^a]")", R"("10.0.0.0/8")", R"("10.1.2.3")", R"("::1/64")",
    R"("1.2.3-rc.1+b")", R"("1.0.0")", R"("2024-02-29T12:34:56.789+01:00")", R"("2006-01-02 15:04")", R"("America/New_York")", R"("1h2m3.5s")", R"("10Mi")", R"("-1.5KB")", R"("0x1F")",
    R"("1e5")", R"("{\"a\": [1, {\"b\": null}]}")", R"("a: [1, *x]\nb: &x {c: 2}")", R"("- a\n- !!str 1")", R"("YWJj")", R"("616263")", R"("a=1&b=%20c&a=2")", R"("https://u:p@h:8/p?q=1#f")",
    R"("eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA")", R"("{{range .xs}}{{.}}{{end}}")", R"("{{if .a}}x{{else}}y{{end}}")", R"("query { a(b: 1) { c } }")", R"("type Query { a(b: Int): String }")",
    R"("urn:{.*}:x")", R"("{")", R"("}")", R"("SGVsbG8")", R"("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")"};
constexpr std::string_view kRefs[] = {"input.a", "input.b", "input.s", "input.xs", "input.o", "input.none", "input.xs[0]", "input.o.k", "data.d.n", "data.d.list", "data.d.map", "input", "data.d"};
constexpr std::string_view kArithmetic[] = {"+", "-", "*", "/", "%"};
constexpr std::string_view kSetOperators[] = {"&", "|", "-"};
constexpr std::string_view kComparisons[] = {"==", "!=", "<", "<=", ">", ">="};

// The builtins that have a name to call and need nothing from outside, by name.
const std::vector<const rego::Builtin*>& Callable(bool v0) {
  static const auto choose = [](bool deprecated) {
    std::vector<const rego::Builtin*> out;
    for (const auto& [name, builtin] : rego::AllBuiltins()) {
      if ((builtin->flags & rego::kBuiltinHost) != 0 || name.starts_with("internal.")) continue;
      if ((builtin->flags & rego::kBuiltinDeprecated) != 0 && !deprecated) continue;
      out.push_back(builtin);
    }
    return out;
  };
  static const std::vector<const rego::Builtin*> all = choose(true);
  static const std::vector<const rego::Builtin*> current = choose(false);
  return v0 ? all : current;
}

}  // namespace

std::string TermWriter::Scalar() {
  switch (source_.Below(4)) {
    case 0: return std::string(source_.Pick(kNumbers));
    case 1: return std::string(source_.Pick(kStrings));
    case 2: return source_.OneIn(2) ? "true" : "false";
    default: return "null";
  }
}

std::string TermWriter::Ref(const Scope& scope, int depth) {
  switch (source_.Below(5)) {
    case 0: return std::string(source_.Pick(kRefs));
    case 1: return scope.empty() ? "input.a" : source_.Pick(scope);
    case 2: return rules_.empty() ? "input.xs" : source_.Pick(rules_);
    case 3: return std::string(source_.Pick(kRefs)) + "[" + (depth > 0 ? Term(scope, depth - 1) : Scalar()) + "]";
    default: return rules_.empty() ? "input.b" : source_.Pick(rules_) + "[" + Term(scope, depth - 1) + "]";
  }
}

std::string TermWriter::Collection(const Scope& scope, int depth) {
  const std::size_t kind = source_.Below(3);
  const std::size_t size = source_.Below(4);
  if (size == 0) return kind == 0 ? "[]" : kind == 1 ? "set()" : "{}";
  std::string out = kind == 0 ? "[" : "{";
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0) out += ", ";
    if (kind == 2) out += (source_.OneIn(3) ? Term(scope, 0) : "\"" + std::string(1, static_cast<char>('a' + i)) + "\"") + ": ";
    out += Term(scope, depth - 1);
  }
  return out + (kind == 0 ? "]" : "}");
}

std::string TermWriter::Comprehension(const Scope& scope, int depth) {
  Scope inner = scope;
  const std::size_t kind = source_.Below(3);
  const std::string body = Body(inner, depth - 1);
  const std::string head = Term(inner, depth - 1);
  if (kind == 0) return "[" + head + " | " + body + "]";
  if (kind == 1) return "{" + head + " | " + body + "}";
  return "{" + Term(inner, 0) + ": " + head + " | " + body + "}";
}

std::string TermWriter::Operation(const Scope& scope, int depth) {
  const std::size_t kind = source_.Below(4);
  const auto operand = [&](const rego::TypeSpec& spec) { return Operand(spec, scope, depth - 1); };
  if (kind < 2) return "(" + operand(rego::ty::Number) + " " + std::string(source_.Pick(kArithmetic)) + " " + operand(rego::ty::Number) + ")";
  if (kind == 2) return "(" + operand(rego::ty::Set) + " " + std::string(source_.Pick(kSetOperators)) + " " + operand(rego::ty::Set) + ")";
  const std::string left = Term(scope, depth - 1);
  return "(" + left + " " + std::string(source_.Pick(kComparisons)) + " " + Term(scope, depth - 1) + ")";
}

std::string TermWriter::OfKind(rego::Type type, std::uint16_t elements, const Scope& scope, int depth) {
  const auto element = [&] { return elements == 0 ? Term(scope, depth - 1) : Operand({elements, 0}, scope, depth - 1); };
  switch (type) {
    case rego::Type::kNull: return "null";
    case rego::Type::kBoolean: return source_.OneIn(2) ? "true" : "false";
    case rego::Type::kNumber: return std::string(source_.Pick(kNumbers));
    case rego::Type::kString: return std::string(source_.Pick(kStrings));
    case rego::Type::kArray: {
      const std::size_t size = source_.Below(4);
      std::string out = "[";
      for (std::size_t i = 0; i < size; ++i) out += (i == 0 ? "" : ", ") + element();
      return out + "]";
    }
    case rego::Type::kSet: return source_.OneIn(4) ? "set()" : "{" + element() + ", " + element() + "}";
    default: {
      const std::string first(source_.Pick(kStrings));
      return "{" + first + ": " + element() + ", \"zz\": " + element() + "}";
    }
  }
}

std::string TermWriter::Operand(const rego::TypeSpec& spec, const Scope& scope, int depth) {
  // What has no known type is refused at run time only.
  if (depth <= 0 || source_.OneIn(3)) {
    if (!scope.empty() && source_.OneIn(2)) return source_.Pick(scope);
    if (source_.OneIn(2)) return std::string(source_.Pick(kRefs));
  }
  std::vector<rego::Type> fit;
  for (int t = static_cast<int>(rego::Type::kNull); t <= static_cast<int>(rego::Type::kSet); ++t) {
    if ((spec.kinds & rego::KindBit(static_cast<rego::Type>(t))) != 0) fit.push_back(static_cast<rego::Type>(t));
  }
  return fit.empty() ? Scalar() : OfKind(source_.Pick(fit), spec.elements, scope, depth);
}

std::string TermWriter::Call(const Scope& scope, int depth) {
  const rego::Builtin& builtin = *source_.Pick(Callable(v0_));
  std::string out(builtin.name);
  out += '(';
  for (std::size_t i = 0; i < builtin.arity; ++i) out += (i == 0 ? "" : ", ") + Operand(builtin.args[i], scope, depth - 1);
  return out + ")";
}

std::string TermWriter::Template(const Scope& scope, int depth) {
  const std::size_t parts = 1 + source_.Below(2);
  std::string out = source_.OneIn(4) ? "$`" : "$\"";
  const char end = out[1];
  for (std::size_t i = 0; i < parts; ++i) out += "x {" + Term(scope, depth - 1) + "}";
  return out + end;
}

std::string TermWriter::Term(const Scope& scope, int depth) {
  if (depth <= 0) return source_.OneIn(2) ? Scalar() : Ref(scope, 0);
  switch (source_.Below(10)) {
    case 0: return Scalar();
    case 1:
    case 2: return Ref(scope, depth);
    case 3: return Collection(scope, depth);
    case 4: return Comprehension(scope, depth);
    case 5: return Operation(scope, depth);
    case 6: return v0_ ? Call(scope, depth) : Template(scope, depth);
    case 7: return v0_ ? Operation(scope, depth) : "(" + Term(scope, depth - 1) + " in " + Ref(scope, depth - 1) + ")";
    default: return Call(scope, depth);
  }
}

std::string TermWriter::Compare(const Scope& scope, int depth) {
  const std::string left = Ref(scope, depth);
  return left + " " + std::string(source_.Pick(kComparisons)) + " " + Term(scope, depth);
}

std::string TermWriter::Iteration(Scope& scope, int depth) {
  const std::string domain = source_.OneIn(3) ? Term(scope, depth) : Ref(scope, depth);
  const std::string key = Fresh();
  const std::string value = Fresh();
  std::string out;
  switch (source_.Below(v0_ ? 3 : 6)) {
    case 0: out = value + " := input.xs[" + key + "]"; break;
    case 1: out = "[" + key + ", " + value + "] = " + domain; break;
    case 2: out = "walk(" + domain + ", [" + key + ", " + value + "])"; break;
    case 3: out = "some " + key + ", " + value + " in " + domain; break;
    case 4: out = "some {\"k\": " + value + ", \"l\": " + key + "} in " + domain; break;
    default: {
      Scope inner = scope;
      inner.insert(inner.end(), {key, value});
      return "every " + key + ", " + value + " in " + domain + " { [" + key + ", " + value + "] != 0; " + Body(inner, depth - 1) + " }";
    }
  }
  scope.insert(scope.end(), {key, value});
  // What `some` declares must be used.
  return out + "; [" + key + ", " + value + "] != 0";
}

std::string TermWriter::Negation(const Scope& scope, int depth) {
  // In brackets: a brace behind `not` begins a body.
  if (v0_ || source_.OneIn(2)) return "not (" + Term(scope, depth) + ")";
  Scope inner = scope;
  return "not { " + Body(inner, depth - 1) + " }";
}

std::string TermWriter::With(const Scope& scope, int depth) {
  static constexpr std::string_view kTargets[] = {"input", "input.a", "input.o.k", "data.d", "data.d.n", "data.d.map.z", "count", "time.now_ns", "regex.match"};
  static constexpr std::string_view kFunctions[] = {"count", "upper", "sum", "input.a", "glob.match"};
  std::string out = source_.OneIn(2) ? Negation(scope, depth - 1) : Compare(scope, depth - 1);
  for (std::size_t i = 0, n = 1 + source_.Below(2); i < n; ++i) {
    const std::string target = rules_.empty() || !source_.OneIn(4) ? std::string(source_.Pick(kTargets)) : source_.Pick(rules_);
    out += " with " + target.substr(0, target.find('(')) + " as ";
    out += source_.OneIn(4) ? std::string(source_.Pick(kFunctions)) : Term(scope, depth - 1);
  }
  return out;
}

std::string TermWriter::Expr(Scope& scope, int depth) {
  switch (source_.Below(v0_ ? 8 : 10)) {
    case 0: return Compare(scope, depth);
    case 1:
    case 2: {
      const std::string value = Term(scope, depth);
      scope.push_back(Fresh());
      return scope.back() + " := " + value;
    }
    case 3:
    case 4: return Iteration(scope, depth);
    case 5: return Negation(scope, depth);
    case 6: return With(scope, depth);
    case 7: return "(" + Term(scope, depth) + ")";
    case 8: return logic_ ? "(" + Compare(scope, depth) + (source_.OneIn(2) ? ") and (" : ") or (") + Compare(scope, depth) + ")" : Compare(scope, depth);
    default: return "print(" + Term(scope, depth) + ", " + Term(scope, 0) + ")";
  }
}

std::string TermWriter::Body(Scope& scope, int depth, std::string_view between) {
  if (depth < 0) return "true";
  std::string out;
  for (std::size_t i = 0, n = 1 + source_.Below(3); i < n; ++i) {
    if (i > 0) out += between;
    out += Expr(scope, depth);
  }
  return out;
}

}  // namespace intentgate::fuzz
