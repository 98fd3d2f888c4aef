// The native half of the Python package: thin wrappers that turn Result and Decision into Python values.
// libintentgate/__init__.py gives them their public shape and _native.pyi their types.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include <intentgate/gate.h>
#include <intentgate/settings.h>
#include <intentgate/token.h>

#include "values.h"

namespace py = pybind11;

namespace intentgate::python {
namespace {

// The exception classes live in libintentgate/errors.py.
[[noreturn]] void Raise(const Error& error) {
  const py::object type = py::module_::import("libintentgate.errors").attr("IntentGateError");
  const py::object instance = type(std::string(ErrorCodeName(error.code)), error.message);
  PyErr_SetObject(type.ptr(), instance.ptr());
  throw py::error_already_set();
}

[[noreturn]] void Raise(const TokenRefusal& refusal) {
  const py::object type = py::module_::import("libintentgate.errors").attr("TokenRefused");
  const auto index = [](const std::optional<std::size_t>& i) -> py::object {
    return i ? py::object(py::int_(*i)) : py::object(py::none());
  };
  const py::object instance = type(std::string(ReasonName(refusal.reason)), refusal.message,
                                   index(refusal.caveat_index), index(refusal.hop));
  PyErr_SetObject(type.ptr(), instance.ptr());
  throw py::error_already_set();
}

template <typename T>
T Take(Result<T> result) {
  if (!result.ok()) Raise(result.error());
  return std::move(*result);
}

void Take(const Status& status) {
  if (!status.ok()) Raise(status.error());
}

std::vector<Caveat> CaveatsFrom(const py::list& list) {
  std::vector<Caveat> out;
  for (const py::handle item : list) out.push_back(Take(Caveat::FromJson(FromPython(item))));
  return out;
}

TokenFormat FormatFrom(int format) {
  if (format < 3 || format > 5) Raise(Error{ErrorCode::kInvalidArgument, "format must be 3, 4 or 5"});
  return static_cast<TokenFormat>(format);
}

py::dict MintDict(const MintedToken& minted) {
  py::dict out;
  out["token"] = minted.token;
  out["jti"] = minted.jti;
  out["expires_at"] = minted.expires_at ? py::object(py::int_(*minted.expires_at)) : py::object(py::none());
  return out;
}

py::dict DecisionDict(const Decision& d) {
  py::dict out;
  out["verdict"] = std::string(VerdictName(d.verdict));
  out["check"] = std::string(CheckName(d.check));
  out["code"] = std::string(ReasonName(d.code));
  out["reason"] = d.reason;
  out["requires_step_up"] = d.requires_step_up;
  out["event_id"] = d.event_id;
  out["tenant"] = d.tenant;
  out["agent_id"] = d.agent_id;
  out["jti"] = d.jti;
  out["root_jti"] = d.root_jti;
  out["latency_us"] = d.latency_us;
  py::list trace;
  for (const TraceStep& step : d.trace) {
    py::dict entry;
    entry["check"] = std::string(CheckName(step.check));
    entry["passed"] = step.passed;
    entry["detail"] = step.detail;
    trace.append(entry);
  }
  out["trace"] = trace;
  return out;
}

// A gate that can be closed while other threads still use it.
class GateHandle {
 public:
  static std::shared_ptr<GateHandle> Open(const std::string& yaml, const std::string& file_name,
                                          const std::map<std::string, std::string>& environment) {
    const SettingsLoad load = LoadGateSettings(yaml, file_name, environment);
    if (!load.problems.empty()) {
      std::string message = "the configuration has mistakes:";
      for (const SettingsProblem& problem : load.problems) message += "\n  " + problem.where + ": " + problem.message;
      Raise(Error{ErrorCode::kInvalidArgument, message});
    }
    py::gil_scoped_release release;
    Result<std::shared_ptr<Gate>> gate = Gate::Open(load.settings);
    py::gil_scoped_acquire acquire;
    return std::make_shared<GateHandle>(Take(std::move(gate)));
  }

