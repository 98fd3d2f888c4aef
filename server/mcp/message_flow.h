// An upstream's answer on its way to a client, in constant memory. Messages of up to `window` bytes are held until
// they are complete, looked at, and passed on as they came unless the look says otherwise; of larger ones the bytes
// go on at once and only a scan is left of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <intentgate/json.h>
#include <intentgate/result.h>

#include "mcp/answer_scan.h"

namespace intentgate::mcp {

inline constexpr std::size_t kFlowWindow = 64 * 1024;
inline constexpr std::size_t kSharedWindow = 1024 * 1024;  // where a message may have to be changed

// Thread-compatible.
class MessageFlow {
 public:
  // kLines: JSON messages one behind the other, each with a line end behind it, which the last one may lack. Each is held: one of over
  // `window` bytes is refused. One that has several lines goes on as one line.
  enum class Form : std::uint8_t { kJson, kLines, kSse };
  // A whole message; the text that goes on in its place (empty: nothing does, not for kJson), or nullopt for the bytes as they came. An error ends the flow.
  using Look = std::function<Result<std::optional<std::string>>(json::Value)>;
  // A message that was too large to be held, when it has ended.
  using Passed = std::function<void(const AnswerScan&)>;

  MessageFlow(Form form, std::size_t window, Look look, Passed passed)
      : form_(form), window_(window), look_(std::move(look)), passed_(std::move(passed)) {}

  // Appends what may go on to `out`, also when it fails. After an error the flow is of no more use.
  Status Feed(std::string_view piece, std::string& out);
  // The body is complete. kMalformed when it ended inside a message.
  Status End(std::string& out);

  // Puts `prefix` before the ids of events from now on (SSE). With `whole`, a message that is too large to be held is refused:
  // the events of several flows go into one stream then, or each has to be looked at.
  void Share(std::string prefix, bool whole) {
    prefix_ = std::move(prefix);
    whole_ = whole;
  }

  // No message is half passed on: a comment or an event of ours may be put in (SSE).
  bool between() const { return !large_; }
  // An event of this stream had an id, so a client can come back for the rest (SSE).
  bool resumable() const { return resumable_; }

 private:
  // Where in a line of an event stream.
  enum class Line : std::uint8_t { kField, kBlank, kData, kOther };

  Status Json(std::string_view piece, std::string& out);
  Status Lines(std::string_view piece, std::string& out);
  Status EndOfMessage(std::string& out);
  Error TooLarge() const;
  Status EndOfEvent(std::string& out);
  Status LookAt(std::string_view text, std::optional<std::string>& replaced);
  // Follows the lines and returns the index behind the first event's end, or npos.
  std::size_t FollowLines(std::string_view piece, AnswerScan* scan);
  void EndOfLine(AnswerScan* scan);
  Status BecomeLarge(std::string& out);
  void Restart();

  const Form form_;
  const std::size_t window_;
  const Look look_;
  const Passed passed_;
  std::string prefix_;
  bool whole_ = false;
  std::string held_;
  std::optional<AnswerScan> large_;
  AnswerScan line_scan_;    // of what is held (kLines)
  Line line_ = Line::kField;
  std::string field_;
  bool has_text_ = false;   // the line is not empty
  bool has_data_ = false;   // an earlier line of the event was data
  bool after_cr_ = false;
  bool resumable_ = false;
  bool replaced_ = false;   // the last event went on as another text
};

}  // namespace intentgate::mcp
