// A call that outlives what it was read from.
#pragma once

#include <optional>
#include <string>

#include <intentgate/gate.h>

namespace intentgate::gate {

class OwnedCall {
 public:
  explicit OwnedCall(const Call& call)
      : token_(call.token), tool_(call.tool), method_(call.method), prompt_(call.prompt), session_id_(call.session_id),
        remote_ip_(call.remote_ip), server_(call.server), approval_id_(call.approval_id), holder_(call.holder),
        continues_(call.continues) {
    if (call.arguments != nullptr) arguments_ = *call.arguments;
  }
  // Valid as long as this object.
  Call View() const {
    return {token_, tool_, arguments_ ? &*arguments_ : nullptr, method_, prompt_, session_id_, remote_ip_, server_,
            continues_, approval_id_, holder_};
  }

 private:
  std::string token_, tool_, method_, prompt_, session_id_, remote_ip_, server_, approval_id_, holder_;
  std::optional<json::Value> arguments_;
  bool continues_;
};

}  // namespace intentgate::gate
