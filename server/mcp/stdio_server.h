// An MCP server that is a program of this machine, spoken to over its standard input and output: started here, watched,
// and started again when it ends. One process serves all callers; the gateway is its one client, and gives each request
// an id of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/result.h>

#include "config/server_settings.h"
#include "net/child.h"
#include "net/loop.h"
#include "telemetry/log.h"

namespace intentgate::mcp {

inline constexpr net::Millis kStdioFirstBackoff{500};
inline constexpr net::Millis kStdioMaxBackoff{30'000};
inline constexpr net::Millis kStdioSettled{60'000};  // a process that lived this long is started again at once
inline constexpr net::Millis kStdioHandshake{60'000};  // or upstream.timeout_ms, if that is longer: many programs are fetched first
inline constexpr std::size_t kMaxStdioPending = 4'096;
inline constexpr std::size_t kMaxStdioUnwritten = std::size_t{64} << 20;  // for one process: beyond it nothing more is taken
inline constexpr std::size_t kMaxStdioListeners = 10'000;
inline constexpr std::size_t kMaxStdioQueued = std::size_t{1} << 20;  // for one reader that is slow: with more waiting, its call or stream ends

// Shared by all who hear it.
using StdioText = std::shared_ptr<const std::string>;

// What a request hears, on the server's loop.
struct StdioSink {
  std::function<void(StdioText)> on_event;           // a notification about the request, as JSON
  std::function<void(Result<std::string>)> on_end;   // its answer, under the id that it came with; or why there is none
};

// The methods are of `loop`; other threads post to it. The destructor runs after the loop has stopped, and ends the process.
class StdioServer : public std::enable_shared_from_this<StdioServer> {
 public:
  // `settings` must outlive it. `environment`: all that the process gets.
  StdioServer(net::Loop& loop, const config::UpstreamSettings& settings, std::vector<std::pair<std::string, std::string>> environment,
              std::size_t max_message, std::string version, std::shared_ptr<const telemetry::Logger> log,
              net::Millis handshake_limit = kStdioHandshake);
  ~StdioServer();
  StdioServer(const StdioServer&) = delete;  // callbacks refer to it
  StdioServer& operator=(const StdioServer&) = delete;

  net::Loop& loop() { return loop_; }
  // Thread-safe.
  const std::shared_ptr<const telemetry::Logger>& log() const { return log_; }
  void Start();

  // Requests without an answer.
  std::size_t pending() const { return pending_.size(); }
  // What the process has not read, and what waits for its handshake.
  std::size_t unwritten_bytes() const { return waiting_bytes_ + (child_ == nullptr ? 0 : child_->pending_bytes()); }

  // The number of the request, for Cancel. initialize is answered from the process's own. `session`: whose request it is; "" if
  // nobody will cancel it by its id.
  std::uint64_t Ask(json::Value request, const std::string& session, StdioSink sink);
  // The caller has gone.
  void Cancel(std::uint64_t number);
  // A notification of a client. One that cancels a request of the session's ends it at the process; other notifications about one
  // request are not for the process, which knows other ids. kUnavailable: the process does not read what it was sent.
  Status Tell(const json::Value& notification, const std::string& session);
  // What the process tells everyone. The number is for Unlisten; nullopt: there are too many.
  std::optional<std::uint64_t> Listen(std::function<void(const StdioText&)> listener);
  void Unlisten(std::uint64_t number);

 private:
  struct Pending {
    json::Value id, token;  // as they came; a null token: none
    std::string session;
    StdioSink sink;
  };
  enum class State : std::uint8_t { kDown, kStarting, kReady };

  void OnOutput(std::string_view data);
  void OnErrorOutput(std::string_view data);
  void OnLine(std::string_view line);
  void OnAnswer(json::Value message);
  void OnQuestion(const json::Value& message);
  void OnNotification(json::Value message);
  void OnHello(const json::Value& answer);
  void OnEnd(std::string_view why);
  void Send(std::uint64_t number, std::string_view line);
  // Answers one from the process's own.
  void AnswerHello(std::uint64_t number);
  void OnCancelled(const json::Value& notification, const std::string& session);
  void Write(std::string_view line);
  // What may be left out when the process does not read what it was sent.
  void WriteIfRoom(std::string_view line);
  bool full() const { return unwritten_bytes() > kMaxStdioUnwritten; }

  net::Loop& loop_;
  const config::UpstreamSettings& settings_;
  const std::vector<std::pair<std::string, std::string>> environment_;
  const std::size_t max_message_;
  const std::string version_;
  const std::shared_ptr<const telemetry::Logger> log_;
  const net::Millis handshake_limit_;
  net::Timer restart_, handshake_;
  std::unique_ptr<net::Child> child_;
  State state_ = State::kDown;
  json::Value hello_;                                        // the result of the process's initialize
  std::string line_, error_line_;
  std::map<std::uint64_t, Pending> pending_;
  std::map<std::uint64_t, std::string> waiting_;             // lines that came before the process was ready; "": initialize
  std::size_t waiting_bytes_ = 0;
  std::map<std::uint64_t, std::function<void(const StdioText&)>> listeners_;
  std::uint64_t next_ = 1;
  net::Millis backoff_ = kStdioFirstBackoff;
  std::int64_t started_at_ = 0;
};

}  // namespace intentgate::mcp
