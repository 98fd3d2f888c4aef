// policy fmt.

#include <ostream>

#include <intentgate/rego_format.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
int PolicyFmt(const PolicyFmtOptions& options, const Streams& streams) {
  PolicySource source = options.source;
  if (source.paths.empty()) source.paths = {"-"};
  const Result<PolicyFiles> files = ReadPolicyFiles(source, streams, PolicyFileKinds::kPolicies);
  if (!files.ok()) return ReportUnreadable(files.error(), streams);
  const rego::LanguageVersion version = source.v0 ? rego::LanguageVersion::kV0 : rego::LanguageVersion::kV1;
  std::size_t bad = 0, changed = 0;
  for (const rego::SourceFile& file : files->sources) {
    const Result<std::string> out = rego::Format(file.text, version);
    if (!out.ok()) {
      streams.err << file.name << ": " << out.error().message << "\n";
      ++bad;
      continue;
    }
    const bool differs = *out != file.text;
    changed += differs ? 1 : 0;
    if (options.list) {
      if (differs) streams.out << file.name << "\n";
    } else if (options.write && file.name != "-") {
      if (!differs) continue;
      if (const Status status = WriteOutput(file.name, *out); !status.ok()) return Fail(streams, status.error());
    } else if (!options.fail) {
      streams.out << *out;
    }
  }
  if (bad > 0) return kExitPolicy;
  if (options.fail && changed > 0) {
    streams.err << changed << (changed == 1 ? " file is" : " files are") << " not formatted; `intentgate policy fmt -w` does it\n";
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace intentgate::cli
