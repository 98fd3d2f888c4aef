// Reads an upstream's HTTP answer to one request, JSON or SSE, as it arrives, until the JSON-RPC response
// with the awaited id is there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

#include "http/message.h"
#include "http/sse.h"
#include "mcp/answer.h"

namespace intentgate::mcp {

// Thread-compatible.
class AnswerReader {
 public:
  enum class Form { kNone, kJson, kSse, kOther };

  // `max_bytes` bounds one message: the JSON body, or one event.
  AnswerReader(json::Value id, std::size_t max_bytes) : id_(std::move(id)), max_bytes_(max_bytes), events_(max_bytes) {}

  void Head(const http::ResponseHead& head);
  int status() const { return status_; }
  Form form() const { return form_; }
  // The Mcp-Session-Id that came along, if it is one.
  const std::string& session_id() const { return session_id_; }
  // A good status and a form that can hold an answer.
  bool promising() const { return status_ == 200 && (form_ == Form::kJson || form_ == Form::kSse); }

  // Takes a piece of the body. Messages of a stream that are not the answer go to `others`.
  Status Body(std::string_view piece, std::vector<json::Value>& others);
  // The body is complete.
  Status End();
  const std::optional<Answer>& answer() const { return answer_; }
  std::optional<Answer>& answer() { return answer_; }
  // A JSON body as it came.
  const std::string& text() const { return text_; }

 private:
  const json::Value id_;
  const std::size_t max_bytes_;
  int status_ = 0;
  Form form_ = Form::kNone;
  std::string session_id_;
  std::string text_;
  http::SseParser events_;
  std::optional<Answer> answer_;
};

}  // namespace intentgate::mcp
