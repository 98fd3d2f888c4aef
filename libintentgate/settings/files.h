// The files that settings name: keys and policies.
#pragma once

#include <string>

#include "settings/draft.h"

namespace intentgate::settings {

inline constexpr std::size_t kMaxKeyFileBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxPolicyFileBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxPolicyBundleBytes = std::size_t{64} << 20;

// Reads draft.key_file unless keys are there already, and every policy file.
void ReadNamedFiles(Draft& draft);

// `path` as it is when absolute, else seen from the folder of `base_file`.
std::string Beside(const std::string& base_file, const std::string& path);

}  // namespace intentgate::settings
