#include "gate_object.h"

#include <fstream>
#include <map>
#include <string>
#include <utility>

#include <intentgate/settings.h>

#include "convert.h"

namespace intentgate::node {
namespace {

std::string DecisionJson(const Decision& d) {
  json::Array trace;
  for (const TraceStep& step : d.trace) {
    trace.push_back(json::MakeObject({{"check", CheckName(step.check)}, {"passed", step.passed}, {"detail", step.detail}}));
  }
  return json::Write(json::MakeObject({{"verdict", VerdictName(d.verdict)},
                                       {"check", CheckName(d.check)},
                                       {"code", ReasonName(d.code)},
                                       {"reason", d.reason},
                                       {"requiresStepUp", d.requires_step_up},
                                       {"eventId", d.event_id},
                                       {"tenant", d.tenant},
                                       {"agentId", d.agent_id},
                                       {"jti", d.jti},
                                       {"rootJti", d.root_jti},
                                       {"latencyUs", d.latency_us},
                                       {"trace", json::Value(std::move(trace))}}));
}

// The texts behind a Call, which only borrows.
struct OwnedCall {
  std::string tool, token, prompt, session_id;
  json::Value arguments;

  Call View() const {
    Call call;
    call.tool = tool;
    call.token = token;
    call.prompt = prompt;
    call.session_id = session_id;
    call.arguments = arguments.is_null() ? nullptr : &arguments;
    return call;
  }
};

// (tool, argsJson, token, prompt, sessionId); nullopt with a JavaScript error pending.
std::optional<OwnedCall> CallFrom(const Napi::CallbackInfo& info) {
  OwnedCall call{Text(info, 0), Text(info, 2), Text(info, 3), Text(info, 4), nullptr};
  if (info[1].IsString()) {
    Result<json::Value> arguments = json::Parse(Text(info, 1));
    if (!arguments.ok()) return Throw(info.Env(), arguments.error()), std::nullopt;
    if (!arguments->is_object()) return Throw(info.Env(), "invalid_argument", "args must be an object"), std::nullopt;
    call.arguments = std::move(*arguments);
  }
  return call;
}

// One promise on its way; made and settled on the JavaScript thread.
struct Pending {
  napi_deferred deferred = nullptr;
  std::string decision;
};

// With Node-API's own functions: in an environment that is ending they fail quietly, where the C++ wrapper
// would end the process.
void Settle(napi_env env, const Pending& pending) {
  napi_value value = nullptr;
  if (napi_create_string_utf8(env, pending.decision.data(), pending.decision.size(), &value) == napi_ok) {
    static_cast<void>(napi_resolve_deferred(env, pending.deferred, value));
  }
}

}  // namespace

Napi::Function GateObject::Init(Napi::Env env) {
  return DefineClass(
      env, "Gate",
      {InstanceMethod<&GateObject::Authorize>("authorize"), InstanceMethod<&GateObject::AuthorizeSync>("authorizeSync"),
       InstanceMethod<&GateObject::Explain>("explain"), InstanceMethod<&GateObject::RecordOutcome>("recordOutcome"),
       InstanceMethod<&GateObject::Revoke>("revoke"), InstanceMethod<&GateObject::VerifyAudit>("verifyAudit"),
       InstanceMethod<&GateObject::ExportAudit>("exportAudit"), InstanceMethod<&GateObject::Close>("close")});
}

GateObject::GateObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GateObject>(info) {
  const Napi::Env env = info.Env();
  const Result<json::Value> environment = json::Parse(Text(info, 2));
  if (!environment.ok()) {
    Throw(env, environment.error());
    return;
  }
  std::map<std::string, std::string> variables;
  for (const json::Member& member : environment->object()) {
    if (member.value.is_string()) variables[member.name] = member.value.string_value();
  }
  const SettingsLoad load = LoadGateSettings(Text(info, 0), Text(info, 1), variables);
  if (!load.problems.empty()) {
    std::string message = "the configuration has mistakes:";
    for (const SettingsProblem& problem : load.problems) message += "\n  " + problem.where + ": " + problem.message;
    Throw(env, "invalid_argument", message);
    return;
  }
  Result<std::shared_ptr<Gate>> gate = Gate::Open(load.settings);
  if (!gate.ok()) {
    Throw(env, gate.error());
    return;
  }
  gate_ = std::move(*gate);
  settle_ = Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "intentgate", 0, 1);
  settle_.Unref(env);
  running_ = true;
  // Hooks run in reverse order, so this one comes before the function's own.
  napi_add_env_cleanup_hook(env, &GateObject::AtEnvironmentEnd, this);
}

GateObject::~GateObject() {
  if (!running_) return;
  napi_remove_env_cleanup_hook(Env(), &GateObject::AtEnvironmentEnd, this);
  Shutdown();
}

void GateObject::Shutdown() {
  running_ = false;
  gate_.reset();
  settle_.Release();
}

