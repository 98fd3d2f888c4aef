#include "key_ring.h"

#include <utility>

#include "convert.h"

namespace intentgate::node {

KeyRingObject::KeyRingObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<KeyRingObject>(info) {
  const std::string text = Text(info, 0);
  Result<KeyRing> ring = info[1].ToBoolean().Value() ? KeyRing::FromMasterKey(text) : KeyRing::Parse(text);
  if (!ring.ok()) {
    Throw(info.Env(), ring.error());
    return;
  }
  ring_ = std::move(*ring);
}

const KeyRing* RingAt(const Napi::CallbackInfo& info, std::size_t index) {
  const auto* data = info.Env().GetInstanceData<AddonData>();
  if (info[index].IsObject() && info[index].As<Napi::Object>().InstanceOf(data->key_ring.Value())) {
    const auto& ring = Napi::ObjectWrap<KeyRingObject>::Unwrap(info[index].As<Napi::Object>())->ring();
    if (ring) return &*ring;
  }
  Throw(info.Env(), "invalid_argument", "keys must be a KeyRing");
  return nullptr;
}

}  // namespace intentgate::node
