#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

constexpr const char* kAllowed = "allow  allowed";
Result<Intent> Reads(const IntentQuery&) {
  return Intent{.summary = "reads", .allowed_tools = {"read_file"}, .forbidden_tools = {"pay"}, .confidence = 0.9};
}

}  // namespace

TEST_CASE("a call that the prompt does not cover is refused, forbidden before not covered") {
  World w;
  w.extractor->answer = Reads;
  w.Open();
  const std::string token = w.Token();
  CHECK(Said(w.Ask(token, "read_file", "{}", "read it")) == kAllowed);
  CHECK(Text(w.LastEvent(), "intent_summary") == "reads");
  CHECK(Said(w.Ask(token, "write_file", "{}", "read it")) == "block intent intent.not_covered");
  CHECK(Said(w.Ask(token, "pay", "{}", "read it")) == "block intent intent.forbidden");
}

TEST_CASE("a call without a prompt is refused only where one is required, and never asks") {
  World w;
  w.extractor->answer = Reads;
  w.Open();
  const std::string token = w.Token();
  CHECK(Said(w.Ask(token, "pay")) == kAllowed);
  w.settings.intent = IntentMode::kRequired;
  w.Open();
  CHECK(Said(w.Ask(token, "pay")) == "block intent intent.required");
  w.settings.intent = IntentMode::kOff;
  w.Open();
  CHECK(Said(w.Ask(token, "pay", "{}", "read it")) == kAllowed);
  CHECK(w.extractor->asked == 0);
}

TEST_CASE("an extractor that fails refuses the call, unless the settings say otherwise and the chain is told") {
  World w;
  w.extractor->answer = [](const IntentQuery&) -> Result<Intent> { return Error{ErrorCode::kTimeout, "no answer in 10 s"}; };
  w.Open();
  const std::string token = w.Token();
  const Decision d = w.Ask(token, "read_file", "{}", "read it");
  CHECK(Said(d) == "block intent intent.unavailable");
  CHECK(d.reason.find("no answer in 10 s") != std::string::npos);
  w.settings.extractor_failure = FailureMode::kAllow;
  w.Open();
  CHECK(Said(w.Ask(token, "read_file", "{}", "read it")) == kAllowed);
  CHECK(Text(*w.LastEvent().Find("details"), "intent_not_checked") == "no answer in 10 s");
  w.settings.extractor_failure = FailureMode::kDeny;
  w.extractor = nullptr;
  w.Open();
  CHECK(Said(w.Ask(token, "read_file", "{}", "read it")) == "block intent intent.unavailable");
}

TEST_CASE("the extractor is told whose prompt it is and which tools there are") {
  World w;
  std::string seen;
  w.extractor->answer = [&](const IntentQuery& query) -> Result<Intent> {
    seen = std::string(query.tenant) + "|" + std::string(query.agent_id) + "|" + std::string(query.prompt);
    for (const ToolInfo& tool : query.catalogue) seen += "|" + tool.name;
    CHECK(query.catalogue_digest == CatalogueDigest(query.catalogue));
    return Intent{};
  };
  w.Open();
  w.gate->SetToolCatalogue({{"read_file", "Reads a file", {"path"}}, {"pay", "", {}}});
  w.Ask(w.Token({}, {.subject = "bot", .tenant = "acme"}), "read_file", "{}", "read it");
  CHECK(seen == "acme|bot|read it|read_file|pay");
}

TEST_CASE("a token that is refused never reaches the extractor") {
  World w;
  w.Open();
  CHECK_FALSE(w.Ask("", "read_file", "{}", "read it").allowed());
  CHECK_FALSE(w.Ask(w.Token({Caveat::ToolDeny({"read_file"})}), "read_file", "{}", "read it").allowed());
  CHECK(w.extractor->asked == 0);
}

}  // namespace intentgate::gate
