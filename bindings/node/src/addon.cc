// The native half of the Node package. Values cross as JSON text: one stringify and one string is cheaper
// than walking an object through Node-API, and what is judged is a snapshot that nobody can change
// meanwhile. lib/index.js gives this its public shape.

#include <napi.h>

#include "bundles.h"
#include "gate_object.h"
#include "key_ring.h"
#include "policy_object.h"
#include "rego.h"
#include "tokens.h"

namespace intentgate::node {
namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto data = std::make_unique<AddonData>();
  const Napi::Function key_ring = KeyRingObject::Init(env);
  const Napi::Function gate = GateObject::Init(env);
  const Napi::Function policy = PolicyObject::Init(env);
  data->key_ring = Napi::Persistent(key_ring);
  data->gate = Napi::Persistent(gate);
  data->policy = Napi::Persistent(policy);
  // The environment owns it and deletes it at its end.
  env.SetInstanceData(data.release());
  exports.Set("KeyRing", key_ring);
  exports.Set("Gate", gate);
  exports.Set("Policy", policy);
  ExportTokenFunctions(env, exports);
  ExportBundleFunctions(env, exports);
  ExportRegoFunctions(env, exports);
  return exports;
}

NODE_API_MODULE(intentgate, Init)

}  // namespace
}  // namespace intentgate::node
