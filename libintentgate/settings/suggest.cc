#include "settings/suggest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace intentgate::settings {
namespace {

constexpr std::size_t kMaxCompared = 128;

// Levenshtein's distance, one row at a time.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string DidYouMean(std::string_view name, std::span<const std::string> known) {
  if (name.size() > kMaxCompared) return "";
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  const std::string* closest = nullptr;
  for (const std::string& candidate : known) {
    const std::size_t distance = Distance(name, candidate);
    if (distance < best) {
      best = distance;
      closest = &candidate;
    }
  }
  return closest == nullptr ? "" : "; did you mean \"" + *closest + "\"?";
}

}  // namespace intentgate::settings
