#include "mcp/answer_reader.h"

#include <utility>

#include "http/syntax.h"
#include "mcp/sessions.h"

namespace intentgate::mcp {

void AnswerReader::Head(const http::ResponseHead& head) {
  status_ = head.status;
  const std::string_view type = head.headers.Get("Content-Type").value_or("");
  const std::string_view media = http::TrimBlanks(type.substr(0, type.find(';')));
  if (http::EqualsIgnoreCase(media, "application/json")) form_ = Form::kJson;
  else if (http::EqualsIgnoreCase(media, "text/event-stream")) form_ = Form::kSse;
  else form_ = Form::kOther;
  const std::string_view session = head.headers.Get("Mcp-Session-Id").value_or("");
  if (IsSessionId(session)) session_id_ = session;
}

Status AnswerReader::Body(std::string_view piece, std::vector<json::Value>& others) {
  if (form_ != Form::kSse) {
    if (text_.size() + piece.size() > max_bytes_) {
      return Error{ErrorCode::kLimitExceeded, "the answer is longer than limits.max_answer_bytes"};
    }
    text_.append(piece);
    return {};
  }
  std::vector<http::SseEvent> events;
  if (Status fed = events_.Feed(piece, events); !fed.ok()) return fed;
  for (http::SseEvent& event : events) {
    if (event.data.empty()) continue;  // a priming event, or a sign of life
    Result<json::Value> message = json::Parse(event.data, {.max_bytes = max_bytes_});
    if (!message.ok()) return message.error();
    if (!message->is_object()) return Error{ErrorCode::kMalformed, "an event is no object"};
    const bool response = message->Find("method") == nullptr;
    if (!response) {
      others.push_back(std::move(*message));
      continue;
    }
    if (answer_) return Error{ErrorCode::kMalformed, "a second answer on the stream"};
    Result<Answer> answer = CheckAnswer(std::move(*message), id_);
    if (!answer.ok()) return answer.error();
    answer_ = std::move(*answer);
  }
  return {};
}

Status AnswerReader::End() {
  if (form_ == Form::kJson) {
    Result<Answer> answer = ReadAnswer(text_, id_, max_bytes_);
    if (!answer.ok()) return answer.error();
    answer_ = std::move(*answer);
  }
  if (!answer_) return Error{ErrorCode::kMalformed, "the answer never came"};
  return {};
}

}  // namespace intentgate::mcp
