#include "caveats.h"

#include <array>
#include <cstdint>
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
  CaveatKind kind;
  const char* member;
  std::int64_t Caveat::*number = nullptr;
  std::vector<std::string> Caveat::*names = nullptr;
};

constexpr std::array<Plain, 6> kPlain = {{{CaveatKind::kToolAllow, "tools", nullptr, &Caveat::tools},
                                          {CaveatKind::kToolDeny, "tools", nullptr, &Caveat::tools},
                                          {CaveatKind::kMaxCalls, "max_calls", &Caveat::max_calls, nullptr},
                                          {CaveatKind::kExpires, "exp", &Caveat::expires, nullptr},
                                          {CaveatKind::kRateLimit, "rate_per_min", &Caveat::rate_per_min, nullptr},
                                          {CaveatKind::kMaxCost, "max_cents", &Caveat::max_cents, nullptr}}};

// As the builders of caveats.py spell them: constants of a Python source are interned, so that one address is one text.
// Kept for the life of the process.
struct Interned {
  PyObject* t = nullptr;
  std::array<std::array<PyObject*, 2>, kPlain.size()> plain{};  // type, member
};
Interned interned;

PyObject* Intern(std::string_view text) {
  PyObject* made = PyUnicode_InternFromString(std::string(text).c_str());
  if (made == nullptr) throw py::error_already_set();
  return made;
}

// False when there is something else than strings in the list.
bool ReadNames(PyObject* list, std::vector<std::string>& out) {
  if (!PyList_CheckExact(list)) return false;
  out.reserve(static_cast<std::size_t>(PyList_GET_SIZE(list)));
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    PyObject* name = PyList_GET_ITEM(list, i);
    if (!PyUnicode_CheckExact(name)) return false;
    out.emplace_back(TextOf(name, "a name"));
  }
  return true;
}

// What emplace_back makes a caveat of: without it, all its bytes are cleared before its members are made, which takes as long
// as reading it.
struct NewCaveat {
  operator Caveat() const {
    Caveat caveat;
    return caveat;
  }
};

bool ReadPlain(const Plain& plain, PyObject* value, Caveat& out) {
  out.kind = plain.kind;
  out.type_name = CaveatKindName(plain.kind);
  if (plain.names != nullptr) return ReadNames(value, out.*plain.names);
  int overflow = 0;
  if (!PyLong_CheckExact(value)) return false;
  out.*plain.number = PyLong_AsLongLongAndOverflow(value, &overflow);
  return overflow == 0;
}

// The caveats that tokens are narrowed with most often, without a JSON value in between: that is most of what
// the binding costs. False, and nothing added, for every other caveat, other spelling and mistake, about which
// Caveat::FromJson has the words.
bool AddPlain(PyObject* dict, std::vector<Caveat>& out) {
  if (!PyDict_CheckExact(dict) || PyDict_GET_SIZE(dict) != 2) return false;
  PyObject *first = nullptr, *type = nullptr, *member = nullptr, *value = nullptr;
  Py_ssize_t at = 0;
  if (PyDict_Next(dict, &at, &first, &type) == 0 || first != interned.t || PyDict_Next(dict, &at, &member, &value) == 0) return false;
  for (std::size_t i = 0; i < kPlain.size(); ++i) {
    if (type != interned.plain[i][0] || member != interned.plain[i][1]) continue;
    if (ReadPlain(kPlain[i], value, out.emplace_back(NewCaveat()))) return true;
    out.pop_back();
    return false;
  }
  return false;
}

}  // namespace

void RegisterCaveats() {
  if (interned.t != nullptr) return;
  for (std::size_t i = 0; i < kPlain.size(); ++i) interned.plain[i] = {Intern(CaveatKindName(kPlain[i].kind)), Intern(kPlain[i].member)};
  interned.t = Intern("t");
}

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
