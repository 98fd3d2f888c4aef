#include "tokens.h"

#include <pybind11/stl.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <intentgate/token.h>

#include "arguments.h"
#include "caveats.h"
#include "content.h"
#include "raise.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
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

TokenFormat FormatFrom(int format) {
  if (format < kOldestFormat || format > kNewestFormat) Raise(Error{ErrorCode::kInvalidArgument, "format must be 3, 4 or 5"});
  return static_cast<TokenFormat>(format);
}

py::tuple MintToken(const KeyRing& ring, const std::string& subject, py::handle caveats, std::optional<std::int64_t> ttl,
                    int format, const std::string& tenant, const std::string& issuer, const std::string& zone,
                    const std::string& audience, std::optional<std::int64_t> not_before, std::optional<std::int64_t> max_depth) {
  MintRequest request;
  request.format = FormatFrom(format);
  request.subject = subject;
  request.tenant = tenant;
  request.issuer = issuer;
  request.zone = zone;
  request.audience = audience;
  request.ttl_seconds = ttl;
  request.not_before = not_before;
  request.max_depth = max_depth;
  request.caveats = CaveatsFrom(caveats);
  const MintedToken minted = Take(Mint(ring, request, TheClock(), TheRandom()));
  return py::make_tuple(minted.token, minted.jti, minted.expires_at ? py::object(py::int_(*minted.expires_at)) : py::none());
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

const KeyRing& RingOf(py::handle object) {
  py::detail::type_caster<KeyRing> caster;
  if (object.ptr() == nullptr || object.is_none() || !caster.load(object, false)) {
    throw py::type_error("keys must be a KeyRing");
  }
  return static_cast<KeyRing&>(caster);
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

VerifiedToken Verified(py::handle token, const KeyRing& ring, const std::string& audience) {
  VerifyOptions options;
  options.audience = audience;
  const VerifyResult result = Verify(TextOf(token, "token"), ring, options, TheClock());
  if (!result.ok()) Raise(result.refusal());
  return result.token();
}

// (token, keys, *, audience="") -> bool
PyObject* IsGenuine(PyObject*, PyObject* const* values, Py_ssize_t positional, PyObject* names) {
  enum : std::size_t { kToken, kKeys, kAudience };
  static constexpr std::array<const char*, 3> kNames = {"token", "keys", "audience"};
  return AtEdge([&] {
    const auto given = ReadArguments(kNames, 2, values, positional, names);
    VerifyOptions options;
    if (given[kAudience] != nullptr) options.audience = TextOf(given[kAudience], "audience");
    const KeyRing& ring = RingOf(given[kKeys]);
    return PyBool_FromLong(Verify(TextOf(given[kToken], "token"), ring, options, TheClock()).ok() ? 1 : 0);
  });
}

struct Asked {
  json::Value arguments;
  CaveatContext context;
};

// Fills `asked` in place, because the context borrows from it.
void Ask(py::handle tool, py::handle arguments, std::optional<std::int64_t> now, py::handle agent, py::handle server, Asked& asked) {
  asked.arguments = ObjectFromPython(arguments, "args");
  asked.context.tool = TextOf(tool, "tool");
  asked.context.arguments = asked.arguments.is_null() ? nullptr : &asked.arguments;
  asked.context.agent = TextOf(agent, "agent");
  asked.context.server = TextOf(server, "server");
  asked.context.now = now ? *now : TheClock().UnixSeconds();
}

void CheckCall(py::handle token, const KeyRing& ring, py::handle tool, py::handle arguments, std::optional<std::int64_t> now,
               py::handle agent, py::handle server, const std::string& audience) {
  const VerifiedToken verified = Verified(token, ring, audience);
  Asked asked;
  Ask(tool, arguments, now, agent, server, asked);
  if (const auto refusal = CheckCaveats(verified, asked.context)) Raise(*refusal);
}

py::list ExplainCall(py::handle token, const KeyRing& ring, py::handle tool, py::handle arguments,
                     std::optional<std::int64_t> now, py::handle agent, py::handle server, const std::string& audience) {
  const VerifiedToken verified = Verified(token, ring, audience);
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
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void RegisterTokens(py::module_& module) {
  RegisterContent();
  RegisterCaveats();
  py::class_<KeyRing>(module, "KeyRing", "Keys by id. Immutable, thread-safe; printing it shows ids, never keys.")
      .def_static("__new__", [](const py::args&, const py::kwargs&) -> py::object {
        throw py::type_error("use KeyRing.parse or KeyRing.from_master_key");
      })
      .def_static("from_master_key", [](const std::string& text) { return Take(KeyRing::FromMasterKey(text)); }, py::arg("text"),
                  "One base64 key of at least 16 bytes, as in INTENTGATE_MASTER_KEY.")
      .def_static("parse", [](const std::string& text) { return Take(KeyRing::Parse(text)); }, py::arg("text"),
                  "A key file's text, as ``intentgate keygen`` writes it.")
      .def_property_readonly("ids", &KeyIds, "The ids of all keys.")
      .def_property_readonly("active_id", &KeyRing::active_id, "The id of the key that mints.")
      .def("__repr__", [](const KeyRing& ring) { return "<KeyRing active=" + ring.active_id() + ">"; });

  module.def("generate_key_line", [](const std::string& id) {
    return Take(GenerateKeyLine(id, TheRandom()));
  }, py::arg("id"), "A line for a key file: a fresh 32-byte key under ``id``, marked active. The text is a secret.");
  module.def("mint", &MintToken, py::arg("keys"), py::arg("subject"), py::arg("caveats"), py::arg("ttl"), py::arg("format"),
             py::arg("tenant"), py::arg("issuer"), py::arg("zone"), py::arg("audience"), py::arg("not_before"), py::arg("max_depth"));
  if (PyModule_AddFunctions(module.ptr(), hot_functions) != 0) throw py::error_already_set();
  module.def("verify", [](py::handle token, const KeyRing& ring, const std::string& audience) {
    return ContentToPython(Verified(token, ring, audience).content());
  }, py::arg("token"), py::arg("keys"), py::arg("audience"));
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
