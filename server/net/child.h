// A child process that is spoken to through its standard input and output.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/result.h>

#include "net/loop.h"

namespace intentgate::net {

struct ChildOptions {
  std::vector<std::string> command;                                // the program and its arguments; looked for in PATH
  std::vector<std::pair<std::string, std::string>> environment;    // all that it gets
  std::string directory;                                           // empty: this process's
  Millis grace{2'000};                                             // between the end of its input, SIGTERM and SIGKILL
};

// Called on the loop, never from inside a call of Child.
struct ChildCallbacks {
  std::function<void(std::string_view)> on_output;
  std::function<void(std::string_view)> on_error_output;
  // Its output has ended; it is told to go, if it has not gone. One that closed its input is killed: its output ends then, after
  // what it had said.
  std::function<void()> on_end;
};

// Loop-bound, or used after the loop has stopped.
class Child {
 public:
  // The process has a group of its own, no file of this process but its three, and no signal blocked.
  static Result<std::unique_ptr<Child>> Start(Loop& loop, const ChildOptions& options, ChildCallbacks callbacks);
  // Unless it was killed: ends its input and waits until it is gone, at most twice `grace`, after which it and its group
  // are killed. Not where a loop runs, which would wait too.
  virtual ~Child() = default;

  // At once, with its group; nothing is called after it.
  virtual void Kill() = 0;
  // REQUIRES: SIGPIPE is ignored.
  virtual void Write(std::string_view data) = 0;
  virtual std::size_t pending_bytes() const = 0;
  virtual int pid() const = 0;
};

}  // namespace intentgate::net
