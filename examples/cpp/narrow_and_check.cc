// Narrows a token for a sub-agent and checks calls in process. Prints each decision.
//
//   narrow_and_check POLICY_FILE
#include <fstream>
#include <iostream>
#include <iterator>

#include <intentgate/gate.h>
#include <intentgate/settings.h>
#include <intentgate/token.h>

using namespace intentgate;

namespace {

void Show(const char* what, const Decision& d) {
  std::cout << what << ": " << VerdictName(d.verdict);
  if (!d.allowed()) std::cout << " by " << CheckName(d.check) << ", " << d.reason;
  std::cout << "\n";
}

int Main(const char* policy_file) {
  const auto clock = SystemClock();
  const auto random = SystemRandom();

  // A key of our own; a real program reads a key file with KeyRing::Parse.
  const Result<std::string> key_line = GenerateKeyLine("demo", *random);
  if (!key_line.ok()) return 1;
  const Result<KeyRing> keys = KeyRing::Parse(*key_line);
  if (!keys.ok()) return 1;

  MintRequest request;
  request.subject = "orchestrator";
  request.ttl_seconds = 600;
  request.caveats = {Caveat::ToolAllow({"read_text_file", "write_file"}),
                     Caveat::Argument("/path", Constraint::Subpath("/data"))};
  const Result<MintedToken> root = Mint(*keys, request, *clock, *random);
  if (!root.ok()) return std::cerr << root.error().message << "\n", 1;

  // No key is needed to hand a sub-agent less.
  const Result<std::string> child =
      Attenuate(root->token, {Caveat::ToolAllow({"read_text_file"}), Caveat::Argument("/path", Constraint::Subpath("/data/q3"))},
                {.expires_in_seconds = 60, .seal = false, .label = "researcher"}, *clock, *random);
  if (!child.ok()) return std::cerr << child.error().message << "\n", 1;

  std::ifstream policy(policy_file);
  GateSettings settings;
  settings.keys = *keys;
  settings.store = StoreKind::kMemory;
  settings.policy_sources = {{policy_file, {std::istreambuf_iterator<char>(policy), {}}}};
  const Result<std::shared_ptr<Gate>> gate = Gate::Open(settings);
  if (!gate.ok()) return std::cerr << gate.error().message << "\n", 1;

  const auto authorize = [&](const std::string& token, const char* tool, const char* path) {
    const json::Value arguments = json::MakeObject({{"path", path}, {"content", "x"}});
    Call call;
    call.token = token;
    call.tool = tool;
    call.arguments = &arguments;
    return (*gate)->Authorize(call);
  };
  Show("root writes /data/a.txt", authorize(root->token, "write_file", "/data/a.txt"));
  Show("child reads /data/q3/a.txt", authorize(*child, "read_text_file", "/data/q3/a.txt"));
  Show("child reads /data/q4/a.txt", authorize(*child, "read_text_file", "/data/q4/a.txt"));
  Show("child writes /data/q3/a.txt", authorize(*child, "write_file", "/data/q3/a.txt"));

  const Result<VerifyReport> chain = (*gate)->VerifyAudit("default");
  std::cout << "audit chain: " << (chain.ok() && chain->ok ? "intact" : "broken") << "\n";
  return chain.ok() && chain->ok ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return argc == 2 ? Main(argv[1]) : 64; }
