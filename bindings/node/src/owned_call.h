// A call to be judged, with its texts.
#pragma once

#include <napi.h>

#include <string>

#include <intentgate/gate.h>

namespace intentgate::node {

// The texts behind a Call, which only borrows.
struct OwnedCall {
  std::string tool, token, prompt, session_id, server, approval_id;
  json::Value arguments;
  std::string problem;   // what the strict reader found wrong with the arguments

  Call View() const;
};

// (tool, argsJson or undefined, token, prompt, sessionId, server, approvalId)
OwnedCall CallFrom(const Napi::CallbackInfo& info);

}  // namespace intentgate::node
