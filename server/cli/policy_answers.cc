// Answers of policy eval in the forms that scripts read.

#include <ostream>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

json::Value Bindings(const rego::QueryAnswer& answer) {
  json::Value out = json::Object{};
  for (const auto& [name, value] : answer.bindings) out.Set(name, value);
  return out;
}

void PrintRaw(const rego::QueryAnswer& answer, std::ostream& out) {
  bool first = true;
  for (const json::Value& value : answer.expressions) {
    out << (first ? "" : " ") << (value.is_string() ? value.string_value() : json::Write(value));
    first = false;
  }
  out << "\n";
}

}  // namespace

void PrintAnswersAs(const std::string& format, const rego::QueryResult& result, std::ostream& out) {
  if (format == "discard") {
    if (!result.answers.empty()) out << json::Write(json::MakeObject({{"result", "discarded"}})) << "\n";
    return;
  }
  for (const rego::QueryAnswer& answer : result.answers) {
    if (format == "raw") {
      PrintRaw(answer, out);
    } else if (format == "bindings") {
      out << json::Write(Bindings(answer)) << "\n";
    } else {
      out << json::Write(json::Value(json::Array(answer.expressions.begin(), answer.expressions.end()))) << "\n";
    }
  }
}

}  // namespace intentgate::cli
