// The tables: what each answer, admin action and control event is called in OCSF. docs/ocsf.md shows them.
// All functions are pure and thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/json.h>

namespace intentgate::evidence::ocsf {

inline constexpr std::int64_t kOther = 99;

// A number of an OCSF enumeration with the text that has to stand beside it: the enumeration's own caption, or, for
// kOther, a text of the producer.
struct Choice {
  std::int64_t id = 0;
  std::string_view caption;
};

struct ClassInfo {
  std::int64_t category_uid, class_uid;
  std::string_view category_name, class_name;
};
inline constexpr ClassInfo kApiActivity{6, 6003, "Application Activity", "API Activity"};
inline constexpr ClassInfo kEntityManagement{3, 3004, "Identity & Access Management", "Entity Management"};
inline constexpr ClassInfo kApplicationLifecycle{6, 6002, "Application Activity", "Application Lifecycle"};

// What an answer of the gate, or of the tool, means to a SIEM.
struct Answer {
  Choice status, action, disposition, severity;
};

struct Decided {
  std::string_view decision, check, code;
  bool by_person = false;   // an approval was answered
  bool was_pending = false; // it belongs to an approval
};
Answer AnswerOfDecision(const Decided& decided);
Answer AnswerOfOutcome(std::string_view outcome);

// `action` is what stands behind "admin/". Unknown ones are kOther under their own name.
struct AdminAction {
  Choice activity;
  Choice entity_type;
};
AdminAction AdminActionOf(std::string_view action);

// `what` stands behind "audit/". Unknown ones are kOther under their own name.
struct ControlEvent {
  Choice activity, status, severity;
  bool alert = false;
};
ControlEvent ControlEventOf(std::string_view what);

// Sets `name`_id and its text sibling: ("status", {1, "Success"}) -> status_id 1, status "Success".
void SetChoice(json::Value& object, std::string_view id_name, std::string_view text_name, const Choice& choice);

}  // namespace intentgate::evidence::ocsf
