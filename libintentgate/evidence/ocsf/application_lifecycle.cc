// What the audit chain says about itself. Tested by tests/unit/evidence/ocsf_test.cc and, against the published
// schema, by tests/run/suites/ocsf.sh.

#include <string>

#include "evidence/ocsf/classes.h"

namespace intentgate::evidence::ocsf {
namespace {

constexpr std::string_view kAuditPrefix = "audit/";

}  // namespace

void RenderApplicationLifecycle(SourceEvent& source, const OcsfOptions& options, Draft& draft) {
  std::string what = source.Text("tool");
  if (what.starts_with(kAuditPrefix)) what.erase(0, kAuditPrefix.size());
  if (what.empty()) what = source.Peek("kind");
  const ControlEvent means = ControlEventOf(what);
  json::Value& event = draft.event;
  SetClass(kApplicationLifecycle, means.activity, event);
  json::Value app = Product(options);
  app.Set("feature", json::MakeObject({{"name", "audit chain"}, {"uid", source.Peek("tenant")}}));
  event.Set("app", std::move(app));
  SetChoice(event, "status_id", "status", means.status);
  SetChoice(event, "severity_id", "severity", means.severity);
  const std::string why = source.Detail("why"), reason = source.Text("reason");
  if (!why.empty()) event.Set("status_detail", why);
  event.Set("message", reason.empty() ? "audit chain: " + what : reason);
  if (!means.alert) return;
  draft.profiles.emplace_back("security_control");
  event.Set("is_alert", true);
}

}  // namespace intentgate::evidence::ocsf
