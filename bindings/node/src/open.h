// Gate::Open for JavaScript: a configuration text, and what can only be handed over in code.
#pragma once

#include <napi.h>

#include <memory>

#include <intentgate/gate.h>

namespace intentgate::node {

// (yaml, fileName, environmentJson, KeyRing or undefined, policy sources as JSON [[name, text], ...] or undefined).
// A ring and sources stand in for keys.file and policy.files. Null with a JavaScript error pending: all mistakes
// of the configuration in one message.
std::shared_ptr<Gate> OpenGate(const Napi::CallbackInfo& info);

}  // namespace intentgate::node
