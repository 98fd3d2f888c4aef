// Any text through the whole compiler, as a v1 module, a v0 module and a query. A text that is refused must come
// with a diagnostic that has a code and a message.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <intentgate/rego.h>

namespace rego = intentgate::rego;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const rego::SourceFile file{"fuzz.rego", text};
  for (const rego::LanguageVersion version : {rego::LanguageVersion::kV1, rego::LanguageVersion::kV0}) {
    rego::CompileOptions options;
    options.version = version;
    const rego::CompileResult r = rego::CompiledPolicy::Compile({&file, 1}, intentgate::json::Value(), options);
    if (r.ok() != r.diagnostics.empty()) std::abort();
    for (const rego::Diagnostic& d : r.diagnostics) {
      if (d.code.empty() || d.ToString().size() < d.message.size()) std::abort();
    }
  }
  static const rego::CompileResult empty = rego::CompiledPolicy::Compile({});
  rego::EvalOptions tiny;
  tiny.limits = {2000, std::size_t{1} << 20, 50};
  const rego::QueryResult q = empty.policy->Query(text, nullptr, tiny);
  if (!q.ok() && q.diagnostics.empty() && !q.error) std::abort();
  return 0;
}
