// What every extractor refuses before it starts.
#pragma once

#include <string>

#include <intentgate/intent.h>
#include <intentgate/result.h>

namespace intentgate::intent {

inline Status CheckPrompt(const IntentQuery& query) {
  if (query.prompt.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return Error{ErrorCode::kInvalidArgument, "the intent prompt is blank"};
  }
  if (query.prompt.size() > kMaxPromptBytes) {
    return Error{ErrorCode::kLimitExceeded, "the intent prompt is over " + std::to_string(kMaxPromptBytes) +
                                                " bytes; send the task, not its data"};
  }
  return {};
}

}  // namespace intentgate::intent
