// The event stream format of the HTML standard: lines end in CR, LF or CR LF, an empty line ends an
// event, an event without data is no event. A byte order mark at the very beginning is skipped.
// Tested by tests/unit/http/sse_test.cc and tests/fuzz/sse_fuzz.cc.

#include "http/sse.h"

#include "base/check.h"

namespace intentgate::http {

Status SseParser::Feed(std::string_view data, std::vector<SseEvent>& events) {
  for (;;) {
    if (after_cr_ && !data.empty()) {
      after_cr_ = false;
      if (data.front() == '\n') data.remove_prefix(1);
    }
    const std::size_t end = data.find_first_of("\r\n");
    const std::string_view part = data.substr(0, end);
    if (event_size_ + line_.size() + part.size() > max_event_) {
      return Error{ErrorCode::kLimitExceeded, "an event is larger than " + std::to_string(max_event_) + " bytes"};
    }
    if (end == std::string_view::npos) {
      line_.append(part);
      return {};
    }
    after_cr_ = data[end] == '\r';
    data.remove_prefix(end + 1);
    if (line_.empty()) {
      Line(part, events);
    } else {
      line_.append(part);
      Line(line_, events);
      line_.clear();
    }
  }
}

void SseParser::Line(std::string_view line, std::vector<SseEvent>& events) {
  if (!started_ && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  started_ = true;
  if (line.empty()) {
    if (has_data_) {
      event_.data.pop_back();
      events.push_back(std::move(event_));
    }
    event_ = {};
    event_size_ = 0;
    has_data_ = false;
    return;
  }
  event_size_ += line.size() + 1;
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    event_.data.append(value).push_back('\n');
    has_data_ = true;
  } else if (field == "event") {
    event_.type = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    event_.id = value;
    event_.has_id = true;
  }
}

void AppendSseEvent(std::string_view type, std::string_view id, std::string_view data, std::string& out) {
  IG_CHECK(type.find_first_of("\r\n") == std::string_view::npos && id.find_first_of("\r\n") == std::string_view::npos);
  if (!type.empty()) out.append("event: ").append(type).append("\n");
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    const bool crlf = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
    data.remove_prefix(end + (crlf ? 2 : 1));
  }
  out.append("\n");
}

void AppendSseComment(std::string_view text, std::string& out) {
  IG_CHECK(text.find_first_of("\r\n") == std::string_view::npos);
  out.append(": ").append(text).append("\n\n");
}

}  // namespace intentgate::http
