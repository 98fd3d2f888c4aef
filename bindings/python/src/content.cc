#include "content.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

// The members' names, as interned strings that are kept for the life of the process.
enum Name : std::size_t {
  kV, kKid, kJti, kRootJti, kIss, kTenant, kZone, kSub, kAud, kIat, kNbf, kExp, kMaxDepth, kSealed, kCav, kHops, kId, kCaveats,
  kLabel, kT, kTools, kAgent, kMaxCalls, kStepUpAt, kCallees, kCalleeZones, kServers, kRatePerMin, kMaxCents, kRiskMax,
  kAt, kIs, kTool, kNames
};
constexpr std::array<const char*, kNames> kSpelled = {
    "v", "kid", "jti", "root_jti", "iss", "tenant", "zone", "sub", "aud", "iat", "nbf", "exp", "max_depth", "sealed", "cav", "hops",
    "id", "caveats", "label", "t", "tools", "agent", "max_calls", "step_up_at", "callees", "callee_zones", "servers", "rate_per_min",
    "max_cents", "risk_max", "at", "is", "tool"};
std::array<PyObject*, kNames> names{};
// The wire names of the kinds of caveats, likewise.
std::array<PyObject*, static_cast<std::size_t>(CaveatKind::kUnknown)> kinds{};

py::object Made(PyObject* object) {
  if (object == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(object);
}

py::object Text(std::string_view text) {
  return Made(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
}

py::object Texts(const std::vector<std::string>& texts) {
  py::object list = Made(PyList_New(static_cast<Py_ssize_t>(texts.size())));
  for (std::size_t i = 0; i < texts.size(); ++i) PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), Text(texts[i]).release().ptr());
  return list;
}

class Dict {
 public:
  void Put(Name name, py::handle value) {
    if (PyDict_SetItem(dict_.ptr(), names[name], value.ptr()) != 0) throw py::error_already_set();
  }
  void Number(Name name, std::int64_t value) { Put(name, Made(PyLong_FromLongLong(value))); }
  void Number(Name name, const std::optional<std::int64_t>& value) {
    if (value) Number(name, *value);
  }
  void UnlessZero(Name name, std::int64_t value) {
    if (value != 0) Number(name, value);
  }
  void UnlessEmpty(Name name, const std::string& text) {
    if (!text.empty()) Put(name, Text(text));
  }
  void UnlessEmpty(Name name, const std::vector<std::string>& texts) {
    if (!texts.empty()) Put(name, Texts(texts));
  }
  py::object Take() { return std::move(dict_); }

 private:
  py::object dict_ = Made(PyDict_New());
};

py::object ArgumentToPython(const Caveat& caveat) {
  Dict out;
  out.Put(kT, kinds[static_cast<std::size_t>(caveat.kind)]);
  out.Put(kAt, Text(caveat.pointer));
  if (!caveat.constraint.empty()) out.Put(kIs, ToPython(caveat.constraint.front().ToJson()));
  out.UnlessEmpty(kTool, caveat.only_for_tool);
  return out.Take();
}

py::object CaveatToPython(const Caveat& caveat) {
  if (caveat.kind == CaveatKind::kArgument) return ArgumentToPython(caveat);
  if (caveat.kind > CaveatKind::kArgument) return ToPython(caveat.ToJson());
  Dict out;
  out.Put(kT, kinds[static_cast<std::size_t>(caveat.kind)]);
  out.UnlessEmpty(kTools, caveat.tools);
  out.UnlessEmpty(kAgent, caveat.agent);
  out.UnlessZero(kExp, caveat.expires);
  out.UnlessZero(kMaxCalls, caveat.max_calls);
  out.UnlessZero(kStepUpAt, caveat.step_up_at);
  out.UnlessEmpty(kCallees, caveat.callees);
  out.UnlessEmpty(kCalleeZones, caveat.callee_zones);
  out.UnlessEmpty(kServers, caveat.servers);
  out.UnlessZero(kRatePerMin, caveat.rate_per_min);
  out.UnlessZero(kMaxCents, caveat.max_cents);
  out.UnlessZero(kRiskMax, caveat.risk_max);
  return out.Take();
}

py::object HopToPython(const Hop& hop) {
  Dict out;
  out.Put(kId, Text(hop.id));
  out.Number(kCaveats, static_cast<std::int64_t>(hop.caveat_count));
  out.UnlessEmpty(kLabel, hop.label);
  return out.Take();
}

template <typename Item>
py::object ListOf(const std::vector<Item>& items, py::object (*make)(const Item&)) {
  py::object list = Made(PyList_New(static_cast<Py_ssize_t>(items.size())));
  for (std::size_t i = 0; i < items.size(); ++i) PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), make(items[i]).release().ptr());
  return list;
}

}  // namespace

void RegisterContent() {
  for (std::size_t i = 0; i < kNames; ++i) {
    if (names[i] == nullptr) names[i] = PyUnicode_InternFromString(kSpelled[i]);
    if (names[i] == nullptr) throw py::error_already_set();
  }
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::string name(CaveatKindName(static_cast<CaveatKind>(i)));
    if (kinds[i] == nullptr) kinds[i] = PyUnicode_InternFromString(name.c_str());
    if (kinds[i] == nullptr) throw py::error_already_set();
  }
}

py::object ContentToPython(const TokenContent& content) {
  Dict out;
  out.Number(kV, static_cast<std::int64_t>(content.format));
  out.UnlessEmpty(kKid, content.key_id);
  out.UnlessEmpty(kJti, content.jti);
  out.UnlessEmpty(kRootJti, content.root_jti);
  out.Put(kIss, Text(content.issuer));
  out.UnlessEmpty(kTenant, content.tenant);
  out.UnlessEmpty(kZone, content.zone);
  out.UnlessEmpty(kSub, content.subject);
  out.UnlessEmpty(kAud, content.audience);
  out.Number(kIat, content.issued_at);
  out.Number(kNbf, content.not_before);
  out.Number(kExp, content.expires_at);
  out.Number(kMaxDepth, content.max_depth);
  if (content.sealed) out.Put(kSealed, py::bool_(true));
  out.Put(kCav, ListOf(content.caveats, &CaveatToPython));
  out.Put(kHops, ListOf(content.hops, &HopToPython));
  return out.Take();
}

}  // namespace intentgate::python
