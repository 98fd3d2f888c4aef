// The table of the server's settings: one row for each, with its names, its default and how its text
// becomes a value. What reads the file, the environment and the flags goes through this table alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/server_settings.h"

namespace intentgate::config {

struct SettingRow {
  // What is wrong with the text, or nullopt after storing it.
  using Store = std::optional<std::string> (*)(const std::string& text, const FileReader& read_secret, ServerSettings&);

  std::string_view path;
  std::string_view environment;  // may be empty
  std::string_view default_value;
  std::string_view description;
  Store store = nullptr;
  // kList: a sequence in the file, commas elsewhere; `store` is called for each element. kPath: relative to
  // the file's folder when it stands in the file.
  enum class Shape : std::uint8_t { kPlain, kList, kPath } shape = Shape::kPlain;
};

const std::vector<SettingRow>& SettingTable();
const SettingRow* FindByPath(std::string_view path);

// For upstream.headers, whose members have names of the operator's choice.
std::optional<std::string> StoreUpstreamHeader(const std::string& name, const std::string& value, ServerSettings& out);
// For upstream.environment likewise.
std::optional<std::string> StoreUpstreamVariable(const std::string& name, const std::string& value, ServerSettings& out);

}  // namespace intentgate::config
