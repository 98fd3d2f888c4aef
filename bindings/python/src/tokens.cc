#include "tokens.h"

#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include <intentgate/token.h>

#include "raise.h"
#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

constexpr int kOldestFormat = 3;
constexpr int kNewestFormat = 5;

std::vector<Caveat> CaveatsFrom(py::handle list) {
  const json::Value values = FromPython(list);
  if (!values.is_array()) throw py::type_error("caveats must be a list, such as [max_calls(3)]");
  std::vector<Caveat> out;
  out.reserve(values.array().size());
  for (const json::Value& value : values.array()) out.push_back(Take(Caveat::FromJson(value)));
  return out;
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
  const auto random = SystemRandom();
  const MintedToken minted = Take(Mint(ring, request, *SystemClock(), *random));
  return py::make_tuple(minted.token, minted.jti, minted.expires_at ? py::object(py::int_(*minted.expires_at)) : py::none());
}

py::str AttenuateToken(py::handle token, py::handle caveats, std::optional<std::int64_t> expires_in, bool seal,
                       const std::string& label) {
  const auto random = SystemRandom();
  return Take(Attenuate(TextOf(token, "token"), CaveatsFrom(caveats), {expires_in, seal, label}, *SystemClock(), *random));
}

VerifiedToken Verified(py::handle token, const KeyRing& ring, const std::string& audience) {
  VerifyOptions options;
  options.audience = audience;
  const VerifyResult result = Verify(TextOf(token, "token"), ring, options, *SystemClock());
  if (!result.ok()) Raise(result.refusal());
  return result.token();
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
  asked.context.now = now ? *now : SystemClock()->UnixSeconds();
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

}  // namespace

void RegisterTokens(py::module_& module) {
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
    const auto random = SystemRandom();
    return Take(GenerateKeyLine(id, *random));
  }, py::arg("id"), "A line for a key file: a fresh 32-byte key under ``id``, marked active. The text is a secret.");
  module.def("mint", &MintToken, py::arg("keys"), py::arg("subject"), py::arg("caveats"), py::arg("ttl"), py::arg("format"),
             py::arg("tenant"), py::arg("issuer"), py::arg("zone"), py::arg("audience"), py::arg("not_before"), py::arg("max_depth"));
  module.def("attenuate", &AttenuateToken, py::arg("token"), py::arg("caveats"), py::arg("expires_in"), py::arg("seal"),
             py::arg("label"));
  module.def("verify", [](py::handle token, const KeyRing& ring, const std::string& audience) {
    return ToPython(Verified(token, ring, audience).content().ToJson());
  }, py::arg("token"), py::arg("keys"), py::arg("audience"));
  module.def("is_genuine", [](py::handle token, const KeyRing& ring, const std::string& audience) {
    VerifyOptions options;
    options.audience = audience;
    return Verify(TextOf(token, "token"), ring, options, *SystemClock()).ok();
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
