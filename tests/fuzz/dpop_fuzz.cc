// Proofs of possession, as strangers send them. The proof brings its own key, so a signed one may pass; one that passes once never passes again.
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
  const bool passed = std::holds_alternative<oauth::Proven>(check.Check(text, target));
  if (passed && std::holds_alternative<oauth::Proven>(check.Check(text, target))) std::abort();
  // A comparable URL is its own comparable form.
  const std::string url = oauth::ComparableUrl(text);
  if (!url.empty() && oauth::ComparableUrl(url) != url) std::abort();
  return 0;
}
