// Gate as a JavaScript class.
#pragma once

#include <napi.h>

#include <cstdint>
#include <map>
#include <memory>

#include <intentgate/gate.h>

#include "approvals.h"
#include "gate_jobs.h"
#include "mailbox.h"

namespace intentgate::node {

// Lives on the JavaScript thread that made it. Decisions that had to wait are settled there, through a mailbox that
// keeps the event loop alive only while something is waiting.
class GateObject final : public Napi::ObjectWrap<GateObject> {
 public:
  static Napi::Function Init(Napi::Env env);
  // new Gate(...): the arguments of OpenGate
  explicit GateObject(const Napi::CallbackInfo& info);
  ~GateObject() override;

 private:
  Napi::Value Authorize(const Napi::CallbackInfo& info);
  Napi::Value AuthorizeSync(const Napi::CallbackInfo& info);
  Napi::Value RecordOutcome(const Napi::CallbackInfo& info);
  Napi::Value SetTools(const Napi::CallbackInfo& info);
  template <MakeJob make>
  Napi::Value DoNow(const Napi::CallbackInfo& info);
  template <MakeJob make>
  Napi::Value Promise(const Napi::CallbackInfo& info);
  // (tenant, id) -> [wait, promise]
  Napi::Value WaitApproval(const Napi::CallbackInfo& info);
  // (wait): its promise is rejected as cancelled, unless it was settled before
  Napi::Value CancelApprovalWait(const Napi::CallbackInfo& info);
  void EndWait(napi_env env, std::uint64_t wait);
  Napi::Value CloseNow(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  // The gate, or null with a JavaScript error pending when it was closed.
  std::shared_ptr<Gate> Borrow(Napi::Env env);
  // This object and the event loop stay alive from the first thing that waits to the last one that is settled.
  void Waits(Napi::Env env);
  void Settled(Napi::Env env);
  // Lets go of the gate and closes the mailbox: at this object's end, or before the environment's, whichever comes
  // first. A job may still hold the gate; its threads then post to a closed mailbox.
  void Shutdown();
  static void AtEnvironmentEnd(void* self);

  std::shared_ptr<Gate> gate_;
  std::shared_ptr<Mailbox> mailbox_;
  std::int64_t waiting_ = 0;
  std::map<std::uint64_t, std::shared_ptr<ApprovalWait>> approval_waits_;
  std::uint64_t last_wait_ = 0;
};

}  // namespace intentgate::node
