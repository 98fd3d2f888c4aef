// Server-sent events: reading an upstream's stream piece by piece, and writing one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::http {

struct SseEvent {
  std::string type;  // empty means "message"
  std::string data;  // lines joined by LF
  std::string id;    // of this event alone; empty when it named none
  bool has_id = false;
};

// Thread-compatible. Events come out the same however the input is cut.
class SseParser {
 public:
  // An event (all of its lines) larger than `max_event` is refused.
  explicit SseParser(std::size_t max_event = 4 * 1024 * 1024) : max_event_(max_event) {}

  // Appends the events that `data` completes to `events`. After an error the stream is of no more use.
  // An event without the empty line at its end is never delivered.
  Status Feed(std::string_view data, std::vector<SseEvent>& events);

 private:
  void Line(std::string_view line, std::vector<SseEvent>& events);

  const std::size_t max_event_;
  std::string line_;
  SseEvent event_;
  std::size_t event_size_ = 0;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool started_ = false;
};

// Appends one event. `data` may hold several lines; `type` and `id` are left out when empty.
// REQUIRES: no line end in `type` and `id`.
void AppendSseEvent(std::string_view type, std::string_view id, std::string_view data, std::string& out);
// Appends a comment: a sign of life that no client reads.
void AppendSseComment(std::string_view text, std::string& out);

}  // namespace intentgate::http
