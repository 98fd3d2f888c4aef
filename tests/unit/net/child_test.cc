#include "net/child.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "support/net_fixture.h"

namespace intentgate::net {
namespace {

using test::Event;
using test::RunOn;

// What a shell says, on a loop of its own.
struct Fixture {
  std::unique_ptr<LoopPool> pool = *LoopPool::Start(1);
  std::string output, error_output;   // of the loop
  std::string awaited;
  std::string failure;                // of the last start
  Event<bool> said;
  Event<bool> ended;
  std::unique_ptr<Child> child;

  ~Fixture() { End(); }
  Loop& loop() { return pool->at(0); }
  void End() {
    pool->Stop();
    child.reset();
  }
  ErrorCode Start(ChildOptions options, std::string until) {
    ErrorCode code{};
    awaited = std::move(until);
    options.environment.emplace_back("PATH", "/usr/bin:/bin");
    RunOn(loop(), [&] {
      ChildCallbacks callbacks;
      callbacks.on_output = [this](std::string_view text) {
        output += text;
        if (output.find(awaited) != std::string::npos) said.Set(true);
      };
      callbacks.on_error_output = [this](std::string_view text) { error_output += text; };
      callbacks.on_end = [this] { ended.Set(true); };
      auto started = Child::Start(loop(), options, std::move(callbacks));
      if (started.ok()) child = *std::move(started);
      else code = started.error().code, failure = started.error().message;
    });
    return code;
  }
  void StartShell(const std::string& script, std::string until, ChildOptions options = {}) {
    options.command = {"sh", "-c", script};
    Start(std::move(options), std::move(until));
    REQUIRE(child != nullptr);
  }
  std::string Said() {
    std::string copy;
    RunOn(loop(), [&] { copy = output; });
    return copy;
  }
};

// Gone, or a zombie that its new parent has not waited for.
bool IsGone(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text;
  if (!std::getline(file, text)) return true;
  return text.substr(text.rfind(')') + 2, 1) == "Z";
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a child reads what is written, and its outputs and its end are told") {
  StartShell("read line; echo \"got $line\"; echo trouble >&2", "got hello\n");
  RunOn(loop(), [&] { child->Write("hello\n"); });
  CHECK(said.Wait());
  CHECK(ended.Wait());
  std::string trouble;
  while (trouble.empty()) RunOn(loop(), [&] { trouble = error_output; });
  CHECK(trouble == "trouble\n");
}

TEST_CASE_FIXTURE(Fixture, "a child that closed its input is ended by what is written to it") {
  ::signal(SIGPIPE, SIG_IGN);  // as the server does
  StartShell("exec 0<&-; echo closed; exec sleep 600", "closed\n");
  CHECK(said.Wait());
  RunOn(loop(), [&] { child->Write("hello\n"); });
  CHECK(ended.Wait());
}

TEST_CASE_FIXTURE(Fixture, "more than a pipe holds goes through in order") {
  const std::string much = std::string(1'000'000, 'a') + std::string(1'000'000, 'b') + "\n";
  StartShell("cat", "b\n");
  RunOn(loop(), [&] {
    child->Write(much.substr(0, 1'500'000));
    child->Write(much.substr(1'500'000));
    CHECK(child->pending_bytes() > 0);
  });
  CHECK(said.Wait());
  CHECK(Said() == much);
  RunOn(loop(), [&] { CHECK(child->pending_bytes() == 0); });
}

TEST_CASE_FIXTURE(Fixture, "a child has the environment and the directory that it was given, and no file of this process") {
  const int open = ::fcntl(STDERR_FILENO, F_DUPFD, 77);   // not close-on-exec
  REQUIRE(open >= 77);
  ::setenv("SECRET_OF_THE_PARENT", "x", 1);
  ChildOptions options;
  options.environment = {{"GIVEN", "this"}};
  options.directory = "/usr";
  StartShell("echo \"$GIVEN|$SECRET_OF_THE_PARENT|$(pwd)|$(test -e /proc/$$/fd/" + std::to_string(open) + " && echo open)|\"", "|\n", options);
  CHECK(said.Wait());
  CHECK(Said() == "this||/usr||\n");
  ::close(open);
  ::unsetenv("SECRET_OF_THE_PARENT");
}

TEST_CASE_FIXTURE(Fixture, "a program that is not there is an error that names it") {
  CHECK(Start({.command = {"no-such-program-here"}}, "") == ErrorCode::kIo);
  CHECK(Start({}, "") == ErrorCode::kInvalidArgument);
}

TEST_CASE_FIXTURE(Fixture, "a directory that is not there is an error that names it, and not the program") {
  CHECK(Start({.command = {"true"}, .directory = "/no/such/directory"}, "") == ErrorCode::kIo);
  CHECK(failure.find("in the directory /no/such/directory: No such file") != std::string::npos);
  CHECK(Start({.command = {"no-such-program-here"}, .directory = "/usr"}, "") == ErrorCode::kIo);
  CHECK(failure.find("directory /usr") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "to kill a child ends what it started too, and nothing is told any more") {
  StartShell("sleep 1000 & echo $!; wait", "\n");
  CHECK(said.Wait());
  const std::string grandchild = FirstLine(Said());
  CHECK_FALSE(IsGone(grandchild));
  RunOn(loop(), [&] { child->Kill(); });
  while (!IsGone(grandchild)) std::this_thread::yield();
  CHECK(IsGone(std::to_string(child->pid())));
  RunOn(loop(), [] {});
  CHECK_FALSE(ended.is_set());
}

TEST_CASE_FIXTURE(Fixture, "the end of its input is a child's time to go, then SIGTERM, then SIGKILL") {
  const std::filesystem::path note = std::filesystem::temp_directory_path() / ("intentgate-child-" + std::to_string(::getpid()));
  const std::string path = note.string();
  struct Row {
    std::string script, left_behind;
    Millis grace;
  };
  for (const Row& row : {Row{"echo $$; cat >/dev/null; echo input > " + path, "input", Millis(60'000)},
                         Row{"trap 'echo term > " + path + "; exit' TERM; echo $$; while :; do sleep 0.01; done", "term", Millis(500)},
                         Row{"trap '' TERM; echo $$; while :; do sleep 0.01; done", "", Millis(50)}}) {
    Fixture one;
    one.StartShell(row.script, "\n", {.command = {}, .environment = {}, .directory = {}, .grace = row.grace});
    CHECK(one.said.Wait());
    const std::string pid = FirstLine(one.Said());
    one.End();
    CHECK(IsGone(pid));
    std::string left;
    std::ifstream(note) >> left;
    CHECK(left == row.left_behind);
    std::filesystem::remove(note);
  }
}

}  // namespace intentgate::net
