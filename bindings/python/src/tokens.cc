#include "tokens.h"

#include <pybind11/stl.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/token.h>

#include "arguments.h"
#include "caveats.h"
#include "content.h"
#include "raise.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {

const KeyRing& RingOf(py::handle object) {
  if (object.ptr() == nullptr) throw py::type_error("the argument keys is missing");
  py::detail::type_caster<KeyRing> caster;
  if (object.is_none() || !caster.load(object, false)) {
    throw py::type_error(std::string("keys must be a KeyRing, not a ") + Py_TYPE(object.ptr())->tp_name);
  }
  return static_cast<KeyRing&>(caster);
}

namespace {

constexpr int kOldestFormat = 3;
constexpr int kNewestFormat = 5;

// The outside world of a call, shared by all: making it anew costs a twentieth of narrowing a token. Both are thread-safe.
const Clock& TheClock() {
  static const std::shared_ptr<const Clock> clock = SystemClock();
  return *clock;
}

Random& TheRandom() {
  static const std::shared_ptr<Random> random = SystemRandom();
  return *random;
}

std::optional<std::int64_t> IntegerOrNone(py::handle object, const char* what) {
  if (object.is_none()) return std::nullopt;
  if (!PyLong_Check(object.ptr()) || PyBool_Check(object.ptr())) {
    throw py::type_error(std::string(what) + " must be an int or None, not a " + Py_TYPE(object.ptr())->tp_name);
  }
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow != 0) throw py::value_error(std::string(what) + " has more than 64 bits");
  return number;
}

bool BoolOf(py::handle object, const char* what) {
  if (!PyBool_Check(object.ptr())) throw py::type_error(std::string(what) + " must be a bool, not a " + Py_TYPE(object.ptr())->tp_name);
  return object.ptr() == Py_True;
}

TokenFormat FormatFrom(py::handle format) {
  const std::optional<std::int64_t> number = IntegerOrNone(format, "format");
  if (!number || *number < kOldestFormat || *number > kNewestFormat) {
    Raise(Error{ErrorCode::kInvalidArgument, "format must be 3, 4 or 5"});
  }
  return static_cast<TokenFormat>(*number);
}

// These take what they are given and check it themselves: pybind11 would put all of it, keys and tokens too, into the
// message about a wrong type.
py::tuple MintToken(py::handle keys, py::handle subject, py::handle caveats, py::handle ttl, py::handle format, py::handle tenant,
                    py::handle issuer, py::handle zone, py::handle audience, py::handle not_before, py::handle max_depth) {
  const KeyRing& ring = RingOf(keys);
  MintRequest request;
  request.format = FormatFrom(format);
  request.subject = TextOf(subject, "subject");
  request.tenant = TextOf(tenant, "tenant");
  request.issuer = TextOf(issuer, "issuer");
  request.zone = TextOf(zone, "zone");
  request.audience = TextOf(audience, "audience");
  request.ttl_seconds = IntegerOrNone(ttl, "ttl");
  request.not_before = IntegerOrNone(not_before, "not_before");
  request.max_depth = IntegerOrNone(max_depth, "max_depth");
  request.caveats = CaveatsFrom(caveats);
  const MintedToken minted = Take(Mint(ring, request, TheClock(), TheRandom()));
  return py::make_tuple(minted.token, minted.jti, minted.expires_at ? py::object(py::int_(*minted.expires_at)) : py::none());
}

// (token, caveats=(), *, expires_in=None, seal=False, label="") -> str
PyObject* AttenuateToken(PyObject*, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  enum : std::size_t { kToken, kCaveats, kExpiresIn, kSeal, kLabel };
  static constexpr std::array<const char*, 5> kNames = {"token", "caveats", "expires_in", "seal", "label"};
  return AtEdge([&] {
    const auto given = ReadArguments(kNames, 2, values, positional, names);
    AttenuateOptions options;
    if (given[kExpiresIn] != nullptr) options.expires_in_seconds = IntegerOrNone(given[kExpiresIn], "expires_in");
    if (given[kSeal] != nullptr) options.seal = BoolOf(given[kSeal], "seal");
    if (given[kLabel] != nullptr) options.label = TextOf(given[kLabel], "label");
    const std::vector<Caveat> caveats = given[kCaveats] == nullptr ? std::vector<Caveat>() : CaveatsFrom(given[kCaveats]);
    const std::string child = Take(Attenuate(TextOf(given[kToken], "token"), caveats, options, TheClock(), TheRandom()));
    // A token is ASCII, which need not be looked for byte by byte.
    PyObject* text = PyUnicode_New(static_cast<Py_ssize_t>(child.size()), 127);
    if (text != nullptr) std::memcpy(PyUnicode_1BYTE_DATA(text), child.data(), child.size());
    return text;
  });
}

