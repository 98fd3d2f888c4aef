// KeyRing as a JavaScript class.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>

#include <intentgate/clock.h>
#include <intentgate/keys.h>

namespace intentgate::node {

class KeyRingObject final : public Napi::ObjectWrap<KeyRingObject> {
 public:
  static Napi::Function Init(Napi::Env env) {
    return DefineClass(env, "KeyRing",
                       {InstanceAccessor<&KeyRingObject::ActiveId>("activeId"), InstanceAccessor<&KeyRingObject::Ids>("ids")});
  }

  // new KeyRing(text, isMasterKey)
  explicit KeyRingObject(const Napi::CallbackInfo& info);

  const std::optional<KeyRing>& ring() const { return ring_; }

 private:
  Napi::Value ActiveId(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), ring_->active_id()); }
  Napi::Value Ids(const Napi::CallbackInfo& info) {
    Napi::Array ids = Napi::Array::New(info.Env());
    for (const KeyInfo& key : ring_->keys()) ids.Set(ids.Length(), key.id);
    return ids;
  }

  std::optional<KeyRing> ring_;
};

// By environment: each worker thread has its own constructors.
struct AddonData {
  Napi::FunctionReference key_ring, gate, policy;
  const std::shared_ptr<const Clock> clock = SystemClock();
  const std::shared_ptr<Random> random = SystemRandom();
};

// The ring in argument `index`, or null with a JavaScript error pending.
const KeyRing* RingAt(const Napi::CallbackInfo& info, std::size_t index);

}  // namespace intentgate::node
