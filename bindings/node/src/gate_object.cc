#include "gate_object.h"

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <intentgate/intent.h>

#include "convert.h"
#include "decision.h"
#include "open.h"
#include "operations.h"
#include "owned_call.h"

namespace intentgate::node {
namespace {

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

}  // namespace

Napi::Function GateObject::Init(Napi::Env env) {
  return DefineClass(
      env, "Gate",
      {InstanceMethod<&GateObject::Authorize>("authorize"), InstanceMethod<&GateObject::AuthorizeSync>("authorizeSync"),
       InstanceMethod<&GateObject::RecordOutcome>("recordOutcome"), InstanceMethod<&GateObject::SetTools>("setTools"),
       InstanceMethod<&GateObject::DoNow<ExplainJob>>("explainSync"), InstanceMethod<&GateObject::Promise<ExplainJob>>("explain"),
       InstanceMethod<&GateObject::DoNow<RevokeJob>>("revokeSync"), InstanceMethod<&GateObject::Promise<RevokeJob>>("revoke"),
       InstanceMethod<&GateObject::DoNow<SetPolicyJob>>("setPolicySync"), InstanceMethod<&GateObject::Promise<SetPolicyJob>>("setPolicy"),
       InstanceMethod<&GateObject::DoNow<FlushJob>>("flushSync"), InstanceMethod<&GateObject::Promise<FlushJob>>("flush"),
       InstanceMethod<&GateObject::DoNow<VerifyAuditJob>>("verifyAuditSync"), InstanceMethod<&GateObject::Promise<VerifyAuditJob>>("verifyAudit"),
       InstanceMethod<&GateObject::DoNow<ExportAuditJob>>("exportAuditSync"), InstanceMethod<&GateObject::Promise<ExportAuditJob>>("exportAudit"),
       InstanceMethod<&GateObject::DoNow<ListApprovalsJob>>("listApprovalsSync"), InstanceMethod<&GateObject::Promise<ListApprovalsJob>>("listApprovals"),
       InstanceMethod<&GateObject::DoNow<GetApprovalJob>>("getApprovalSync"), InstanceMethod<&GateObject::Promise<GetApprovalJob>>("getApproval"),
       InstanceMethod<&GateObject::DoNow<DecideApprovalJob>>("decideApprovalSync"), InstanceMethod<&GateObject::Promise<DecideApprovalJob>>("decideApproval"),
       InstanceMethod<&GateObject::DoNow<OperationJob>>("operateSync"), InstanceMethod<&GateObject::Promise<OperationJob>>("operate"),
       InstanceMethod<&GateObject::WaitApproval>("waitApproval"), InstanceMethod<&GateObject::CancelApprovalWait>("cancelApprovalWait"),
       InstanceMethod<&GateObject::CloseNow>("closeSync"), InstanceMethod<&GateObject::Close>("close")});
}

GateObject::GateObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GateObject>(info) {
  const Napi::Env env = info.Env();
  gate_ = OpenGate(info);
  if (!gate_) return;
  mailbox_ = std::make_shared<Mailbox>(env);
  // Hooks run in reverse order, so this one comes before the function's own.
  napi_add_env_cleanup_hook(env, &GateObject::AtEnvironmentEnd, this);
}

GateObject::~GateObject() {
  if (!mailbox_) return;
  napi_remove_env_cleanup_hook(Env(), &GateObject::AtEnvironmentEnd, this);
  Shutdown();
}

void GateObject::Shutdown() {
  gate_.reset();
  mailbox_->Close();
}

void GateObject::AtEnvironmentEnd(void* self) { static_cast<GateObject*>(self)->Shutdown(); }

std::shared_ptr<Gate> GateObject::Borrow(Napi::Env env) {
  if (!gate_) Throw(env, "invalid_argument", "the gate is closed");
  return gate_;
}

void GateObject::Waits(Napi::Env env) {
  if (waiting_++ > 0) return;
  mailbox_->HoldLoop(env);
  Ref();
}

void GateObject::Settled(Napi::Env env) {
  if (--waiting_ > 0) return;
  mailbox_->LetLoopEnd(env);
  Unref();
}

Napi::Value GateObject::Authorize(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  if (!gate) return env.Undefined();
  const OwnedCall call = CallFrom(info);
  if (!call.problem.empty()) return Napi::String::New(env, Refused(*gate, call));
  const auto pending = std::make_shared<Pending>();
  gate->AuthorizeAsync(call.View(), [this, pending, mailbox = mailbox_](const Decision& decision) {
    pending->decision = DecisionJson(decision);
    if (std::this_thread::get_id() == pending->js_thread && pending->calling) {
      pending->at_once = true;
      return;
    }
    mailbox->Post([this, pending](Napi::Env js, Napi::Function) {
      // No environment: the process or the worker is ending and nobody waits any more.
      if (js == nullptr) return;
      Settle(js, pending->deferred, pending->decision);
      Settled(js);
    });
  });
  pending->calling = false;
  // A promise for what is known already would cost more than the decision.
  if (pending->at_once) return Napi::String::New(env, pending->decision);
  // Its settling waits for this thread, so it cannot come before the promise is there.
  Waits(env);
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

template <MakeJob make>
Napi::Value GateObject::DoNow(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> gate = Borrow(info.Env());
  const std::optional<Job> job = gate ? make(info, gate) : std::nullopt;
  return job ? Now(info.Env(), *job) : info.Env().Undefined();
}

template <MakeJob make>
Napi::Value GateObject::Promise(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> gate = Borrow(info.Env());
  std::optional<Job> job = gate ? make(info, gate) : std::nullopt;
  return job ? Promised(info.Env(), *std::move(job)) : info.Env().Undefined();
}

Napi::Value GateObject::WaitApproval(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Gate> gate = Borrow(env);
  if (!gate) return env.Undefined();
  const auto pending = std::make_shared<ApprovalWait>();
  napi_value promise = nullptr;
  if (napi_create_promise(env, &pending->deferred, &promise) != napi_ok) return env.Undefined();
  const std::uint64_t wait = ++last_wait_;
  approval_waits_.emplace(wait, pending);
  Waits(env);
  pending->gate_wait = gate->WaitApproval(Text(info, 0), Text(info, 1), [this, wait, pending, mailbox = mailbox_](const Result<Approval>& approval) {
    pending->answer = ApprovalJson(approval);
    mailbox->Post([this, wait, mailbox](Napi::Env js, Napi::Function) {
      // A wait that was given up holds this object no longer; its destructor closes the mailbox.
      if (js != nullptr && mailbox->IsOpen()) EndWait(js, wait);
    });
  });
  Napi::Array out = Napi::Array::New(env, 2);
  out.Set(0u, Napi::Number::New(env, static_cast<double>(wait)));
  out.Set(1u, Napi::Value(env, promise));
  return out;
}

void GateObject::EndWait(napi_env env, std::uint64_t wait) {
  const auto at = approval_waits_.find(wait);
  // Given up before its answer came.
  if (at == approval_waits_.end()) return;
  Settle(env, at->second->deferred, at->second->answer);
  approval_waits_.erase(at);
  Settled(env);
}

Napi::Value GateObject::CancelApprovalWait(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto wait = static_cast<std::uint64_t>(info[0].ToNumber().Int64Value());
  const auto at = approval_waits_.find(wait);
  if (at == approval_waits_.end()) return env.Undefined();
  const std::shared_ptr<ApprovalWait> pending = at->second;
  approval_waits_.erase(at);
  if (gate_) gate_->CancelApprovalWait(pending->gate_wait);
  // Its answer may be on its way and is not read any more.
  Settle(env, pending->deferred, Error{ErrorCode::kCancelled, "the wait was given up"});
  Settled(env);
  return env.Undefined();
}

Napi::Value GateObject::CloseNow(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Gate> last = std::exchange(gate_, nullptr);
  const Status flushed = last ? last->Flush() : Status();
  if (!flushed.ok()) Throw(info.Env(), flushed.error());
  return info.Env().Undefined();
}

Napi::Value GateObject::Close(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [last = std::exchange(gate_, nullptr)]() -> Result<std::string> {
    const Status flushed = last ? last->Flush() : Status();
    if (!flushed.ok()) return flushed.error();
    return std::string();
  });
}

}  // namespace intentgate::node
