// Rules, modules and documents of generated policies.

#include "fuzz/support/rego_writer.h"

namespace intentgate::fuzz {
namespace {

using Scope = TermWriter::Scope;

constexpr int kDepth = 3;

class ModuleWriter {
 public:
  ModuleWriter(ByteSource& source, bool v0) : source_(source), terms_(source, v0), v0_(v0) {}

  std::string Write() {
    std::string out = "package p\n";
    const bool v2 = !v0_ && !source_.OneIn(8);
    terms_.set_logic(v2);
    out += v0_ ? "import future.keywords.in\n" : v2 ? "import rego.v2\n" : "import future.keywords.not\n";
    for (std::size_t i = 0, n = 1 + source_.Below(6); i < n; ++i) out += Rules(i);
    return out;
  }

 private:
  // The rules of one name.
  std::string Rules(std::size_t number) {
    const std::string name = "r" + std::to_string(number);
    const std::size_t kind = source_.Below(v0_ ? 5 : 7);
    std::string out;
    if (kind == 0) out = "default " + name + (v0_ ? " = " : " := ") + terms_.Scalar() + "\n";
    for (std::size_t i = 0, n = 1 + source_.Below(3); i < n; ++i) out += Rule(name, kind);
    terms_.AddRule(kind == 4 ? name + "(input.a)" : kind == 5 ? name + ".x.y" : name);
    return out;
  }

  std::string Rule(const std::string& name, std::size_t kind) {
    Scope scope;
    std::string argument;
    if (kind == 4) {
      argument = source_.OneIn(3) ? "[x, " + terms_.Scalar() + "]" : "x";
      scope.emplace_back("x");
    }
    const std::string body = terms_.Body(scope, kDepth, "\n  ");
    const std::string value = terms_.Term(scope, 1);
    std::string head;
    switch (kind) {
      case 2: head = v0_ ? name + "[" + value + "]" : name + " contains " + value; break;
      case 3: head = name + "[" + terms_.Term(scope, 0) + "]" + Assign() + value; break;
      case 4: head = name + "(" + argument + ")" + Assign() + value; break;
      case 5: head = name + ".x[" + terms_.Term(scope, 0) + "]" + Assign() + value; break;
      case 6: head = name + ".s[" + terms_.Term(scope, 0) + "] contains " + value; break;
      default: head = name + Assign() + value;
    }
    std::string out = head + (v0_ ? " {\n  " : " if {\n  ") + body + "\n}";
    if (kind <= 1 || kind == 4) out += Else(kind == 4);
    return out + "\n";
  }

  std::string Else(bool function) {
    std::string out;
    for (std::size_t i = 0, n = source_.Below(3); i < n; ++i) {
      Scope scope;
      if (function) scope.emplace_back("x");
      const std::string body = terms_.Body(scope, 1, "\n  ");
      out += " else" + Assign() + terms_.Term(scope, 1) + (v0_ ? " {\n  " : " if {\n  ") + body + "\n}";
    }
    return out;
  }

  std::string Assign() const { return v0_ ? " = " : " := "; }

  ByteSource& source_;
  TermWriter terms_;
  bool v0_;
};

std::string Json(ByteSource& source, int depth) {
  static constexpr std::string_view kScalars[] = {"0", "1", "2", "-1", "1.5", "10", "\"a\"", "\"b\"", "\"ab\"", "\"\"", "true", "false", "null", "1e3", "12345678901234567890", "\"10.0.0.1\""};
  const std::size_t kind = depth > 0 ? source.Below(4) : 0;
  if (kind <= 1) return std::string(source.Pick(kScalars));
  std::string out = kind == 2 ? "[" : "{";
  for (std::size_t i = 0, n = source.Below(4); i < n; ++i) {
    if (i > 0) out += ',';
    if (kind == 3) out += "\"" + std::string(1, "klab"[i]) + "\":";
    out += Json(source, depth - 1);
  }
  return out + (kind == 2 ? "]" : "}");
}

}  // namespace

RegoCase WriteRegoCase(std::span<const std::uint8_t> bytes) {
  ByteSource source(bytes);
  RegoCase out;
  out.v0 = source.OneIn(8);
  const auto json = [&](int depth) { return Json(source, depth); };
  out.input = R"({"a": )" + json(2) + R"(, "b": )" + json(2) + R"(, "s": "abc", "xs": [)" + json(1) + ", " + json(1) + ", " + json(1) + R"(], "o": {"k": )" + json(1) + "}}";
  out.data = R"({"d": {"n": )" + json(0) + R"(, "list": [)" + json(1) + ", " + json(1) + R"(], "map": {"a": )" + json(1) + R"(, "b": 2}}})";
  out.module = ModuleWriter(source, out.v0).Write();
  return out;
}

}  // namespace intentgate::fuzz
