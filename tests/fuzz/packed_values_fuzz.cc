// The column that anybody may have written: nothing is read past its bytes, and values that are read are written and read again alike.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/sqlite/packed_values.h"

using namespace intentgate;
using namespace intentgate::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto values = UnpackValues({reinterpret_cast<const char*>(data), size});
  if (!values.ok()) return 0;
  std::string packed;
  PackValues(*values, packed);
  const auto again = UnpackValues(packed);
  if (!again.ok() || again->size() != values->size()) std::abort();
  for (std::size_t i = 0; i < values->size(); ++i) {
    const PrivateValue &a = (*values)[i], &b = (*again)[i];
    if (a.member != b.member || a.salt != b.salt || a.value != b.value) std::abort();
  }
  return 0;
}
