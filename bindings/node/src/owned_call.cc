#include "owned_call.h"

#include <utility>

#include "convert.h"

namespace intentgate::node {

Call OwnedCall::View() const {
  Call call;
  call.tool = tool;
  call.token = token;
  call.prompt = prompt;
  call.session_id = session_id;
  call.server = server;
  call.approval_id = approval_id;
  call.arguments = arguments.is_null() ? nullptr : &arguments;
  return call;
}

OwnedCall CallFrom(const Napi::CallbackInfo& info) {
  OwnedCall call{Text(info, 0), Text(info, 2), Text(info, 3), Text(info, 4), Text(info, 5), Text(info, 6), nullptr, ""};
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

}  // namespace intentgate::node
