// The renderers of the three classes, and what they share. Each fills what is its class's own; RenderOcsf adds the
// rest. All functions are thread-compatible with their arguments.
#pragma once

#include <string_view>

#include <intentgate/json.h>

#include "evidence/ocsf/mapping.h"
#include "evidence/ocsf/ocsf.h"
#include "evidence/ocsf/source_event.h"

namespace intentgate::evidence::ocsf {

// An event being built. `event` is an object; `profiles` go to metadata.profiles.
struct Draft {
  json::Value event = json::MakeObject({});
  json::Array profiles;
};

void RenderApiActivity(SourceEvent& source, const OcsfOptions& options, Draft& draft);
void RenderEntityManagement(SourceEvent& source, Draft& draft);
void RenderApplicationLifecycle(SourceEvent& source, const OcsfOptions& options, Draft& draft);

// class, category, activity and type, with their names.
void SetClass(const ClassInfo& info, const Choice& activity, json::Value& event);
// The IntentGate that wrote the event, as an OCSF product.
json::Value Product(const OcsfOptions& options);
// "10.0.0.1:53104", "[::1]:80", an address without a port; any other text is taken as a name. Never empty.
json::Value Endpoint(std::string_view remote);

}  // namespace intentgate::evidence::ocsf
