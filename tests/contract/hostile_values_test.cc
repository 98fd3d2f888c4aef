// Values that people put into events to break what reads them: stored and verified exactly, by every store, and by the
// verifiers of exports and bundles, the second ones in Python included.

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "contract/stores.h"
#include "unit/evidence/signed_log.h"

namespace intentgate::test {
namespace {

using namespace std::string_literals;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

const std::vector<std::string>& HostileTexts() {
  static const std::vector<std::string> texts{
      "\0"s,
      "a\0b\0"s,
      "\xe2\x80\xa8 and \xe2\x80\xa9",                                        // U+2028, U+2029
      "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb \xf0\x9f\x87\xa8\xf0\x9f\x87\xad",   // emoji of several code points
      "\xef\xbb\xbf bom",
      "\xe2\x80\xae reversed",                                                // U+202E
      "\\0 \\x00 \\u0000 \\",                                                 // what escapes look like
      "\"},\"event\":{\"",                                                    // what a line of an export looks like
      "{\"trailer\":true}\n",
      "\r\n\t\b\f\x01\x1f\x7f",
      "'; DROP TABLE audit_events; --",
      "\xf4\x8f\xbf\xbf",                                                     // U+10FFFF
      "e\xcc\x81 is not \xc3\xa9",                                            // not normalized
      std::string(kMebibyte, 'x'),
      [] {
        std::string text;
        while (text.size() < kMebibyte) text += "\xf0\x9f\x94\x92\0\xe2\x80\xa8"s;
        return text;
      }(),
  };
  return texts;
}

AuditEvent EventWith(const std::string& text) {
  AuditEvent event;
  event.tenant = "acme";
  event.decision = "allow";
  event.tool = event.agent_id = event.reason = event.session_id = text.size() < 1'000 ? text : text.substr(0, 1'000);
  event.intent_summary = text;
  event.arg_values = json::MakeObject({{text, text}, {"list", json::Array{text, json::MakeObject({{"in", text}})}}});
  return event;
}

json::Value ManyKeys() {
  json::Object members;
  for (int i = 0; i < 10'000; ++i) members.push_back({"key " + std::to_string(i * 7'919 % 10'000) + "\xe2\x80\xa8", i});
  return json::Value(std::move(members));
}

// Whether a canonical event says what was asked for.
void CheckSays(const std::string& canonical, const AuditEvent& asked) {
  const auto said = json::Parse(canonical, audit::kEventLimits);
  REQUIRE_MESSAGE(said.ok(), said.error().message);
  CHECK(json::WriteJcs(*said).value() == canonical);
  REQUIRE(said->Find("arg_values") != nullptr);
  CHECK(*said->Find("arg_values") == *asked.arg_values);
  for (const auto& [member, wanted] : {std::pair{"tool", asked.tool}, {"agent_id", asked.agent_id},
                                       {"intent_summary", asked.intent_summary}, {"reason", asked.reason}}) {
    const json::Value* found = said->Find(member);
    CHECK((found == nullptr ? std::string() : found->string_value()) == wanted);
  }
}

// The verdict of a verifier that is not ours, by its exit code.
int AskPython(const std::string& script, const std::string& bytes, const std::string& key = "") {
  const ScratchFolder folder;
  std::ofstream(folder.File("evidence"), std::ios::binary) << bytes;
  const std::string command = "python3 " INTENTGATE_TEST_DATA "/golden/audit/" + script + " " + folder.File("evidence") +
                              (key.empty() ? "" : " '" + key + "'") + " > /dev/null";
  return std::system(command.c_str());
}

std::string ExportOf(audit::AuditStore& store) {
  AuditFilter filter;
  filter.tenant = "acme";
  std::string text;
  const Status exported = audit::ExportEvents(store, filter, ExportFormat::kNdjson, *SystemClock(), [&](std::string_view piece) {
    text += piece;
    return Status();
  });
  CHECK(exported.ok());
  return text;
}

// A signed bundle of what `store` holds.
std::string BundleOf(audit::AuditStore& store, const tlog::SigningKey& key) {
  ComputedTree tree;
  tlog::CompactRange range;
  for (std::int64_t seq = 0; seq < store.Head("acme")->next_seq; ++seq) {
    const auto record = store.Scan("acme", seq, 1);
    REQUIRE(record.ok());
    tree.leaves.push_back(tlog::LeafHash(*audit::HashFromHex(record->front().hash)));
    range.Append(tree.leaves.back());
  }
  tlog::Note note{tlog::WriteCheckpoint({"prod/audit/acme/1", range.size(), range.Root()}), {}};
  REQUIRE(tlog::SignNote(note, key, 0).ok());
  tree.newest = {{1, range.size(), range.Root(), 0, tlog::WriteNote(note), 0}};
  std::string bytes;
  const Status written = evidence::WriteBundle(store, tree, {.tenant = "acme"}, *SystemClock(), [&](std::string_view piece) {
    bytes += piece;
    return Status();
  });
  CHECK_MESSAGE(written.ok(), (written.ok() ? "" : written.error().message));
  return bytes;
}

}  // namespace

TEST_CASE("hostile values are stored, found, exported and verified exactly") {
  std::vector<AuditEvent> asked;
  for (const std::string& text : HostileTexts()) asked.push_back(EventWith(text));
  asked.push_back(EventWith("many keys"));
  asked.back().arg_values = ManyKeys();
  const tlog::SigningKey key = MakeKey("acme-log");
  ForEachStore([&](Stores& stores) {
    audit::AuditStore& store = *stores.audit;
    {
      const auto log = audit::AuditLog::Create(stores.audit, {}, SystemClock(), SystemRandom());
      REQUIRE(log.ok());
      for (const AuditEvent& event : asked) REQUIRE((*log)->AppendAndWait(event).ok());
    }
    const auto report = audit::VerifyChain(store, "acme");
    REQUIRE(report.ok());
    CHECK_MESSAGE(report->ok, report->problem);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      CAPTURE(i);
      const auto record = store.Scan("acme", static_cast<std::int64_t>(i) + 1, 1);
      REQUIRE(record.ok());
      CheckSays(record->front().canonical, asked[i]);
      AuditFilter filter;
      filter.tenant = "acme";
      filter.tool = asked[i].tool;
      filter.agent_id = asked[i].agent_id;
      CHECK(store.Count(filter).value() >= 1);
    }

    const std::string text = ExportOf(store);
    ExportVerifier verifier;
    verifier.Feed(text);
    const ExportVerifier::Report exported = verifier.Finish();
    CHECK_MESSAGE(exported.outcome == ExportVerifier::Report::Outcome::kIntact, exported.message);
    CHECK(exported.complete);
    CHECK(AskPython("verify_export.py", text) == 0);

    const std::string bundle = BundleOf(store, key);
    const BundleReport judged = VerifyBundle(bundle, {{key.verifier().ToString()}, {}});
    CHECK_MESSAGE(judged.verdict == BundleVerdict::kIntact, judged.message);
    CHECK(judged.complete);
    CHECK(AskPython("verify_bundle.py", bundle, key.verifier().ToString()) == 0);
  });
}