VerifiedToken Verified(py::handle token, const KeyRing& ring, std::string_view audience) {
  VerifyOptions options;
  options.audience = audience;
  const VerifyResult result = Verify(TextOf(token, "token"), ring, options, TheClock());
  if (!result.ok()) Raise(result.refusal());
  return result.token();
}

// What verify and is_genuine are asked.
struct Asking {
  static constexpr std::array<const char*, 3> kNames = {"token", "keys", "audience"};

  Asking(PyObject* const* values, Py_ssize_t positional, PyObject* names)
      : given(ReadArguments(kNames, 2, values, positional, names)) {}

  std::array<PyObject*, 3> given;
  py::handle token = given[0];
  const KeyRing& keys = RingOf(given[1]);
  std::string_view audience = given[2] == nullptr ? std::string_view() : TextOf(given[2], "audience");
};

// (token, keys, *, audience="") -> bool
PyObject* IsGenuine(PyObject*, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  return AtEdge([&] {
    const Asking asking(values, positional, names);
    VerifyOptions options;
    options.audience = asking.audience;
    return PyBool_FromLong(Verify(TextOf(asking.token, "token"), asking.keys, options, TheClock()).ok() ? 1 : 0);
  });
}

// (token, keys, *, audience="") -> dict
PyObject* VerifyToken(PyObject*, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  return AtEdge([&] {
    const Asking asking(values, positional, names);
    return ContentToPython(Verified(asking.token, asking.keys, asking.audience).content()).release().ptr();
  });
}

struct Asked {
  json::Value arguments;
  CaveatContext context;
};

// Fills `asked` in place, because the context borrows from it.
void Ask(py::handle tool, py::handle arguments, py::handle now, py::handle agent, py::handle server, Asked& asked) {
  asked.arguments = ObjectFromPython(arguments, "args");
  asked.context.tool = TextOf(tool, "tool");
  asked.context.arguments = asked.arguments.is_null() ? nullptr : &asked.arguments;
  asked.context.agent = TextOf(agent, "agent");
  asked.context.server = TextOf(server, "server");
  const std::optional<std::int64_t> at = IntegerOrNone(now, "now");
  asked.context.now = at ? *at : TheClock().UnixSeconds();
}

void CheckCall(py::handle token, py::handle keys, py::handle tool, py::handle arguments, py::handle now, py::handle agent,
               py::handle server, py::handle audience) {
  const VerifiedToken verified = Verified(token, RingOf(keys), TextOf(audience, "audience"));
  Asked asked;
  Ask(tool, arguments, now, agent, server, asked);
  if (const auto refusal = CheckCaveats(verified, asked.context)) Raise(*refusal);
}

py::list ExplainCall(py::handle token, py::handle keys, py::handle tool, py::handle arguments, py::handle now, py::handle agent,
                     py::handle server, py::handle audience) {
  const VerifiedToken verified = Verified(token, RingOf(keys), TextOf(audience, "audience"));
  Asked asked;
  Ask(tool, arguments, now, agent, server, asked);
  py::list out;
  for (const CaveatAnswer& answer : ExplainCaveats(verified, asked.context)) {
    const py::object index = answer.caveat_index ? py::object(py::int_(*answer.caveat_index)) : py::object(py::none());
    out.append(py::make_tuple(index, answer.hop, answer.holds, std::string(answer.reason ? ReasonName(*answer.reason) : ""),
                              answer.text));
  }
  return out;
}

std::vector<std::string> KeyIds(const KeyRing& ring) {
  std::vector<std::string> ids;
  for (const KeyInfo& key : ring.keys()) ids.push_back(key.id);
  return ids;
}

template <Result<KeyRing> (*make)(std::string_view)>
PyObject* MakeRing(PyObject*, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  static constexpr std::array<const char*, 1> kNames = {"text"};
  return AtEdge([&] {
    const auto given = ReadArguments(kNames, 1, values, positional, names);
    return py::cast(Take(make(TextOf(given[0], "text")))).release().ptr();
  });
}

