// What a token costs. Each line: name, unit, value. Batches of about 50 us, the median batch counts, so
// that a preempted one does not. Every round starts from the text: nothing is cached but the tenant's
// subkey.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <intentgate/token.h>

namespace {

using namespace intentgate;

template <typename T>
T Must(Result<T> result) {
  if (result.ok()) return std::move(*result);
  std::fprintf(stderr, "token_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

template <typename Work>
void Measure(const char* name, Work work) {
  using Time = std::chrono::steady_clock;
  constexpr int kRounds = 50;
  constexpr int kBatches = 4000;
  std::vector<double> micros;
  micros.reserve(kBatches);
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto start = Time::now();
    for (int i = 0; i < kRounds; ++i) work();
    micros.push_back(std::chrono::duration<double, std::micro>(Time::now() - start).count() / kRounds);
  }
  std::nth_element(micros.begin(), micros.begin() + kBatches / 2, micros.end());
  std::printf("%s us %.3f\n", name, micros[kBatches / 2]);
}

void Fail(const char* what) {
  std::fprintf(stderr, "token_bench: %s\n", what);
  std::exit(1);
}

}  // namespace

int main() {
  const auto clock = SystemClock();
  const auto random = SystemRandom();
  const KeyRing ring = Must(KeyRing::Builder().Active("k1", "0123456789abcdef0123456789abcdef").Build());

  MintRequest v4;
  v4.format = TokenFormat::kV4;
  v4.subject = "finance-copilot";
  v4.ttl_seconds = 3600;
  v4.caveats = {Caveat::ToolAllow({"read_invoice", "list_invoices"}), Caveat::ToolDeny({"delete_invoice"}),
                Caveat::MaxCalls(50), Caveat::RateLimit(25), Caveat::MaxCost(1000)};
  const std::string v4_text = Must(Mint(ring, v4, *clock, *random)).token;

  MintRequest v5;
  v5.subject = "finance-copilot";
  v5.caveats = {Caveat::ToolAllow({"read_invoice", "list_invoices"}), Caveat::MaxCalls(50),
                Caveat::Argument("/path", Constraint::Subpath("/data/q3"), "read_invoice")};
  const std::string v5_root = Must(Mint(ring, v5, *clock, *random)).token;
  const std::vector<Caveat> narrower = {Caveat::ToolAllow({"read_invoice"}), Caveat::MaxCalls(3)};
  const std::string v5_text = Must(Attenuate(v5_root, narrower, {}, *clock, *random));
  std::fprintf(stderr, "v4 %zu characters, v5 root %zu, v5 child %zu\n", v4_text.size(), v5_root.size(), v5_text.size());

  const auto verify = [&](const std::string& text) {
    if (!Verify(text, ring, {}, *clock).ok()) Fail("the token does not verify");
  };
  Measure("token.verify_v4_7_caveats_cold", [&] { verify(v4_text); });
  Measure("token.verify_v5_5_caveats_cold", [&] { verify(v5_text); });
  const std::vector<Caveat> one = {Caveat::MaxCalls(3)};
  Measure("token.attenuate", [&] {
    if (!Attenuate(v5_root, one, {}, *clock, *random).ok()) Fail("attenuate failed");
  });
  Measure("token.attenuate_v4", [&] {
    if (!Attenuate(v4_text, one, {}, *clock, *random).ok()) Fail("attenuate failed");
  });
  Measure("token.mint_v5", [&] {
    if (!Mint(ring, v5, *clock, *random).ok()) Fail("mint failed");
  });
  CaveatContext call;
  call.tool = "read_invoice";
  call.now = clock->UnixSeconds();
  const VerifyResult verified = Verify(v4_text, ring, {}, *clock);
  Measure("token.check_v4_7_caveats", [&] {
    if (CheckCaveats(verified.token(), call)) Fail("the call is refused");
  });
  std::uint8_t bytes[12];
  Measure("token.random_12_bytes", [&] {
    if (!random->Fill(bytes).ok()) Fail("no randomness");
  });
  return 0;
}
