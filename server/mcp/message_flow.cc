// Lines are followed as in the event stream format of the HTML standard. While an event is held only its end is looked
// for; it is then read as a whole by http::SseParser. When it becomes too large, the held bytes are followed once more,
// this time into the scan. Tested by tests/unit/mcp/message_flow_test.cc and tests/fuzz/message_flow_fuzz.cc.
#include "mcp/message_flow.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "http/sse.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kMaxFieldBytes = 5;  // one more than "data"

Error Malformed(std::string what) { return Error{ErrorCode::kMalformed, std::move(what)}; }

// The event with `prefix` before its id. An empty id takes the last one back, and stays.
std::string WithIdPrefix(std::string_view event, std::string_view prefix) {
  std::string out;
  while (!event.empty()) {
    const std::size_t end = std::min(event.find_first_of("\r\n"), event.size() - 1) + 1;
    std::string_view line = event.substr(0, end);
    event.remove_prefix(end);
    constexpr std::string_view kField = "id:";
    if (line.starts_with(kField)) {
      line.remove_prefix(kField.size());
      if (line.starts_with(' ')) line.remove_prefix(1);
      out.append(kField).append(" ");
      if (line.find_first_not_of("\r\n") == 0) out.append(prefix);
    }
    out.append(line);
  }
  return out;
}

}  // namespace

void MessageFlow::EndOfLine(AnswerScan* scan) {
  if (scan != nullptr && line_ == Line::kData && has_data_) scan->Feed("\n");
  has_data_ = has_data_ || line_ == Line::kData || (line_ == Line::kField && field_ == "data");
  line_ = Line::kField;
  field_.clear();
  has_text_ = false;
}

std::size_t MessageFlow::FollowLines(std::string_view piece, AnswerScan* scan) {
  for (std::size_t at = 0; at < piece.size();) {
    const char c = piece[at];
    if (std::exchange(after_cr_, false) && c == '\n') {
      ++at;
      continue;
    }
    if (c == '\r' || c == '\n') {
      after_cr_ = c == '\r';
      const bool empty = !has_text_;
      EndOfLine(scan);
      ++at;
      // The line feed of a pair at the end is Feed's: it counts for no window, whether it comes in this piece or the next.
      if (!empty) continue;
      return at;
    }
    has_text_ = true;
    if (line_ == Line::kField) {
      ++at;
      if (c == ':') line_ = field_ == "data" ? Line::kBlank : Line::kOther;
      else if (field_.size() < kMaxFieldBytes) field_.push_back(c);
      continue;
    }
    if (std::exchange(line_, line_ == Line::kBlank ? Line::kData : line_) == Line::kBlank && c == ' ') {
      ++at;
      continue;
    }
    const std::size_t end = std::min(piece.find_first_of("\r\n", at), piece.size());
    if (scan != nullptr && line_ == Line::kData) scan->Feed(piece.substr(at, end - at));
    at = end;
  }
  return std::string_view::npos;
}

void MessageFlow::Restart() {
  held_.clear();
  line_ = Line::kField;
  field_.clear();
  has_text_ = false;
  has_data_ = false;
}

Error MessageFlow::TooLarge() const {
  return Error{ErrorCode::kLimitExceeded, "a message of over " + std::to_string(window_) + " bytes on a stream of which each message has to be held"};
}

Status MessageFlow::BecomeLarge(std::string& out) {
  if (whole_) return TooLarge();
  large_.emplace();
  const std::string held = std::exchange(held_, {});
  if (form_ == Form::kJson) {
    large_->Feed(held);
  } else {
    Restart();
    after_cr_ = false;
    FollowLines(held, &*large_);
  }
  out.append(prefix_.empty() ? held : WithIdPrefix(held, prefix_));
  return {};
}

Status MessageFlow::LookAt(std::string_view text, std::optional<std::string>& replaced) {
  Result<json::Value> message = json::Parse(text, {.max_bytes = window_});
  if (!message.ok()) return message.error();
  if (!message->is_object()) return Malformed("a message is no object");
  Result<std::optional<std::string>> looked = look_(std::move(*message));
  if (!looked.ok()) return looked.error();
  replaced = std::move(*looked);
  return {};
}

