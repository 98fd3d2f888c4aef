#include <intentgate/clock.h>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <string>

namespace intentgate {
namespace {

std::string DrawText(Random& random, std::size_t size) {
  std::string out(size, '\0');
  const Status filled = random.Fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  REQUIRE(filled.ok());
  return out;
}

}  // namespace

TEST_CASE("no two draws are the same, small or large") {
  const auto random = SystemRandom();
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    CHECK(seen.insert(DrawText(*random, 12)).second);
    CHECK(seen.insert(DrawText(*random, 16)).second);
    CHECK(seen.insert(DrawText(*random, 32)).second);
  }
}

TEST_CASE("a child process does not draw what its parent draws") {
  const auto random = SystemRandom();
  DrawText(*random, 12);
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const std::string drawn = DrawText(*random, 12);
    _exit(write(pipe_ends[1], drawn.data(), drawn.size()) == 12 ? 0 : 1);
  }
  const std::string ours = DrawText(*random, 12);
  std::string theirs(12, '\0');
  CHECK(read(pipe_ends[0], theirs.data(), theirs.size()) == 12);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(ours != theirs);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

}  // namespace intentgate
