// What an upstream answers: checked before a client sees it, and changed in three ways only: tools
// that a token cannot call leave tools/list, initialize advertises what the gateway carries, and public
// SDKs get the gateway's note in the result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/intent.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

namespace intentgate::mcp {

// Revisions served here, oldest first.
inline constexpr std::string_view kDefaultProtocol = "2025-03-26";
inline constexpr std::string_view kNewestProtocol = "2025-11-25";
bool IsServedProtocol(std::string_view version);
// The revision without handshake and sessions, and what its messages carry.
inline constexpr std::string_view kModernProtocol = "2026-07-28";
inline constexpr std::string_view kMetaProtocol = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";

// The extension of that revision in which a server answers a call with a task.
inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";

// A response message. A value.
struct Answer {
  json::Value body;
  bool rpc_error = false;   // it has an error instead of a result
  bool tool_error = false;  // result.isError is true
};

// What makes a message an answer, found by whoever read it.
struct AnswerShape {
  bool object = false;          // the message is one
  bool version = false;         // jsonrpc is "2.0"
  bool has_result = false;
  bool has_error = false;
  bool awaited_id = false;
  bool result_object = false;   // the result is one
  bool rpc_error = false;       // the error has a code and a message
};
// kMalformed says what is wrong first.
Status CheckShape(const AnswerShape& shape);

// Demands a response with exactly this id and either a result object or an error with code and message.
Result<Answer> ReadAnswer(std::string_view text, const json::Value& id, std::size_t max_bytes);
// What is kept of a body that is none of an answer's: it may hold a JSON-RPC error that the client has to see.
inline constexpr std::size_t kMaxRefusalBytes = 64 * 1024;
void KeepRefusal(std::string_view piece, std::string& kept);
// The error with this id that such a body holds.
std::optional<Answer> ReadError(std::string_view text, const json::Value& id);
// The upstream's own JSON-RPC error that came under an HTTP status of 4xx, where the client is to see it: 401 and 403 speak of the
// gateway's access. nullopt: the status is all there is to tell.
std::optional<Answer> ReadRefusal(int status, std::string_view text, const json::Value& id);
// As ReadAnswer, for a message that was parsed already.
Result<Answer> CheckAnswer(json::Value body, const json::Value& id);

// Adds result._intentgate, replacing any that the upstream sent. REQUIRES: no rpc_error.
void AddAllowNote(Answer& answer, std::int64_t latency_ms);

// The page's tools in order. kMalformed when result.tools is no list of named tools.
Result<std::vector<ToolInfo>> ReadToolList(const Answer& answer);
// Whether a tool's definition says that its server makes a task of a call (execution.taskSupport, 2025-11-25).
bool MakesTasksItself(const json::Value& tool);
// What the elements of a list are called: "uri" for resources, "uriTemplate" for resourceTemplates, "taskId" for tasks, "name" for the rest.
// kMalformed when result.<member> is no list of such elements.
Result<std::vector<std::string>> ReadNames(const Answer& answer, std::string_view member);
// Keeps the elements whose flag is set, everything else as it was. REQUIRES: ReadNames accepted it and
// keep.size() is its size.
void FilterList(Answer& answer, std::string_view member, const std::vector<bool>& keep);

// Says that nobody else may be given this result from a cache, and that it is not to be kept.
// REQUIRES: no rpc_error.
void MakePrivate(Answer& answer);

// Leaves in an initialize result only what this gateway carries. kMalformed when the upstream chose a
// revision that is not served here.
Status NarrowInitialize(Answer& answer);
// The capabilities of an upstream that this gateway carries.
json::Value CarriedCapabilities(const json::Value* capabilities);
// What any of several upstreams can do, of what is carried. Null elements count for nothing.
json::Value MergedCapabilities(const std::vector<const json::Value*>& all);
// The result of an initialize that the gateway answers by itself; echoes `asked` when it is served.
json::Value OwnInitializeResult(std::string_view asked, std::string_view version);

}  // namespace intentgate::mcp
