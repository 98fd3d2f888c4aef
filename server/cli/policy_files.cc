// Policies and data from files and directories.

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

namespace fs = std::filesystem;

bool IsRego(const fs::path& path) { return path.extension() == ".rego"; }
bool IsData(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".json" || extension == ".yaml" || extension == ".yml";
}

// Merges objects; false where two values meet.
bool Merge(json::Value& into, const json::Value& from, std::string& at) {
  for (const auto& [name, value] : from.object()) {
    json::Value* there = into.Find(name);
    if (there == nullptr) {
      into.Set(name, value);
      continue;
    }
    at += "." + name;
    if (*there == value) continue;
    if (!there->is_object() || !value.is_object() || !Merge(*there, value, at)) return false;
    at.resize(at.size() - name.size() - 1);
  }
  return true;
}

class Reader {
 public:
  Reader(const PolicySource& source, const Streams& streams) : source_(source), streams_(streams) {}

  Result<PolicyFiles> Read() {
    for (const std::string& path : source_.paths) {
      const Status status = path == "-" ? ReadFile(path, {}) : ReadPath(path);
      if (!status.ok()) return status.error();
    }
    return std::move(files_);
  }

 private:
  bool Ignored(const fs::path& path) const {
    const std::string name = path.filename().string();
    return std::any_of(source_.ignore.begin(), source_.ignore.end(),
                       [&](const std::string& glob) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
  }

  Status ReadPath(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return Error{ErrorCode::kIo, path.string() + ": no such file or directory"};
    if (!fs::is_directory(status)) return ReadFile(path, {});
    return ReadFolder(path, {});
  }

  Status ReadFolder(const fs::path& folder, const std::vector<std::string>& below) {
    std::error_code error;
    std::vector<fs::path> entries;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) entries.push_back(at->path());
    if (error) return Error{ErrorCode::kIo, folder.string() + ": " + error.message()};
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
      if (Ignored(entry)) continue;
      Status status = Status();
      if (fs::is_directory(entry, error)) {
        std::vector<std::string> deeper = below;
        deeper.push_back(entry.filename().string());
        status = ReadFolder(entry, deeper);
      } else if (IsRego(entry) || (IsData(entry) && (!source_.bundle || entry.stem() == "data"))) {
        status = ReadFile(entry, below);
      }
      if (!status.ok()) return status;
    }
    return Status();
  }

  Status ReadFile(const fs::path& path, const std::vector<std::string>& below) {
    Result<std::string> text = ReadInput(path.string(), streams_);
    if (!text.ok()) return text.error();
    if (!IsData(path)) {
      files_.sources.push_back({path.lexically_normal().string(), std::move(*text)});
      return Status();
    }
    Result<json::Value> document = rego::ParseData(path.string(), *text);
    if (!document.ok()) return Error{document.error().code, path.string() + ": " + document.error().message};
    for (auto name = below.rbegin(); name != below.rend(); ++name) document = json::MakeObject({{*name, *document}});
    if (!document->is_object()) return Error{ErrorCode::kMalformed, path.string() + ": a data document must be an object"};
    if (files_.data.is_null()) files_.data = json::Object{};
    std::string at = "data";
    if (Merge(files_.data, *document, at)) return Status();
    return Error{ErrorCode::kMalformed, path.string() + ": gives " + at + " another value than a file before it"};
  }

  const PolicySource& source_;
  const Streams& streams_;
  PolicyFiles files_;
};

}  // namespace

Result<PolicyFiles> ReadPolicyFiles(const PolicySource& source, const Streams& streams) { return Reader(source, streams).Read(); }

Result<std::optional<json::Value>> ReadPolicyInput(const std::string& path, const Streams& streams) {
  if (path.empty()) return std::optional<json::Value>();
  const Result<std::string> text = ReadInput(path, streams);
  if (!text.ok()) return text.error();
  const bool yaml = path.ends_with(".yaml") || path.ends_with(".yml");
  Result<json::Value> parsed = rego::ParseData(yaml ? path : ".json", *text);
  if (!parsed.ok()) return Error{parsed.error().code, path + ": " + parsed.error().message};
  return std::optional<json::Value>(std::move(*parsed));
}

}  // namespace intentgate::cli
