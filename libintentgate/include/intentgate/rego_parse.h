// The syntax tree of a module, as JSON of the form that `opa parse --format json` has.
//
//   rego::ParsedModule parsed = rego::ParseModuleToJson({"policy.rego", text});
//   if (parsed.ok()) Show(parsed.json);
//
// A tree is some fifty times as long as its module. Nothing is resolved or checked beyond the syntax. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include <intentgate/rego.h>

namespace intentgate::rego {

struct ParseJsonOptions {
  LanguageVersion version = LanguageVersion::kV1;  // unless the file says it
  bool comments = true;
  bool annotations = true;  // metadata blocks, also read
};

struct ParsedModule {
  std::string json;  // one object; empty if there are diagnostics
  std::vector<Diagnostic> diagnostics;
  bool ok() const { return diagnostics.empty(); }
};

ParsedModule ParseModuleToJson(const SourceFile& file, const ParseJsonOptions& options = {});

}  // namespace intentgate::rego
