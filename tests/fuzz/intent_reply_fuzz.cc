// An extractor's answer: whatever is accepted restricts something or says so with confidence.
#include <cstdlib>
#include <string_view>

#include <intentgate/intent.h>

#include "intent/http_extractor.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto intent = intentgate::intent::ParseExtractReply({reinterpret_cast<const char*>(data), size});
  if (!intent.ok()) return 0;
  if (!(intent->confidence >= 0 && intent->confidence <= 1)) std::abort();
  if (intent->allowed_tools.empty() && intent->confidence == 0) std::abort();
  for (const std::string& tool : intent->forbidden_tools) {
    if (intentgate::JudgeIntent(*intent, tool).allowed) std::abort();
  }
  return 0;
}
