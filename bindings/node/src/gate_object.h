// Gate as a JavaScript class.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>

#include <intentgate/gate.h>

namespace intentgate::node {

// Lives on the JavaScript thread that made it. Promises are settled there, through a thread-safe function
// that keeps the event loop alive only while something is waiting.
class GateObject final : public Napi::ObjectWrap<GateObject> {
 public:
  static Napi::Function Init(Napi::Env env);
  // new Gate(...): the arguments of OpenGate
  explicit GateObject(const Napi::CallbackInfo& info);
  ~GateObject() override;

 private:
  Napi::Value Authorize(const Napi::CallbackInfo& info);
  Napi::Value AuthorizeSync(const Napi::CallbackInfo& info);
  Napi::Value Explain(const Napi::CallbackInfo& info);
  Napi::Value RecordOutcome(const Napi::CallbackInfo& info);
  Napi::Value Revoke(const Napi::CallbackInfo& info);
  Napi::Value SetPolicy(const Napi::CallbackInfo& info);
  Napi::Value SetTools(const Napi::CallbackInfo& info);
  Napi::Value Flush(const Napi::CallbackInfo& info);
  Napi::Value VerifyAudit(const Napi::CallbackInfo& info);
  Napi::Value ExportAudit(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  // The gate, or null with a JavaScript error pending when it was closed.
  std::shared_ptr<Gate> Borrow(Napi::Env env);
  void Settled(Napi::Env env);
  // Ends the gate and the thread-safe function: at this object's end, or before the environment's, whichever
  // comes first. The gate goes first, because its threads call the function.
  void Shutdown();
  static void AtEnvironmentEnd(void* self);

  std::shared_ptr<Gate> gate_;
  Napi::ThreadSafeFunction settle_;
  std::int64_t waiting_ = 0;
  bool running_ = false;
};

}  // namespace intentgate::node
