// One JSON-RPC message of MCP, read so that no tool server can read it differently.
//
// The public gateway once judged {"name":"delete_all","Name":"read_file"} by one member and sent on
// the other. So whatever two parsers may disagree about is refused here: repeated members, case
// variants of the protocol's members, control characters in a tool's name, a body that is no object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <intentgate/json.h>

namespace intentgate::mcp {

inline constexpr std::size_t kMaxMethodBytes = 128;
inline constexpr std::size_t kMaxToolNameBytes = 256;
inline constexpr std::size_t kMaxUriBytes = 8192;
inline constexpr std::size_t kMaxIdBytes = 1024;
inline constexpr std::size_t kMaxReasonBytes = 512;
inline constexpr std::size_t kMaxMessageDepth = 128;

// JSON-RPC's own codes, then the product's.
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kCapabilityRefused = -32010;
inline constexpr int kIntentRefused = -32011;
inline constexpr int kPolicyRefused = -32012;
inline constexpr int kBudgetRefused = -32013;
inline constexpr int kUrlNeeded = -32042;  // of the revision 2025-11-25

enum class MessageKind : std::uint8_t { kRequest, kNotification, kResponse };

// A well-formed message. A value; the accessors borrow from it.
class Message {
 public:
  Message(MessageKind kind, json::Value body) : kind_(kind), body_(std::move(body)) {}

  MessageKind kind() const { return kind_; }
  const json::Value& body() const { return body_; }
  // Null unless this is a request or a response.
  const json::Value* id() const { return body_.Find("id"); }
  // "" for a response.
  std::string_view method() const;
  // An object, or null when there are none.
  const json::Value* params() const { return body_.Find("params"); }

 private:
  MessageKind kind_;
  json::Value body_;
};

// What is wrong with a message, as the client will hear it.
struct Refusal {
  int code = kInvalidRequest;
  std::string reason;        // a sentence
  json::Value id;            // null when it could not be read
  std::string method, tool;  // as far as they could be read; for the audit chain
};

// `max_bytes` is the limit on the text; see also the constants above. Thread-safe.
std::variant<Message, Refusal> ReadMessage(std::string_view text, std::size_t max_bytes);

inline constexpr std::string_view kQuarantined = "the tool's definition has not been accepted by an operator";

// What the gate is asked about: a tool with its arguments, or a method that moves data. Such a method is judged under
// its own name, with what it is about as arguments: {"uri"}, {"name", "arguments"}, {"ref", "argument"}.
struct ToolCall {
  std::string_view name;
  const json::Value* arguments = nullptr;  // an object, or null when the call has none
  std::string_view method = "tools/call";
  std::shared_ptr<const json::Value> made;  // the arguments, when they are no member of the params
};

// Reads the params of a method that is judged. Borrows from `message`. REQUIRES: a request with such a method.
std::variant<ToolCall, Refusal> ReadToolCall(const Message& message);

// Of the revision 2026-07-28. Its reserved range holds no code of ours, so the checks' refusals lie outside.
inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingCapability = -32021;
inline constexpr int kUnsupportedProtocol = -32022;
inline constexpr int kModernRefusal = -31000;  // added to the legacy code's last two digits: -31010 to -31013

// The name of a code: "Parse error", "capability check failed", ...
std::string_view CodeMessage(int code);

// {"jsonrpc":"2.0","id":..,"error":{"code":..,"message":..,"data":..}}; empty data is left out.
std::string ErrorReply(const json::Value& id, int code, std::string_view message, std::string_view data = {});
// As ErrorReply, with data that is no text; null is left out.
std::string StructuredError(const json::Value& id, int code, std::string_view message, json::Value data);
std::string ErrorReply(const Refusal& refusal);
std::string ResultReply(const json::Value& id, json::Value result);

}  // namespace intentgate::mcp
