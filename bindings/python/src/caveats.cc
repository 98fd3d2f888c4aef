#include "caveats.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "raise.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

constexpr Py_ssize_t kMostCaveats = 10'000;  // a token holds 64; this is against lists made to exhaust memory

struct Plain {
  std::string_view type;
  std::string_view member;
  Caveat (*make_number)(std::int64_t);
  Caveat (*make_names)(std::vector<std::string>);
};

constexpr std::array<Plain, 6> kPlain = {{{"tool_allow", "tools", nullptr, &Caveat::ToolAllow},
                                          {"tool_deny", "tools", nullptr, &Caveat::ToolDeny},
                                          {"max_calls", "max_calls", &Caveat::MaxCalls, nullptr},
                                          {"exp", "exp", &Caveat::Expires, nullptr},
                                          {"rate_limit", "rate_per_min", &Caveat::RateLimit, nullptr},
                                          {"max_cost", "max_cents", &Caveat::MaxCost, nullptr}}};

std::optional<std::vector<std::string>> Names(PyObject* list) {
  if (!PyList_CheckExact(list)) return std::nullopt;
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(PyList_GET_SIZE(list)));
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    PyObject* name = PyList_GET_ITEM(list, i);
    if (!PyUnicode_CheckExact(name)) return std::nullopt;
    out.emplace_back(TextOf(name, "a name"));
  }
  return out;
}

// The caveats that tokens are narrowed with most often, without a JSON value in between: that is most of what
// the binding costs. False, and nothing added, for every other caveat and for every mistake, about which
// Caveat::FromJson has the words.
bool AddPlain(PyObject* dict, std::vector<Caveat>& out) {
  if (!PyDict_CheckExact(dict) || PyDict_GET_SIZE(dict) != 2) return false;
  PyObject* type = nullptr;
  PyObject* member = nullptr;
  PyObject* value = nullptr;
  PyObject* key = nullptr;
  PyObject* of_key = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &of_key) != 0;) {
    if (!PyUnicode_CheckExact(key)) return false;
    if (PyUnicode_CompareWithASCIIString(key, "t") == 0) {
      type = of_key;
    } else {
      member = key;
      value = of_key;
    }
  }
  if (type == nullptr || member == nullptr || !PyUnicode_CheckExact(type)) return false;
  const std::string_view type_name = TextOf(type, "t");
  const std::string_view member_name = TextOf(member, "a member");
  for (const Plain& plain : kPlain) {
    if (plain.type != type_name || plain.member != member_name) continue;
    if (plain.make_names != nullptr) {
      std::optional<std::vector<std::string>> names = Names(value);
      if (!names) return false;
      out.push_back(plain.make_names(*std::move(names)));
      return true;
    }
    int overflow = 0;
    if (!PyLong_CheckExact(value)) return false;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0) return false;
    out.push_back(plain.make_number(number));
    return true;
  }
  return false;
}

}  // namespace

std::vector<Caveat> CaveatsFrom(py::handle list) {
  const bool is_list = PyList_CheckExact(list.ptr());
  if (!is_list && !PyTuple_CheckExact(list.ptr())) throw py::type_error("caveats must be a list, such as [max_calls(3)]");
  const Py_ssize_t count = is_list ? PyList_GET_SIZE(list.ptr()) : PyTuple_GET_SIZE(list.ptr());
  if (count > kMostCaveats) throw py::value_error("more than 10000 caveats");
  std::vector<Caveat> out;
  out.reserve(static_cast<std::size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* item = is_list ? PyList_GET_ITEM(list.ptr(), i) : PyTuple_GET_ITEM(list.ptr(), i);
    if (!AddPlain(item, out)) out.push_back(Take(Caveat::FromJson(FromPython(item))));
  }
  return out;
}

}  // namespace intentgate::python