  explicit GateHandle(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

  py::dict Authorize(const std::string& tool, const py::object& arguments, const std::string& token,
                     const std::string& prompt, const std::string& session_id, bool explain) {
    const json::Value snapshot = FromPython(arguments);
    if (!snapshot.is_null() && !snapshot.is_object()) throw py::type_error("args must be a dict or None");
    Call call;
    call.token = token;
    call.tool = tool;
    call.arguments = snapshot.is_null() ? nullptr : &snapshot;
    call.prompt = prompt;
    call.session_id = session_id;
    const std::shared_ptr<Gate> gate = Borrow();
    Decision decision;
    {
      py::gil_scoped_release release;
      decision = explain ? gate->Explain(call) : gate->Authorize(call);
    }
    py::dict out = DecisionDict(decision);
    // What was authorized, apart from the caller's object, which may change after this.
    out["args"] = ToPython(snapshot);
    return out;
  }

  void RecordOutcome(const py::dict& decision, const std::string& outcome, std::int64_t latency_us) {
    Decision d;
    d.verdict = Verdict::kAllow;
    d.code = Reason::kAllowed;
    d.event_id = decision["event_id"].cast<std::string>();
    d.tenant = decision["tenant"].cast<std::string>();
    d.agent_id = decision["agent_id"].cast<std::string>();
    d.jti = decision["jti"].cast<std::string>();
    d.root_jti = decision["root_jti"].cast<std::string>();
    Outcome what;
    what.outcome = outcome;
    what.latency_us = latency_us;
    const std::shared_ptr<Gate> gate = Borrow();
    py::gil_scoped_release release;
    gate->RecordOutcome(d, what);
  }

  void Revoke(const std::string& id, const std::string& tenant, const std::string& reason, const std::string& actor) {
    const std::shared_ptr<Gate> gate = Borrow();
    Status revoked;
    {
      py::gil_scoped_release release;
      revoked = gate->Revoke({tenant, id, reason, actor}, {actor, "", ""});
    }
    Take(revoked);
  }

  py::dict VerifyAudit(const std::string& tenant) {
    const std::shared_ptr<Gate> gate = Borrow();
    Result<VerifyReport> report = [&] {
      py::gil_scoped_release release;
      return gate->VerifyAudit(tenant);
    }();
    const VerifyReport taken = Take(std::move(report));
    py::dict out;
    out["ok"] = taken.ok;
    out["tenant"] = taken.tenant;
    out["verified"] = taken.verified;
    out["problem"] = taken.problem;
    out["broken_seq"] = taken.broken_seq ? py::object(py::int_(*taken.broken_seq)) : py::object(py::none());
    return out;
  }

  void ExportAudit(const std::string& path, const std::string& tenant, const std::string& format) {
    if (format != "ndjson" && format != "csv") throw py::value_error("format must be 'ndjson' or 'csv'");
    AuditFilter filter;
    filter.tenant = tenant;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!file) Raise(Error{ErrorCode::kIo, path + ": cannot be written"});
    const std::shared_ptr<Gate> gate = Borrow();
    Status exported;
    {
      py::gil_scoped_release release;
      exported = gate->ExportAudit(filter, format == "csv" ? ExportFormat::kCsv : ExportFormat::kNdjson,
                                    [&](std::string_view piece) -> Status {
                                      file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
                                      if (!file) return Error{ErrorCode::kIo, path + ": cannot be written"};
                                      return {};
                                    });
      file.close();
    }
    Take(exported);
  }

  void Close() {
    const std::shared_ptr<Gate> last = std::exchange(gate_, nullptr);
    py::gil_scoped_release release;
    if (last) static_cast<void>(last->Flush());
  }
  bool closed() const { return gate_ == nullptr; }

 private:
  // Called with the GIL held, so that Close on another thread cannot take the gate away in between.
  std::shared_ptr<Gate> Borrow() const {
    if (!gate_) throw py::value_error("the gate is closed");
    return gate_;
  }

