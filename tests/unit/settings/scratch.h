// A folder that goes away with the test.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace intentgate::settings {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "intentgate-settings-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string At(const std::string& name) const { return path_ + "/" + name; }
  std::string Put(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    std::ofstream(At(name)) << text;
    ::chmod(At(name).c_str(), mode);
    return At(name);
  }

 private:
  std::string path_;
};

inline const char* const kMasterKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

}  // namespace intentgate::settings
