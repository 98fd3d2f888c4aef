// One message to the upstream and its whole answer, for what is not streamed.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "mcp/answer.h"
#include "mcp/failure.h"
#include "mcp/upstream.h"

namespace intentgate::mcp {

struct Asked {
  std::optional<Answer> answer;    // or
  std::optional<Failure> failure;  // exactly one of them
  int status = 0;
  std::string session_id;
};

struct Question {
  std::string body;
  json::Value id;                  // the answer's
  UpstreamSession session;
  std::size_t max_bytes = 0;
  http::HeaderList more = {};      // header fields besides
  bool takes_errors = false;       // a JSON-RPC error is an answer also under an error status
  oauth::OnBehalfPtr caller = nullptr;  // as UpstreamMessage's
};

// What an upstream may say before the answer, as a multiple of Question::max_bytes; and after it, before the connection is given up.
inline constexpr std::size_t kMaxAskedAnswers = 2;
inline constexpr std::size_t kMaxAfterAnswerBytes = 64 * 1024;

// Loop-bound. `done` is called once, later. The message may be sent twice. An upstream that says too much, or goes on for longer than a
// stream may be silent, fails or is left.
void Ask(Upstream& upstream, Question question, std::function<void(Asked)> done);

// A message that has no answer: `done` gets the HTTP status, or 0 when there was none. What comes behind the status is bounded as above.
void Tell(Upstream& upstream, std::string body, const UpstreamSession& session, oauth::OnBehalfPtr caller, std::function<void(int)> done);
// Ends the session, with DELETE; as Tell. `done` may be empty.
void TellEnd(Upstream& upstream, const UpstreamSession& session, oauth::OnBehalfPtr caller, std::function<void(int)> done = {});

}  // namespace intentgate::mcp