  std::shared_ptr<Gate> gate_;
};

py::dict MintToken(const KeyRing& ring, const std::string& subject, int format, const std::string& tenant,
                   const std::string& issuer, const std::string& zone, const std::string& audience,
                   std::optional<std::int64_t> ttl, std::optional<std::int64_t> not_before,
                   std::optional<std::int64_t> max_depth, const py::list& caveats) {
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
  return MintDict(Take(Mint(ring, request, *SystemClock(), *random)));
}

std::string AttenuateToken(const std::string& token, const py::list& caveats, std::optional<std::int64_t> expires_in,
                           bool seal, const std::string& label) {
  const auto random = SystemRandom();
  return Take(Attenuate(token, CaveatsFrom(caveats), {expires_in, seal, label}, *SystemClock(), *random));
}

py::object VerifyToken(const std::string& token, const KeyRing& ring, const std::string& audience) {
  VerifyOptions options;
  options.audience = audience;
  const VerifyResult result = Verify(token, ring, options, *SystemClock());
  if (!result.ok()) Raise(result.refusal());
  return ToPython(result.token().content().ToJson());
}

// Raises TokenRefused if a caveat of the verified token refuses the call.
void CheckCall(const std::string& token, const KeyRing& ring, const std::string& tool, const py::object& arguments,
               std::optional<std::int64_t> now, const std::string& agent) {
  const auto clock = SystemClock();
  const VerifyResult result = Verify(token, ring, {}, *clock);
  if (!result.ok()) Raise(result.refusal());
  const json::Value snapshot = FromPython(arguments);
  CaveatContext context;
  context.tool = tool;
  context.arguments = snapshot.is_null() ? nullptr : &snapshot;
  context.agent = agent;
  context.now = now.value_or(clock->UnixSeconds());
  if (const auto refusal = CheckCaveats(result.token(), context)) Raise(*refusal);
}

}  // namespace
}  // namespace intentgate::python

PYBIND11_MODULE(_native, m) {
  using namespace intentgate;
  using namespace intentgate::python;

  py::class_<KeyRing>(m, "KeyRing")
      .def_static("from_master_key", [](const std::string& text) { return Take(KeyRing::FromMasterKey(text)); })
      .def_static("parse", [](const std::string& text) { return Take(KeyRing::Parse(text)); })
      .def_property_readonly("ids", [](const KeyRing& ring) {
        std::vector<std::string> ids;
        for (const KeyInfo& key : ring.keys()) ids.push_back(key.id);
        return ids;
      })
      .def_property_readonly("active_id", &KeyRing::active_id)
      .def("__repr__", [](const KeyRing& ring) { return "<KeyRing active=" + ring.active_id() + ">"; });

  m.def("generate_key_line", [](const std::string& id) {
    const auto random = SystemRandom();
    return Take(GenerateKeyLine(id, *random));
  });
  m.def("mint", &MintToken);
  m.def("attenuate", &AttenuateToken);
  m.def("verify", &VerifyToken);
  m.def("check", &CheckCall);
  m.def("decode", [](const std::string& token) { return ToPython(Take(Decode(token)).ToJson()); });
  m.def("describe_caveat", [](const py::dict& caveat) { return Take(Caveat::FromJson(FromPython(caveat))).Describe(); });

  py::class_<GateHandle, std::shared_ptr<GateHandle>>(m, "Gate")
      .def_static("open", &GateHandle::Open)
      .def("authorize", &GateHandle::Authorize)
      .def("record_outcome", &GateHandle::RecordOutcome)
      .def("revoke", &GateHandle::Revoke)
      .def("verify_audit", &GateHandle::VerifyAudit)
      .def("export_audit", &GateHandle::ExportAudit)
      .def("close", &GateHandle::Close)
      .def_property_readonly("closed", &GateHandle::closed);
}
