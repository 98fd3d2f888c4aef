// Proofs of possession, as strangers send them. The proof brings its own key, so a signed one may pass; one that is taken once is never taken again.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <variant>

#include "oauth/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intentgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto clock = std::make_shared<ManualClock>(1'800'000'000'000'000);
  oauth::ProofCheck check(config::DpopSettings{}, nullptr, clock);
  const oauth::ProofTarget target{.method = "POST", .url = "https://gw.example.com/v1/mcp", .token = "token"};
  const auto first = check.Check(text, target), again = check.Check(text, target);
  if (const auto* proven = std::get_if<oauth::Proven>(&first)) {
    if (!std::holds_alternative<oauth::Proven>(again) || check.Take(*proven)) std::abort();
    if (!check.Take(std::get<oauth::Proven>(again))) std::abort();
  }
  // A comparable URL is its own comparable form.
  const std::string url = oauth::ComparableUrl(text);
  if (!url.empty() && oauth::ComparableUrl(url) != url) std::abort();
  return 0;
}
