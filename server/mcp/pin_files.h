// The files of accepted tool definitions, read anew when they change, so that an operator accepts one without a restart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "mcp/lane.h"

namespace intentgate::mcp {

// The upstream's file of pins; empty: it has none.
const std::string& PinFileOf(const config::ServerSettings& settings, const config::UpstreamSettings& upstream);

// Loop-bound.
class PinFiles {
 public:
  explicit PinFiles(Lane& lane);
  // Reads the files, and looks at them from now on. Does nothing when there are none.
  void Follow();

 private:
  struct File {
    std::size_t upstream = 0;
    std::string path;
    std::filesystem::file_time_type written;
    std::uintmax_t size = 0;
    bool read = false;  // by this object; at the start somebody else lists the tools
  };

  void Look();
  void Read(const File& file, bool again);

  Lane& lane_;
  std::vector<File> files_;
  net::Timer timer_;
};

}  // namespace intentgate::mcp