// Static methods of KeyRing; pybind11's would show the key when they are called wrongly.
PyMethodDef ring_makers[] = {
    {"from_master_key", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(MakeRing<KeyRing::FromMasterKey>)),
     METH_FASTCALL | METH_KEYWORDS,
     "from_master_key(text)\n--\n\nOne base64 key of at least 16 bytes, as in INTENTGATE_MASTER_KEY."},
    {"parse", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(MakeRing<KeyRing::Parse>)), METH_FASTCALL | METH_KEYWORDS,
     "parse(text)\n--\n\nA key file's text, as ``intentgate keygen`` writes it."}};

// The hot functions, called by the interpreter directly.
PyMethodDef hot_functions[] = {
    {"attenuate", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(AttenuateToken)), METH_FASTCALL | METH_KEYWORDS,
     "attenuate(token, caveats=(), *, expires_in=None, seal=False, label='')\n--\n\n"
     "A child that can do no more than ``token``. Needs no key.\n\n"
     "``expires_in`` is in seconds; ``seal`` forbids further attenuation and ``label`` names the hop (both v5).\n"
     "Raises ``IntentGateError``: ``malformed``, ``invalid_argument`` or ``limit_exceeded``."},
    {"is_genuine", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(IsGenuine)), METH_FASTCALL | METH_KEYWORDS,
     "is_genuine(token, keys, *, audience='')\n--\n\n"
     "Whether ``verify`` would accept the token; the fast way to ask, because no content is made."},
    {"verify", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(VerifyToken)), METH_FASTCALL | METH_KEYWORDS,
     "verify(token, keys, *, audience='')\n--\n\n"
     "The content of a token whose signature is right. Does not look at its caveats; ``check`` does.\n\n"
     "Raises ``TokenRefused``."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void RegisterTokens(py::module_& module) {
  RegisterContent();
  RegisterCaveats();
  py::class_<KeyRing> type(module, "KeyRing", "Keys by id. Immutable, thread-safe; printing it shows ids, never keys.");
  type.def_static("__new__", [](const py::args&, const py::kwargs&) -> py::object {
        throw py::type_error("use KeyRing.parse or KeyRing.from_master_key");
      })
      .def_property_readonly("ids", &KeyIds, "The ids of all keys.")
      .def_property_readonly("active_id", &KeyRing::active_id, "The id of the key that mints.")
      .def("__repr__", [](const KeyRing& ring) { return "<KeyRing active=" + ring.active_id() + ">"; });
  for (PyMethodDef& maker : ring_makers) {
    const auto made = py::reinterpret_steal<py::object>(PyCFunction_New(&maker, nullptr));
    if (!made) throw py::error_already_set();
    type.attr(maker.ml_name) = made;
  }

  module.def("generate_key_line", [](const std::string& id) {
    return Take(GenerateKeyLine(id, TheRandom()));
  }, py::arg("id"), "A line for a key file: a fresh 32-byte key under ``id``, marked active. The text is a secret.");
  module.def("mint", &MintToken, py::arg("keys"), py::arg("subject"), py::arg("caveats"), py::arg("ttl"), py::arg("format"),
             py::arg("tenant"), py::arg("issuer"), py::arg("zone"), py::arg("audience"), py::arg("not_before"), py::arg("max_depth"));
  if (PyModule_AddFunctions(module.ptr(), hot_functions) != 0) throw py::error_already_set();
  module.def("check", &CheckCall, py::arg("token"), py::arg("keys"), py::arg("tool"), py::arg("arguments"), py::arg("now"),
             py::arg("agent"), py::arg("server"), py::arg("audience"));
  module.def("explain", &ExplainCall, py::arg("token"), py::arg("keys"), py::arg("tool"), py::arg("arguments"), py::arg("now"),
             py::arg("agent"), py::arg("server"), py::arg("audience"));
  module.def("decode", [](py::handle token) { return ToPython(Take(Decode(TextOf(token, "token"))).ToJson()); }, py::arg("token"));
  module.def("describe_caveat", [](py::handle caveat) {
    return Take(Caveat::FromJson(ObjectFromPython(caveat, "caveat"))).Describe();
  }, py::arg("caveat"));
}

}  // namespace intentgate::python
