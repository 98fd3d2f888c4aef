#include <string>
#include <utility>

#include <intentgate/policy.h>

namespace intentgate::policy {
namespace {

// Adds members in their order; the empty ones are left out.
class DocumentBuilder {
 public:
  DocumentBuilder() { members_.reserve(kMostMembers); }
  void Add(std::string_view name, std::string_view text) {
    if (!text.empty()) Put(name, json::Value(text));
  }
  void Add(std::string_view name, std::span<const std::string> texts) {
    if (texts.empty()) return;
    json::Array list;
    list.reserve(texts.size());
    for (const std::string& text : texts) list.emplace_back(text);
    Put(name, json::Value(std::move(list)));
  }
  void Put(std::string_view name, json::Value value) { members_.push_back({std::string(name), std::move(value)}); }
  json::Value Finish() { return json::Value(std::move(members_)); }

 private:
  static constexpr std::size_t kMostMembers = 9;
  json::Object members_;
};

json::Value IntentDocument(const IntentInput& intent) {
  DocumentBuilder out;
  out.Add("summary", intent.summary);
  out.Add("allowed_tools", intent.allowed_tools);
  out.Add("forbidden_tools", intent.forbidden_tools);
  // Zero is the most telling confidence: a rule that blocks below a threshold must see it. NaN compares as none.
  out.Put("confidence", json::Value::Double(intent.confidence >= 0 && intent.confidence <= 1 ? intent.confidence : 0));
  return out.Finish();
}

json::Value CapabilityDocument(const CapabilityInput& capability) {
  DocumentBuilder out;
  out.Add("subject", capability.subject);
  out.Add("issuer", capability.issuer);
  out.Add("tenant", capability.tenant);
  out.Add("zone", capability.zone);
  if (capability.step_up_at != 0) out.Put("step_up_at", json::Value(capability.step_up_at));
  out.Add("jti", capability.jti);
  out.Add("root_jti", capability.root_jti);
  return out.Finish();
}

}  // namespace

json::Value InputDocument(const PolicyInput& input) {
  DocumentBuilder out;
  out.Put("tool", json::Value(input.tool));
  const bool no_args = input.args == nullptr || input.args->is_null() || (input.args->is_object() && input.args->object().empty());
  if (!no_args) out.Put("args", *input.args);
  out.Add("agent_id", input.agent_id);
  out.Add("session_id", input.session_id);
  out.Add("method", input.method);
  out.Add("server", input.server);
  if (input.intent != nullptr) out.Put("intent", IntentDocument(*input.intent));
  if (input.capability != nullptr) out.Put("capability", CapabilityDocument(*input.capability));
  if (input.approved) out.Put("approved", json::Value(true));
  return out.Finish();
}

}  // namespace intentgate::policy