Status MessageFlow::EndOfEvent(std::string& out) {
  has_data_ = false;
  replaced_ = false;
  if (large_) {
    passed_(*std::exchange(large_, std::nullopt));
    return {};
  }
  const std::string held = std::exchange(held_, {});
  http::SseParser parser(window_ + 1);
  std::vector<http::SseEvent> events;
  if (Status read = parser.Feed(held, events); !read.ok()) return read;
  std::optional<std::string> replaced;
  for (const http::SseEvent& event : events) {
    resumable_ = resumable_ || !event.id.empty();
    if (event.data.find_first_not_of(" \t\n") == std::string::npos) continue;  // a priming event
    if (Status looked = LookAt(event.data, replaced); !looked.ok()) return looked;
    if (replaced && !replaced->empty()) http::AppendSseEvent(event.type, event.id.empty() ? event.id : prefix_ + event.id, *replaced, out);
  }
  replaced_ = replaced.has_value();
  if (!replaced_) out.append(prefix_.empty() ? held : WithIdPrefix(held, prefix_));
  return {};
}

Status MessageFlow::Json(std::string_view piece, std::string& out) {
  if (large_) {
    large_->Feed(piece);
    out.append(piece);
    return {};
  }
  held_.append(piece);
  return held_.size() > window_ ? BecomeLarge(out) : Status();
}

Status MessageFlow::EndOfMessage(std::string& out) {
  line_scan_ = {};
  std::string held = std::exchange(held_, {});
  const std::size_t last = held.find_last_not_of("\r\n");
  if (held.find_first_not_of(" \t\r\n") == std::string::npos) {
    out.append(held);
    return {};
  }
  std::optional<std::string> replaced;
  if (Status looked = LookAt(held, replaced); !looked.ok()) return looked;
  if (replaced && replaced->empty()) return {};
  // Between tokens alone: a text has none. Whoever reads by the line must see the message that was looked at, not its parts.
  const auto end = held.begin() + static_cast<std::ptrdiff_t>(last + 1);
  std::replace_if(held.begin(), end, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  out.append(replaced ? *replaced + held.substr(last + 1) : held);
  return {};
}

Status MessageFlow::Lines(std::string_view piece, std::string& out) {
  while (!piece.empty()) {
    const std::size_t end = std::min(piece.find_first_of("\r\n"), piece.size() - 1) + 1;
    const std::string_view part = piece.substr(0, end);
    piece.remove_prefix(end);
    line_scan_.Feed(part);
    held_.append(part);
    if (held_.size() > window_) return TooLarge();
    if (part.back() != '\r' && part.back() != '\n') return {};
    const bool blank = held_.find_first_not_of(" \t\r\n") == std::string::npos;
    if (!blank && !line_scan_.complete()) continue;
    if (Status ended = EndOfMessage(out); !ended.ok()) return ended;
  }
  return {};
}

Status MessageFlow::Feed(std::string_view piece, std::string& out) {
  if (form_ == Form::kJson) return Json(piece, out);
  if (form_ == Form::kLines) return Lines(piece, out);
  while (!piece.empty()) {
    if (after_cr_ && held_.empty() && !large_ && piece.front() == '\n') {
      // Of the event that ended with the CR before.
      after_cr_ = false;
      if (!replaced_) out.push_back('\n');
      piece.remove_prefix(1);
      continue;
    }
    const std::size_t end = FollowLines(piece, large_ ? &*large_ : nullptr);
    const std::string_view part = piece.substr(0, end);
    piece.remove_prefix(part.size());
    if (large_) out.append(part);
    else held_.append(part);
    if (!large_ && held_.size() > window_) {
      if (Status large = BecomeLarge(out); !large.ok()) return large;
    }
    if (end == std::string_view::npos) continue;
    if (Status ended = EndOfEvent(out); !ended.ok()) return ended;
  }
  return {};
}

Status MessageFlow::End(std::string& out) {
  if (large_) {
    if (form_ == Form::kSse || !large_->complete()) return Malformed("the answer ended too early");
    passed_(*std::exchange(large_, std::nullopt));
    return {};
  }
  if (form_ == Form::kSse) {
    // An event without the empty line at its end is none.
    held_.clear();
    return {};
  }
  if (form_ == Form::kLines) return EndOfMessage(out);
  const std::string held = std::exchange(held_, {});
  std::optional<std::string> replaced;
  if (Status looked = LookAt(held, replaced); !looked.ok()) return looked;
  out.append(replaced ? *replaced : held);
  return {};
}

}  // namespace intentgate::mcp
