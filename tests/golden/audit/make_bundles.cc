// Writes bundles of a small log into a folder, for a verifier that is not ours: OUT/<name>.tar, and OUT/key.
#include <filesystem>
#include <fstream>
#include <iostream>

#define DOCTEST_CONFIG_IMPLEMENT
#include "unit/evidence/signed_log.h"

using namespace intentgate;
using test::SignedLog;

namespace {

void Write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string Pruned(SignedLog& log) {
  const std::string prev_hash = log.store.Scan("acme", 255, 1)->front().hash;
  AuditEvent event;
  event.kind = EventKind::kControl;
  event.tool = "audit/pruned";
  event.details = json::MakeObject({{"first_seq", 256}, {"prev_hash", prev_hash}});
  log.AppendEvent(std::move(event));
  log.Sign(301);
  if (!log.store.Prune("acme", {256, prev_hash}).ok()) std::abort();
  return log.Bundle();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  doctest::Context asserts;   // for those of the helpers
  asserts.setAsDefaultForAssertsOutOfTestCases();
  asserts.setAssertHandler([](const doctest::AssertData& failed) {
    if (!failed.m_failed) return;
    std::cerr << failed.m_file << ":" << failed.m_line << ": " << failed.m_expr << "\n";
    std::abort();
  });
  const std::filesystem::path out = argv[1];
  std::filesystem::create_directories(out);
  SignedLog tiny;   // the seed of tests/fuzz/corpus/bundle_verify
  tiny.Append(2);
  Write(out / "tiny.tar", tiny.Bundle());
  SignedLog log;
  log.Append(300);
  Write(out / "unsigned.tar", log.Bundle());
  log.Sign(300);
  Write(out / "key", log.key.verifier().ToString());
  Write(out / "whole.tar", log.Bundle());
  BundleRequest filtered;
  filtered.filter.agent_id = "reader";
  Write(out / "filtered.tar", log.Bundle(filtered));
  log.Sign(290);
  BundleRequest uncovered;
  uncovered.include_uncovered = true;
  Write(out / "uncovered.tar", log.Bundle(uncovered));
  log.Sign(300);
  Write(out / "pruned.tar", Pruned(log));
  SignedLog old;
  old.key = log.key;
  old.Append(1'000);
  old.Sign(907);
  std::string segment;
  const ManualClock clock(1'700'000'000'000'000);
  const auto into = [&segment](std::string_view piece) {
    segment += piece;
    return Status();
  };
  const auto archive = [&](std::int64_t next_seq) {
    segment.clear();
    const evidence::ArchiveRequest request{"acme", next_seq, old.tree.newest.front(), false};
    if (!evidence::WriteArchive(old.store, old.tree, request, clock, into, nullptr).ok()) std::abort();
    return segment;
  };
  Write(out / "archive_first.tar", archive(256));
  if (!old.store.Prune("acme", {256, old.store.Scan("acme", 255, 1)->front().hash}).ok()) std::abort();
  Write(out / "archive_second.tar", archive(768));
  SignedLog keeper;
  keeper.key = log.key;
  keeper.Append(3);
  keeper.AppendPrivate("a \"quoted\" line\n,\"event\":\xe2\x82\xac");
  keeper.AppendPrivate("another");
  keeper.Sign(5);
  BundleRequest with_values;
  with_values.include_values = true;
  Write(out / "values.tar", keeper.Bundle(with_values));
  return 0;
}
