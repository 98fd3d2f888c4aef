#include "evidence/key_file.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>

#include <intentgate/evidence.h>

#include "support/fixed_random.h"
#include "support/scratch_folder.h"

namespace intentgate::test {

TEST_CASE("a key file is made once, for its owner only, and read again") {
  const ScratchFolder folder;
  const std::string path = folder.File("key");
  FixedRandom random(3);
  const auto made = MakeSigningKeyFile(path, "prod", random);
  REQUIRE(made.ok());
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(ReadVerifierKey(path).value() == *made);
  CHECK(made->rfind("prod+", 0) == 0);
  const auto again = MakeSigningKeyFile(path, "prod", random);
  CHECK(again.error().code == ErrorCode::kIo);
  CHECK(again.error().message.find("not overwritten") != std::string::npos);
  CHECK(ReadVerifierKey(path).value() == *made);
  CHECK(MakeSigningKeyFile(folder.File("other"), "two words", random).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("what is no key, or not only the owner's, is refused without being shown") {
  const ScratchFolder folder;
  const std::string path = folder.File("key");
  CHECK(ReadVerifierKey(path).error().code == ErrorCode::kIo);
  FixedRandom random(3);
  REQUIRE(MakeSigningKeyFile(path, "prod", random).ok());
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const auto open_to_all = ReadVerifierKey(path);
  CHECK(open_to_all.error().code == ErrorCode::kPermissionDenied);
  CHECK(open_to_all.error().message.find("chmod 600") != std::string::npos);
  for (const std::string& text : {std::string("hunter2"), std::string(5'000, 'x'), std::string()}) {
    const std::string bad = folder.File("bad" + std::to_string(text.size()));
    std::ofstream(bad) << text;
    REQUIRE(::chmod(bad.c_str(), 0600) == 0);
    const auto refused = ReadVerifierKey(bad);
    CHECK(refused.error().code == ErrorCode::kMalformed);
    CHECK(refused.error().message.find("hunter2") == std::string::npos);
  }
  CHECK_FALSE(ReadVerifierKey(folder.File(".")).ok());
}

}  // namespace intentgate::test
