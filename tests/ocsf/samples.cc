// ocsf_samples VERSION COUNT: one OCSF event a line. First every sort of event that the gate writes, then COUNT events
// whose members are there or not, and hold odd text, by a fixed sequence of pseudo-random numbers.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "evidence/ocsf/ocsf.h"
#include "support/sample_events.h"

namespace {

using namespace intentgate;

// xorshift64: the same events in every run.
class Dice {
 public:
  std::uint64_t Roll(std::uint64_t sides) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % sides;
  }

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

std::string OddText(Dice& dice) {
  static const char* const kTexts[] = {"",      "x",         "10.0.0.1:80",   "[::1]:443", "::ffff:1.2.3.4",     "1.2.3.4:99999",
                                       "a\nb",  "\xff\xfe",  "caf\xc3\xa9",   "\xf0\x9f\x98\x80", "\"quoted\"", "\x01\x02",
                                       "admin/", "audit/",   "outcome.",      "::1",       "300.1.1.1",          "allow"};
  return kTexts[dice.Roll(std::size(kTexts))];
}

AuditEvent Random(Dice& dice, const std::vector<AuditEvent>& samples) {
  AuditEvent e = samples[1 + dice.Roll(samples.size() - 1)];
  for (std::string* text : {&e.decision, &e.reason, &e.method, &e.tool, &e.agent_id, &e.session_id, &e.capability_token_id,
                            &e.root_capability_token_id, &e.intent_summary, &e.policy_sha256, &e.remote_ip, &e.decision_event_id,
                            &e.outcome, &e.actor, &e.elevation_id, &e.pending_id, &e.decided_by}) {
    if (dice.Roll(4) == 0) *text = OddText(dice);
  }
  e.check = static_cast<Check>(dice.Roll(5));
  e.upstream_status = static_cast<std::int64_t>(dice.Roll(600));
  e.latency_us = static_cast<std::int64_t>(dice.Roll(10'000'000));
  if (dice.Roll(3) == 0) e.details = json::MakeObject({{"why", OddText(dice)}, {"n", 1}});
  return e;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  evidence::OcsfOptions options{.product_version = "1.2.3", .log_key_name = "gate.example/log"};
  if (std::string(argv[1]) == "1.8.0") options.version = evidence::OcsfVersion::k1_8_0;
  evidence::OcsfLines lines(options);
  test::SampleChain chain;
  const std::vector<AuditEvent> samples = test::SampleEvents();
  std::string out;
  const auto put = [&](const AuditEvent& event) {
    const Status status = lines.Append(chain.Next(event), out);
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.error().message.c_str());
    return status.ok();
  };
  bool good = true;
  for (const AuditEvent& sample : samples) good = put(sample) && good;
  Dice dice;
  for (long i = std::atol(argv[2]); i > 0; --i) good = put(Random(dice, samples)) && good;
  std::fwrite(out.data(), 1, out.size(), stdout);
  return good ? 0 : 1;
}
