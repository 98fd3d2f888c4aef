// The path reader: what it accepts has no component that leads elsewhere, and lies under each of its
// own ancestors.
#include <cstdlib>
#include <string>
#include <string_view>

#include "token/constraints/path.h"

namespace token = intentgate::token;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  if (token::PathFlaw(path)) return 0;
  if (!path.starts_with('/') || path.find_first_of(std::string_view("\\%:\0\n", 5)) != std::string_view::npos)
    std::abort();
  const std::string padded = std::string(path) + "/";
  if (path != "/" && (padded.find("//") != std::string::npos || padded.find("/./") != std::string::npos ||
                      padded.find("/../") != std::string::npos)) {
    std::abort();
  }
  if (!token::IsUnder(path, "/") || !token::IsUnder(path, path)) std::abort();
  for (std::size_t slash = path.rfind('/'); slash != 0 && slash != std::string_view::npos;
       slash = path.rfind('/', slash - 1)) {
    const std::string_view parent = path.substr(0, slash);
    if (token::PathFlaw(parent) || !token::IsUnder(path, parent) || token::IsUnder(parent, path)) std::abort();
  }
  return 0;
}