void GateObject::AtEnvironmentEnd(void* self) { static_cast<GateObject*>(self)->Shutdown(); }

std::shared_ptr<Gate> GateObject::Borrow(Napi::Env env) {
  if (!gate_) Throw(env, "invalid_argument", "the gate is closed");
  return gate_;
}

void GateObject::Settled(Napi::Env env) {
  if (--waiting_ > 0) return;
  settle_.Unref(env);
  Unref();
}

Napi::Value GateObject::Authorize(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  const std::optional<OwnedCall> call = gate ? CallFrom(info) : std::nullopt;
  if (!call) return env.Undefined();
  const auto pending = std::make_shared<Pending>();
  napi_value promise = nullptr;
  if (napi_create_promise(env, &pending->deferred, &promise) != napi_ok) return env.Undefined();
  // This object and the event loop stay alive until the last promise is settled.
  if (waiting_++ == 0) {
    settle_.Ref(env);
    Ref();
  }
  gate->AuthorizeAsync(call->View(), [this, pending](const Decision& decision) {
    pending->decision = DecisionJson(decision);
    settle_.NonBlockingCall([this, pending](Napi::Env js, Napi::Function) {
      // No environment: the process or the worker is ending and nobody waits any more.
      if (js == nullptr) return;
      Settle(js, *pending);
      Settled(js);
    });
  });
  return Napi::Value(env, promise);
}

Napi::Value GateObject::AuthorizeSync(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> gate = Borrow(info.Env());
  const std::optional<OwnedCall> call = gate ? CallFrom(info) : std::nullopt;
  if (!call) return info.Env().Undefined();
  return Napi::String::New(info.Env(), DecisionJson(gate->Authorize(call->View())));
}

Napi::Value GateObject::Explain(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> gate = Borrow(info.Env());
  const std::optional<OwnedCall> call = gate ? CallFrom(info) : std::nullopt;
  if (!call) return info.Env().Undefined();
  return Napi::String::New(info.Env(), DecisionJson(gate->Explain(call->View())));
}

// (decisionJson, outcome, latencyUs)
Napi::Value GateObject::RecordOutcome(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  const Result<json::Value> fields = json::Parse(Text(info, 0));
  if (!gate || !fields.ok()) return env.Undefined();
  Decision decision;
  decision.verdict = Verdict::kAllow;
  decision.code = Reason::kAllowed;
  decision.event_id = Member(*fields, "eventId");
  decision.tenant = Member(*fields, "tenant");
  decision.agent_id = Member(*fields, "agentId");
  decision.jti = Member(*fields, "jti");
  decision.root_jti = Member(*fields, "rootJti");
  Outcome outcome;
  outcome.outcome = Text(info, 1);
  outcome.latency_us = info[2].IsNumber() ? info[2].As<Napi::Number>().Int64Value() : 0;
  gate->RecordOutcome(decision, outcome);
  return env.Undefined();
}

// (id, tenant, reason, actor)
Napi::Value GateObject::Revoke(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  if (!gate) return env.Undefined();
  const std::string actor = Text(info, 3);
  const Status revoked = gate->Revoke({Text(info, 1), Text(info, 0), Text(info, 2), actor}, {actor, "", ""});
  if (!revoked.ok()) Throw(env, revoked.error());
  return env.Undefined();
}

// (tenant) -> JSON
Napi::Value GateObject::VerifyAudit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  if (!gate) return env.Undefined();
  const Result<VerifyReport> report = gate->VerifyAudit(Text(info, 0));
  if (!report.ok()) return Throw(env, report.error()), env.Undefined();
  json::Value out = json::MakeObject({{"ok", report->ok},
                                      {"tenant", report->tenant},
                                      {"verified", report->verified},
                                      {"problem", report->problem}});
  if (report->broken_seq) out.Set("brokenSeq", *report->broken_seq);
  return Napi::String::New(env, json::Write(out));
}

// (path, tenant, format)
Napi::Value GateObject::ExportAudit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  if (!gate) return env.Undefined();
  const std::string path = Text(info, 0);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const Error unwritable{ErrorCode::kIo, path + ": cannot be written"};
  if (!file) return Throw(env, unwritable), env.Undefined();
  AuditFilter filter;
  filter.tenant = Text(info, 1);
  const ExportFormat format = Text(info, 2) == "csv" ? ExportFormat::kCsv : ExportFormat::kNdjson;
  const Status exported = gate->ExportAudit(filter, format, [&](std::string_view piece) -> Status {
    file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (!file) return unwritable;
    return {};
  });
  if (!exported.ok()) Throw(env, exported.error());
  return env.Undefined();
}

Napi::Value GateObject::Close(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> last = std::exchange(gate_, nullptr);
  const Status flushed = last ? last->Flush() : Status();
  if (!flushed.ok()) Throw(info.Env(), flushed.error());
  return info.Env().Undefined();
}

}  // namespace intentgate::node
