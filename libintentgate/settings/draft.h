// Settings while they are being read.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/settings.h>

namespace intentgate::settings {

// A file that a setting names, to be read when all sources have been heard.
struct NamedFile {
  std::string path;
  std::string where;         // of the setting, for problems
};

// Thread-compatible.
struct Draft {
  GateSettings settings;
  std::vector<SettingsProblem> problems;
  std::optional<NamedFile> key_file;
  std::vector<NamedFile> policy_files;
  bool keys_named = false;         // somewhere, even if they turned out unusable
  bool store_chosen = false;       // store.kind was said, so a PostgreSQL URL does not imply it
  bool extractor_chosen = false;   // intent.extractor was said, so a URL does not imply it

  void Problem(std::string where, std::string message) { problems.push_back({std::move(where), std::move(message)}); }
};

}  // namespace intentgate::settings
