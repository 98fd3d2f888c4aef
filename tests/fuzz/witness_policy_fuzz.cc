// Any text is refused or gives a policy that can be asked: nobody's cosignatures reach no quorum but `none`.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "evidence/witness_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intentgate;
  const auto policy = evidence::WitnessPolicy::Parse({reinterpret_cast<const char*>(data), size});
  if (!policy.ok()) return 0;
  if (policy->Reached({}) == policy->asks_for_any()) std::abort();
  if (!policy->Reached(policy->keys())) std::abort();
  return 0;
}
