#include "gate_object.h"

#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <intentgate/intent.h>

#include "convert.h"
#include "decision.h"
#include "key_ring.h"
#include "open.h"
#include "policy_object.h"

namespace intentgate::node {
namespace {

// The texts behind a Call, which only borrows.
struct OwnedCall {
  std::string tool, token, prompt, session_id, server;
  json::Value arguments;
  std::string problem;   // what the strict reader found wrong with the arguments

  Call View() const {
    Call call;
    call.tool = tool;
    call.token = token;
    call.prompt = prompt;
    call.session_id = session_id;
    call.server = server;
    call.arguments = arguments.is_null() ? nullptr : &arguments;
    return call;
  }
};

// (tool, argsJson or undefined, token, prompt, sessionId, server)
OwnedCall CallFrom(const Napi::CallbackInfo& info) {
  OwnedCall call{Text(info, 0), Text(info, 2), Text(info, 3), Text(info, 4), Text(info, 5), nullptr, ""};
  if (!IsText(info, 1)) return call;
  Result<json::Value> arguments = json::Parse(Text(info, 1));
  if (!arguments.ok()) {
    call.problem = "the arguments: " + arguments.error().message;
  } else if (!arguments->is_object()) {
    call.problem = "the arguments are not an object";
  } else {
    call.arguments = *std::move(arguments);
  }
  return call;
}

// What an agent sends can be wrong without the program being wrong: a refusal and not an exception.
std::string Refused(Gate& gate, const OwnedCall& call) {
  gate.RecordRefusedRequest(call.View(), call.problem);
  Decision decision;
  decision.reason = call.problem;
  return DecisionJson(decision);
}

// One decision on its way. Made on the JavaScript thread and read there.
struct Pending {
  std::thread::id js_thread = std::this_thread::get_id();
  bool calling = true;   // AuthorizeAsync has not returned
  bool at_once = false;  // decided inside the call
  napi_deferred deferred = nullptr;
  std::string decision;
};

// With Node-API's own functions: in an environment that is ending they fail quietly, where the C++ wrapper
// would end the process.
void Settle(napi_env env, const Pending& pending) {
  napi_value value = nullptr;
  if (pending.deferred != nullptr &&
      napi_create_string_utf8(env, pending.decision.data(), pending.decision.size(), &value) == napi_ok) {
    static_cast<void>(napi_resolve_deferred(env, pending.deferred, value));
  }
}

}  // namespace

Napi::Function GateObject::Init(Napi::Env env) {
  return DefineClass(
      env, "Gate",
      {InstanceMethod<&GateObject::Authorize>("authorize"), InstanceMethod<&GateObject::AuthorizeSync>("authorizeSync"),
       InstanceMethod<&GateObject::Explain>("explain"), InstanceMethod<&GateObject::RecordOutcome>("recordOutcome"),
       InstanceMethod<&GateObject::Revoke>("revoke"), InstanceMethod<&GateObject::SetPolicy>("setPolicy"), InstanceMethod<&GateObject::SetTools>("setTools"),
       InstanceMethod<&GateObject::Flush>("flush"),
       InstanceMethod<&GateObject::VerifyAudit>("verifyAudit"),
       InstanceMethod<&GateObject::ExportAudit>("exportAudit"), InstanceMethod<&GateObject::Close>("close")});
}

GateObject::GateObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GateObject>(info) {
  const Napi::Env env = info.Env();
  gate_ = OpenGate(info);
  if (!gate_) return;
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
  if (!gate) return env.Undefined();
  const OwnedCall call = CallFrom(info);
  if (!call.problem.empty()) return Napi::String::New(env, Refused(*gate, call));
  const auto pending = std::make_shared<Pending>();
  gate->AuthorizeAsync(call.View(), [this, pending](const Decision& decision) {
    pending->decision = DecisionJson(decision);
    if (std::this_thread::get_id() == pending->js_thread && pending->calling) {
      pending->at_once = true;
      return;
    }
    settle_.NonBlockingCall([this, pending](Napi::Env js, Napi::Function) {
      // No environment: the process or the worker is ending and nobody waits any more.
      if (js == nullptr) return;
      Settle(js, *pending);
      Settled(js);
    });
  });
  pending->calling = false;
  // A promise for what is known already would cost more than the decision.
  if (pending->at_once) return Napi::String::New(env, pending->decision);
  // Its settling waits for this thread, so it cannot come before the promise is there. This object and the event
  // loop stay alive until the last one is settled.
  if (waiting_++ == 0) {
    settle_.Ref(env);
    Ref();
  }
  napi_value promise = nullptr;
  if (napi_create_promise(env, &pending->deferred, &promise) != napi_ok) return env.Undefined();
  return Napi::Value(env, promise);
}

Napi::Value GateObject::AuthorizeSync(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> gate = Borrow(info.Env());
  if (!gate) return info.Env().Undefined();
  const OwnedCall call = CallFrom(info);
  return Napi::String::New(info.Env(), call.problem.empty() ? DecisionJson(gate->Authorize(call.View())) : Refused(*gate, call));
}

Napi::Value GateObject::Explain(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> gate = Borrow(info.Env());
  if (!gate) return info.Env().Undefined();
  const OwnedCall call = CallFrom(info);
  Decision decision;
  decision.reason = call.problem;
  return Napi::String::New(info.Env(), DecisionJson(call.problem.empty() ? gate->Explain(call.View()) : decision));
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

// (policy, actor)
Napi::Value GateObject::SetPolicy(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  if (!gate) return env.Undefined();
  const auto* data = env.GetInstanceData<AddonData>();
  if (!info[0].IsObject() || !info[0].As<Napi::Object>().InstanceOf(data->policy.Value())) {
    return Throw(env, "invalid_argument", "policy must be a Policy"), env.Undefined();
  }
  const Status set = gate->SetPolicy(PolicyObject::Unwrap(info[0].As<Napi::Object>())->policy(), {Text(info, 1), "", ""});
  if (!set.ok()) Throw(env, set.error());
  return env.Undefined();
}

// (toolsJson [{name, description, parameters}, ...], every member there)
Napi::Value GateObject::SetTools(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  if (!gate) return env.Undefined();
  const Result<json::Value> list = json::Parse(Text(info, 0));
  if (!list.ok()) return Throw(env, list.error()), env.Undefined();
  std::vector<ToolInfo> tools;
  for (const json::Value& row : list->array()) {
    ToolInfo tool{.name = Member(row, "name"), .description = Member(row, "description"), .parameters = {}};
    for (const json::Value& name : row.Find("parameters")->array()) tool.parameters.push_back(name.string_value());
    tools.push_back(std::move(tool));
  }
  gate->SetToolCatalogue(std::move(tools));
  return env.Undefined();
}

Napi::Value GateObject::Flush(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> gate = Borrow(info.Env());
  if (!gate) return info.Env().Undefined();
  const Status flushed = gate->Flush();
  if (!flushed.ok()) Throw(info.Env(), flushed.error());
  return info.Env().Undefined();
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
