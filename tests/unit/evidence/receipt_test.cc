#include "evidence/receipt.h"

#include <doctest/doctest.h>

#include "tlog/checkpoint.h"

namespace intentgate::test {

TEST_CASE("a receipt's text is read back, and no other spelling of it") {
  evidence::Receipt receipt{"prod/audit/acme", 7, {}, 1'700'000'000'250'000, 10'000};
  receipt.hash.fill(0xAB);
  const std::string text = evidence::WriteReceiptText(receipt);
  const auto read = evidence::ParseReceiptText(text);
  REQUIRE(read.ok());
  CHECK(read->log == receipt.log);
  CHECK(read->seq == 7);
  CHECK(read->hash == receipt.hash);
  CHECK(read->signed_at_micros == receipt.signed_at_micros);
  CHECK(read->delay_ms == 10'000);
  for (std::size_t end = 0; end < text.size(); ++end) CHECK_FALSE(evidence::ParseReceiptText(text.substr(0, end)).ok());
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"event 7", "event 07"}, {"event 7", "event -7"},
                                 {"abab", "ABAB"}, {"T22", "t22"}, {"delay_ms 10000", "delay_ms 1e4"},
                                 {"log ", "log  "}, {"-1\n", "-2\n"}}) {
    std::string other = text;
    const std::size_t at = other.find(from);
    REQUIRE(at != std::string::npos);
    other.replace(at, from.size(), to);
    const auto refused = evidence::ParseReceiptText(other);
    CHECK_MESSAGE((!refused.ok() || refused->log != receipt.log), other);
  }
  CHECK_FALSE(evidence::ParseReceiptText(text + "more\n").ok());
  CHECK_FALSE(evidence::ParseReceiptText(std::string(20'000, 'x')).ok());
}

TEST_CASE("a receipt is no checkpoint and a checkpoint no receipt") {
  const std::string receipt = evidence::WriteReceiptText({"prod/audit/acme", 7, {}, 0, 10'000});
  CHECK_FALSE(tlog::ParseCheckpoint(receipt).ok());
  CHECK_FALSE(evidence::ParseReceiptText(tlog::WriteCheckpoint({"prod/audit/acme/1", 7, {}})).ok());
}

}  // namespace intentgate::test
