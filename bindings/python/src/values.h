// Python objects to JSON values and back, exactly.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <string_view>

#include <intentgate/json.h>

namespace intentgate::python {

inline constexpr int kMaxValueDepth = 128;
inline constexpr std::size_t kMaxValues = 1'000'000;                  // a list that holds one list often counts it each time
inline constexpr std::size_t kMaxValueBytes = std::size_t{64} << 20;  // all text together

// Exact types only: None, bool, int, finite float, str without lone surrogates, list or tuple, dict with str
// keys. Anything else raises TypeError; a limit above, a cycle, NaN or a lone surrogate raises ValueError. The
// message says where. No code of the caller runs and the GIL is held, so nobody changes the object meanwhile;
// the result is a snapshot.
json::Value FromPython(pybind11::handle object);

// As FromPython for the arguments of a call: None, or a mapping, which is copied into a dict first when it is no
// dict. `what` names it in messages.
json::Value ObjectFromPython(pybind11::handle object, const char* what);

// Integers of any size become int, other numbers float, or decimal.Decimal where no float is near.
pybind11::object ToPython(const json::Value& value);

// The text of a str, borrowed from it; also of a subclass, whose methods are not asked. Raises TypeError or, for
// a lone surrogate, ValueError.
std::string_view TextOf(pybind11::handle object, const char* what);

}  // namespace intentgate::python
