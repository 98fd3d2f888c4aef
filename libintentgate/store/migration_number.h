// The number in front of a migration's file name: 7 of "0007_more.sql".
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/check.h"

namespace intentgate::store {

// REQUIRES: the name starts with a number above 0 and an underscore.
inline std::int64_t MigrationNumber(std::string_view file_name) {
  std::int64_t number = 0;
  const std::string_view digits = file_name.substr(0, file_name.find('_'));
  const std::from_chars_result read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  IG_CHECK(read.ec == std::errc() && number > 0);
  return number;
}

}  // namespace intentgate::store
