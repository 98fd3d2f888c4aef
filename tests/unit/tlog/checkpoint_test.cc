#include "tlog/checkpoint.h"

#include <doctest/doctest.h>

#include <string>

namespace intentgate::tlog {
namespace {

// The example of C2SP tlog-checkpoint.
const std::string kExample = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

std::string Refusal(std::string_view text) {
  const Result<Checkpoint> checkpoint = ParseCheckpoint(text);
  if (checkpoint.ok()) return "accepted";
  CHECK(checkpoint.error().code == ErrorCode::kMalformed);
  return checkpoint.error().message;
}

std::string WithSize(const std::string& size) { return "log\n" + size + "\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"; }

}  // namespace

TEST_CASE("the example of the specification is read and written back") {
  const Result<Checkpoint> checkpoint = ParseCheckpoint(kExample);
  REQUIRE(checkpoint.ok());
  CHECK(checkpoint->origin == "example.com/behind-the-sofa");
  CHECK(checkpoint->size == 20852163);
  CHECK(checkpoint->root[0] == 0x0a);
  CHECK(WriteCheckpoint(*checkpoint) == kExample);
}

TEST_CASE("checkpoints that do not follow the format are refused with what is wrong") {
  const std::string lines = "a checkpoint has three lines: origin, size and root";
  const std::string size = "a checkpoint's size is a decimal number without leading zeroes, below 2^63";
  const std::string root = "a checkpoint's root is the base64 of 32 bytes";
  CHECK(Refusal("") == lines);
  CHECK(Refusal("log\n5\n") == lines);
  CHECK(Refusal(kExample.substr(0, kExample.size() - 1)) == lines);
  CHECK(Refusal(kExample + "extension\n") == "a checkpoint with extension lines is not accepted");
  CHECK(Refusal(kExample + "x") == "a checkpoint with extension lines is not accepted");
  CHECK(Refusal(kExample.substr(kExample.find('\n'))) == "a checkpoint's origin is empty or no plain text");
  CHECK(Refusal("a\x01" + kExample) == "a checkpoint's origin is empty or no plain text");
  CHECK(Refusal(WithSize("0")) == "accepted");
  CHECK(Refusal(WithSize("9223372036854775807")) == "accepted");
  for (const char* bad : {"", "00", "05", "-1", "-0", "+5", " 5", "5 ", "0x5", "5.0", "9223372036854775808"}) {
    CHECK(Refusal(WithSize(bad)) == size);
  }
  for (const char* bad : {"", "AAAA", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J="}) {
    CHECK(Refusal("log\n5\n" + std::string(bad) + "\n") == root);
  }
}

}  // namespace intentgate::tlog
