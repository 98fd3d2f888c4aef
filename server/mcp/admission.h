// What is refused before a body is looked at: foreign origins and hosts, wrong content types, unknown
// protocol revisions.
#pragma once

#include <optional>
#include <string_view>

#include "config/server_settings.h"
#include "http/message.h"

namespace intentgate::mcp {

struct AdmissionRefusal {
  int status = 0;
  std::string_view reason;  // a literal
};

std::optional<AdmissionRefusal> CheckAdmission(const config::ServerSettings& settings, const http::RequestHead& head);
// The revision named by the header, when it names one that is served; else nothing. `bad`: it names another.
std::string_view ProtocolOf(const http::RequestHead& head, bool& bad);

}  // namespace intentgate::mcp
