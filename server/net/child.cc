#include "net/child.h"

#include <asio/posix/stream_descriptor.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "net/asio_loop.h"

namespace intentgate::net {
namespace {

constexpr std::chrono::milliseconds kReapEvery{10};

struct Pipe {
  int read = -1, write = -1;
  Pipe() = default;
  Pipe(const Pipe&) = delete;  // owns descriptors
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    Close(read);
    Close(write);
  }
  bool Open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  static void Close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  static int Take(int& end) { return std::exchange(end, -1); }
};

Error Failed(const std::string& what, int code) { return Error{ErrorCode::kIo, what + ": " + std::strerror(code)}; }

// The texts as exec wants them; they borrow from `texts`.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// posix_spawn and not fork: between fork and exec of a process with threads almost nothing may be called.
Result<pid_t> Spawn(const ChildOptions& options, const Pipe& in, const Pipe& out, const Pipe& error) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, in.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, error.write, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  if (!options.directory.empty()) posix_spawn_file_actions_addchdir_np(&files, options.directory.c_str());
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> command = options.command;
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.environment) environment.push_back(name + "=" + value);
  pid_t pid = 0;
  const int failure = posix_spawnp(&pid, command.front().c_str(), &files, &attributes, Pointers(command).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failure == 0) return pid;
  // posix_spawn does not say which of its steps failed.
  if (!options.directory.empty() && ::access((options.directory + "/.").c_str(), X_OK) != 0) {
    return Failed("cannot start " + command.front() + " in the directory " + options.directory, errno);
  }
  return Failed("cannot start " + command.front(), failure);
}

using Descriptor = asio::posix::stream_descriptor;

// What operations in progress share with the child: they may end after it is gone.
struct Streams {
  Streams(Loop& loop, pid_t id, int in, int out, int error)
      : pid(id), input(loop.impl().io, in), output(loop.impl().io, out), error_output(loop.impl().io, error) {}
  const pid_t pid;  // not waited for until `closed`
  Descriptor input, output, error_output;
  std::array<char, 16384> buffer{}, error_buffer{};
  std::string pending, writing;
  ChildCallbacks callbacks;
  bool closed = false;
};

void ReadOutput(const std::shared_ptr<Streams>& streams) {
  streams->output.async_read_some(asio::buffer(streams->buffer), [streams](const asio::error_code& failure, std::size_t bytes) {
    if (streams->closed) return;
    if (failure) {
      const auto on_end = streams->callbacks.on_end;  // which may kill the child, and with it the callbacks
      if (on_end) on_end();
      return;
    }
    const auto on_output = streams->callbacks.on_output;
    on_output({streams->buffer.data(), bytes});
    if (!streams->closed) ReadOutput(streams);
  });
}

void ReadErrorOutput(const std::shared_ptr<Streams>& streams) {
  streams->error_output.async_read_some(asio::buffer(streams->error_buffer), [streams](const asio::error_code& failure, std::size_t bytes) {
    if (streams->closed || failure) return;
    if (streams->callbacks.on_error_output) streams->callbacks.on_error_output({streams->error_buffer.data(), bytes});
    if (!streams->closed) ReadErrorOutput(streams);
  });
}

void WritePending(const std::shared_ptr<Streams>& streams) {
  streams->writing.swap(streams->pending);
  asio::async_write(streams->input, asio::buffer(streams->writing), [streams](const asio::error_code& failure, std::size_t) {
    streams->writing.clear();
    if (streams->closed) return;
    // It hears nothing any more. Its end shows as the end of the output, once what it had said was read.
    if (failure) return void(::kill(-streams->pid, SIGKILL));
    if (!streams->pending.empty()) WritePending(streams);
  });
}

class SpawnedChild final : public Child {
 public:
  SpawnedChild(pid_t pid, Millis grace, std::shared_ptr<Streams> streams) : pid_(pid), grace_(grace), streams_(std::move(streams)) {}

  ~SpawnedChild() override {
    if (gone_) return;
    streams_->closed = true;
    asio::error_code ignored;
    streams_->input.close(ignored);
    gone_ = GoneWithin(grace_);
    if (!gone_) {
      ::kill(-pid_, SIGTERM);
      gone_ = GoneWithin(grace_);
    }
    Kill();
  }

  void Kill() override {
    streams_->closed = true;
    streams_->callbacks = {};
    // Also what it started itself, and left.
    ::kill(-pid_, SIGKILL);
    if (!std::exchange(gone_, true)) ::waitpid(pid_, nullptr, 0);
    asio::error_code ignored;
    streams_->input.close(ignored);
    streams_->output.close(ignored);
    streams_->error_output.close(ignored);
  }

  void Write(std::string_view data) override {
    const bool idle = streams_->writing.empty() && streams_->pending.empty();
    streams_->pending.append(data);
    if (idle) WritePending(streams_);
  }
  std::size_t pending_bytes() const override { return streams_->pending.size() + streams_->writing.size(); }
  int pid() const override { return pid_; }

 private:
  bool GoneWithin(Millis limit) const {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      std::this_thread::sleep_for(kReapEvery);
    }
    return true;
  }

  const pid_t pid_;
  const Millis grace_;
  const std::shared_ptr<Streams> streams_;
  bool gone_ = false;  // and waited for
};

}  // namespace

Result<std::unique_ptr<Child>> Child::Start(Loop& loop, const ChildOptions& options, ChildCallbacks callbacks) {
  if (options.command.empty()) return Error{ErrorCode::kInvalidArgument, "there is no command"};
  Pipe in, out, error;
  if (!in.Open() || !out.Open() || !error.Open()) return Failed("cannot make a pipe", errno);
  const Result<pid_t> pid = Spawn(options, in, out, error);
  if (!pid.ok()) return pid.error();
  auto streams = std::make_shared<Streams>(loop, *pid, Pipe::Take(in.write), Pipe::Take(out.read), Pipe::Take(error.read));
  streams->callbacks = std::move(callbacks);
  ReadOutput(streams);
  ReadErrorOutput(streams);
  return std::unique_ptr<Child>(std::make_unique<SpawnedChild>(*pid, options.grace, std::move(streams)));
}

}  // namespace intentgate::net