TEST_CASE("a tenant's name may be hostile as well") {
  ForEachStore([](Stores& stores) {
    const auto log = audit::AuditLog::Create(stores.audit, {}, SystemClock(), SystemRandom());
    REQUIRE(log.ok());
    for (const std::string& tenant : HostileTexts()) {
      if (tenant.size() > 1'000) continue;
      AuditEvent event;
      event.tenant = tenant;
      REQUIRE((*log)->AppendAndWait(std::move(event)).ok());
      const auto report = audit::VerifyChain(*stores.audit, tenant);
      REQUIRE(report.ok());
      CHECK_MESSAGE(report->ok, report->problem);
      CHECK(report->verified == 2);
    }
    CHECK(stores.audit->Tenants()->size() == HostileTexts().size() - 2);
  });
}

TEST_CASE("half a surrogate pair is no text: refused where JSON is read, replaced where bytes are given") {
  for (const char* text : {R"({"a":"\ud800"})", R"({"a":"\udc00\ud800"})", R"({"\ud83d":1})", R"(["\ud83d\ud83d\ude00"])",
                           "{\"a\":\"\xed\xa0\x80\"}"}) {
    const auto parsed = json::Parse(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == ErrorCode::kMalformed);
  }
  ForEachStore([](Stores& stores) {
    const auto log = audit::AuditLog::Create(stores.audit, {}, SystemClock(), SystemRandom());
    REQUIRE(log.ok());
    AuditEvent event;
    event.tenant = "acme";
    event.reason = "\xed\xa0\x80 and \xff";
    REQUIRE((*log)->AppendAndWait(std::move(event)).ok());
    const auto record = stores.audit->Scan("acme", 1, 1);
    REQUIRE(record.ok());
    CHECK(record->front().canonical.find("\"reason\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd and \xef\xbf\xbd\"") != std::string::npos);
    CHECK(audit::VerifyChain(*stores.audit, "acme")->ok);
  });
}

}  // namespace intentgate::test
