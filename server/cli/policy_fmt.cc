// policy fmt.

#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>

#include <intentgate/rego_format.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

// Beside the file and renamed over it: a full disk leaves the old one.
Status Rewrite(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::error_code error;
  {
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << text;
    file.flush();
    if (!file) {
      file.close();
      std::filesystem::remove(fresh, error);
      return Error{ErrorCode::kIo, path + ": cannot be written"};
    }
  }
  std::filesystem::permissions(fresh, std::filesystem::status(path).permissions(), error);
  if (!error) std::filesystem::rename(fresh, path, error);
  if (!error) return Status();
  const std::string message = path + ": " + error.message();
  std::filesystem::remove(fresh, error);
  return Error{ErrorCode::kIo, message};
}

}  // namespace

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
      if (const Status status = Rewrite(file.name, *out); !status.ok()) return Fail(streams, status.error());
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
