// Policies and data from files and directories.

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

namespace fs = std::filesystem;

bool IsRego(const fs::path& path) { return path.extension() == ".rego"; }
bool IsData(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".json" || extension == ".yaml" || extension == ".yml";
}

class Reader {
 public:
  Reader(const PolicySource& source, const Streams& streams, PolicyFileKinds kinds) : source_(source), streams_(streams), kinds_(kinds) {}

  Result<PolicyFiles> Read() {
    std::vector<std::string> bundles = source_.bundles;
    std::error_code error;
    for (const std::string& path : source_.paths) {
      if (kinds_ == PolicyFileKinds::kAll && (IsBundleArchive(path) || (source_.bundle && fs::is_directory(path, error)))) {
        bundles.push_back(path);
        continue;
      }
      const Status status = path == "-" ? ReadFile(path, {}) : ReadPath(path);
      if (!status.ok()) return status.error();
    }
    if (Status s = AddBundles(bundles); !s.ok()) return s.error();
    return std::move(files_);
  }

 private:
  Status AddBundles(const std::vector<std::string>& paths) {
    Result<PolicyFiles> read = ReadPolicyBundles(source_, paths, streams_);
    if (!read.ok()) return read.error();
    std::move(read->sources.begin(), read->sources.end(), std::back_inserter(files_.sources));
    if (read->data.is_null()) return {};
    if (files_.data.is_null()) files_.data = json::Object{};
    return rego::MergeData(files_.data, read->data);
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
      if (IsIgnored(source_, entry.filename().string())) continue;
      Status status = Status();
      if (fs::is_directory(entry, error)) {
        std::vector<std::string> deeper = below;
        deeper.push_back(entry.filename().string());
        status = ReadFolder(entry, deeper);
      } else if (IsRego(entry) || (kinds_ == PolicyFileKinds::kAll && IsData(entry))) {
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
    const Status merged = rego::MergeData(files_.data, *document);
    return merged.ok() ? merged : Error{merged.error().code, path.string() + ": " + merged.error().message};
  }

  const PolicySource& source_;
  const Streams& streams_;
  PolicyFileKinds kinds_;
  PolicyFiles files_;
};

bool IsName(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

std::string ReferenceOfPath(std::string_view path) {
  std::string out = "data";
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (IsName(part)) {
      (out += '.') += part;
    } else if (!part.empty()) {
      out += "[" + json::Write(json::Value(part)) + "]";
    }
  }
  return out;
}

Result<PolicyFiles> ReadPolicyFiles(const PolicySource& source, const Streams& streams, PolicyFileKinds kinds) {
  return Reader(source, streams, kinds).Read();
}

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
