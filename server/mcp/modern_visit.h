// A request by the rules of the revision 2026-07-28: it stands alone, and says everything that it needs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mcp/reception.h"

namespace intentgate::mcp {

// Loop-bound.
class ModernVisit : Reception {
 public:
  using Reception::Reception;

  void Post(std::shared_ptr<const Message> message);

 private:
  // A refusal with the status and the code that the revision asks for.
  struct Problem {
    int status = 400;
    int code = kInvalidParams;
    std::string reason;
    json::Value data;
  };

  // The rules of admission, in the revision's order.
  std::optional<Problem> CheckEnvelope();
  std::optional<Problem> CheckMethod();
  std::optional<Problem> CheckHeaders();

  // Mcp-Param-*, of a tool that the caller may see.
  std::optional<Problem> CheckParams(const ToolCall& call, const std::optional<Target>& target);

  // Unless the client has declared the extension for tasks.
  std::optional<Problem> CheckTasks();

  void Turn(const Problem& problem);
  void OnRequest();
  void OnJudged();
  void OnTask(const Decision& caller);
  void Judge(const ToolCall& call);
  void Discover();
  void Listen(const Decision& caller);

  std::shared_ptr<const Message> message_;
  const Method* method_ = nullptr;
};

}  // namespace intentgate::mcp
