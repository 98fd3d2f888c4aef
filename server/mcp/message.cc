#include "mcp/message.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "mcp/answer.h"
#include "mcp/methods.h"
#include "mcp/task_forms.h"

namespace intentgate::mcp {
namespace {

constexpr std::array<std::string_view, 6> kEnvelope = {"jsonrpc", "id", "method", "params", "result", "error"};
constexpr std::array<std::string_view, 19> kParams = {
    "name",       "arguments",       "_meta",        "cursor",        "uri", "task", "protocolVersion", "capabilities",
    "clientInfo", "inputResponses",  "requestState", "notifications", "ref", "argument", "context",     "level",
    "taskId",     "requestId",       "progressToken"};
constexpr std::array<std::string_view, 4> kMeta = {"progressToken", kMetaProtocol, kMetaCapabilities, kRelatedTask};
constexpr std::array<std::string_view, 3> kReference = {"type", "name", "uri"};
constexpr std::array<std::string_view, 2> kArgument = {"name", "value"};
constexpr std::array<std::string_view, 1> kContext = {"arguments"};

// Sentences may quote a member's name, which may be as long as the body.
std::string CutReason(std::string reason) {
  if (reason.size() > kMaxReasonBytes) reason = reason.substr(0, kMaxReasonBytes) + "...";
  return reason;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool IsId(const json::Value& id) {
  if (id.is_string()) return id.string_value().size() <= kMaxIdBytes;
  return id.is_number() && id.number_text().size() <= kMaxIdBytes;
}

// The reader has one code for all malformed text; a repeated member is told by its sentence. A test
// holds the two together.
bool IsRepeatedMember(const Error& error) { return error.message.ends_with(" appears twice"); }

Refusal RefuseText(const Error& error) {
  Refusal refusal;
  refusal.code = IsRepeatedMember(error) ? kInvalidParams : kParseError;
  if (error.code == ErrorCode::kLimitExceeded) refusal.code = kInvalidParams;
  refusal.reason = CutReason(error.message);
  return refusal;
}

// For a message whose text is sound: what can be told about it goes into the refusal.
Refusal Refuse(const json::Value& body, int code, std::string reason) {
  Refusal refusal{.code = code, .reason = CutReason(std::move(reason)), .id = {}, .method = {}, .tool = {}};
  if (const json::Value* id = body.Find("id"); id != nullptr && IsId(*id)) refusal.id = *id;
  if (const json::Value* method = body.Find("method"); method != nullptr && method->is_string()) {
    refusal.method = method->string_value().substr(0, kMaxMethodBytes);
  }
  const json::Value* params = body.Find("params");
  const json::Value* name = params == nullptr ? nullptr : params->Find("name");
  if (name != nullptr && name->is_string()) refusal.tool = name->string_value().substr(0, kMaxToolNameBytes);
  return refusal;
}

std::variant<MessageKind, std::string> KindOf(const json::Value& body) {
  const json::Value* id = body.Find("id");
  const json::Value* method = body.Find("method");
  const bool answers = body.Find("result") != nullptr || body.Find("error") != nullptr;
  if (id != nullptr && !IsId(*id)) return "id must be a string or a number of at most 1024 bytes";
  if (method == nullptr) {
    if (!answers) return "a message needs a method, a result or an error";
    if (id == nullptr) return "a response needs an id";
    if (body.Find("result") != nullptr && body.Find("error") != nullptr) return "result and error exclude each other";
    return MessageKind::kResponse;
  }
  if (answers) return "a message with a method has no result and no error";
  if (!method->is_string() || method->string_value().empty()) return "method must be a string with content";
  if (method->string_value().size() > kMaxMethodBytes) return "method is longer than 128 bytes";
  if (HasControl(method->string_value())) return "method holds a control character";
  return id == nullptr ? MessageKind::kNotification : MessageKind::kRequest;
}

}  // namespace

std::string_view Message::method() const {
  const json::Value* method = body_.Find("method");
  return method == nullptr ? std::string_view{} : method->string_value();
}

std::variant<Message, Refusal> ReadMessage(std::string_view text, std::size_t max_bytes) {
  Result<json::Value> parsed = json::Parse(text, {.max_bytes = max_bytes, .max_depth = kMaxMessageDepth});
  if (!parsed.ok()) return RefuseText(parsed.error());
  json::Value& body = *parsed;
  if (body.is_array()) return Refuse({}, kInvalidRequest, "batches are not supported: send one message a request");
  if (!body.is_object()) return Refuse({}, kInvalidRequest, "a message is a JSON object");
  if (Status s = json::RefuseCaseVariants(body, kEnvelope); !s.ok()) {
    return Refuse(body, kInvalidRequest, s.error().message);
  }
  const json::Value* version = body.Find("jsonrpc");
  if (version == nullptr || !version->is_string() || version->string_value() != "2.0") {
    return Refuse(body, kInvalidRequest, "jsonrpc must be \"2.0\"");
  }
  auto kind = KindOf(body);
  if (auto* problem = std::get_if<std::string>(&kind)) return Refuse(body, kInvalidRequest, std::move(*problem));
  if (const json::Value* params = body.Find("params"); params != nullptr) {
    if (!params->is_object()) return Refuse(body, kInvalidParams, "params must be an object");
    if (Status s = json::RefuseCaseVariants(*params, kParams); !s.ok()) {
      return Refuse(body, kInvalidParams, s.error().message);
    }
    const json::Value* meta = params->Find("_meta");
    if (meta != nullptr && meta->is_object()) {
      if (Status s = json::RefuseCaseVariants(*meta, kMeta); !s.ok()) return Refuse(body, kInvalidParams, "in params._meta: " + s.error().message);
    }
  }
  return Message(std::get<MessageKind>(kind), std::move(body));
}

namespace {

// A name of a tool or a prompt, or a URI; else what is wrong with it.
std::variant<std::string_view, std::string> ReadName(const json::Value& params, std::string_view member, std::size_t max) {
  const std::string what = "params." + std::string(member);
  const json::Value* name = params.Find(member);
  if (name == nullptr || !name->is_string() || name->string_value().empty()) return what + " must be a text with content";
  if (name->string_value().size() > max) return what + " is longer than " + std::to_string(max) + " bytes";
  if (HasControl(name->string_value())) return what + " holds a control character";
  return std::string_view(name->string_value());
}

// {"ref", "argument", "context"} of a completion, whose members a tool server may not read in two ways either.
std::optional<std::string> CheckCompletion(const json::Value& params) {
  const json::Value* ref = params.Find("ref");
  const json::Value* argument = params.Find("argument");
  if (ref == nullptr || !ref->is_object()) return "params.ref must be an object";
  if (argument == nullptr || !argument->is_object()) return "params.argument must be an object";
  const json::Value* context = params.Find("context");
  if (context != nullptr && !context->is_object()) return "params.context must be an object or be left out";
  if (Status s = json::RefuseCaseVariants(*ref, kReference); !s.ok()) return s.error().message;
  if (Status s = json::RefuseCaseVariants(*argument, kArgument); !s.ok()) return s.error().message;
  if (context != nullptr) {
    if (Status s = json::RefuseCaseVariants(*context, kContext); !s.ok()) return s.error().message;
  }
  const bool prompt = ref->Find("type") != nullptr && *ref->Find("type") == json::Value("ref/prompt");
  auto name = ReadName(*ref, prompt ? "name" : "uri", kMaxUriBytes);
  if (auto* problem = std::get_if<std::string>(&name)) return "in params.ref: " + *problem;
  return std::nullopt;
}

ToolCall Judged(std::string_view method, const json::Value& params, std::initializer_list<std::string_view> members) {
  json::Value made{json::Object{}};
  for (const std::string_view member : members) {
    if (const json::Value* value = params.Find(member)) made.Set(member, *value);
  }
  ToolCall call{.name = method, .arguments = nullptr, .method = method,
                .made = std::make_shared<const json::Value>(std::move(made))};
  call.arguments = call.made.get();
  return call;
}

}  // namespace

std::variant<ToolCall, Refusal> ReadToolCall(const Message& message) {
  const json::Value& body = message.body();
  const std::string_view method = message.method();
  const json::Value* params = message.params();
  if (params == nullptr) return Refuse(body, kInvalidParams, "a " + std::string(method) + " needs params");
  if (method == "completion/complete") {
    if (auto problem = CheckCompletion(*params)) return Refuse(body, kInvalidParams, std::move(*problem));
    return Judged(method, *params, {"ref", "argument", "context"});
  }
  const bool named = method == "tools/call" || method == "prompts/get";
  auto name = named ? ReadName(*params, "name", kMaxToolNameBytes) : ReadName(*params, "uri", kMaxUriBytes);
  if (auto* problem = std::get_if<std::string>(&name)) return Refuse(body, kInvalidParams, std::move(*problem));
  if (!named) return Judged(method, *params, {"uri"});
  const json::Value* arguments = params->Find("arguments");
  if (arguments != nullptr && !arguments->is_object()) {
    return Refuse(body, kInvalidParams, "params.arguments must be an object or be left out");
  }
  if (method == "prompts/get") return Judged(method, *params, {"name", "arguments"});
  if (IsJudgedMethod(std::get<std::string_view>(name))) {
    return Refuse(body, kInvalidParams, "no tool can have the name of a method");
  }
  return ToolCall{.name = std::get<std::string_view>(name), .arguments = arguments, .method = "tools/call", .made = nullptr};
}

std::string_view CodeMessage(int code) {
  switch (code) {
    case kParseError: return "Parse error";
    case kInvalidRequest: return "Invalid Request";
    case kMethodNotFound: return "Method not found";
    case kInvalidParams: return "Invalid params";
    case kCapabilityRefused: return "capability check failed";
    case kIntentRefused: return "intent check failed";
    case kPolicyRefused: return "policy check failed";
    case kBudgetRefused: return "budget check failed";
    case kUrlNeeded: return "URL elicitation required";
    case kHeaderMismatch: return "Header mismatch";
    case kUnsupportedProtocol: return "Unsupported protocol version";
    case kMissingCapability: return "Missing required client capability";
    default: return "Internal error";
  }
}

std::string ErrorReply(const json::Value& id, int code, std::string_view message, std::string_view data) {
  return StructuredError(id, code, message, data.empty() ? json::Value() : json::Value(data));
}

std::string StructuredError(const json::Value& id, int code, std::string_view message, json::Value data) {
  json::Value error = json::MakeObject({{"code", code}, {"message", message}});
  if (!data.is_null()) error.Set("data", std::move(data));
  return json::Write(json::MakeObject({{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(error)}}));
}

std::string ErrorReply(const Refusal& refusal) {
  return ErrorReply(refusal.id, refusal.code, CodeMessage(refusal.code), refusal.reason);
}

std::string ResultReply(const json::Value& id, json::Value result) {
  return json::Write(json::MakeObject({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}}));
}

}  // namespace intentgate::mcp
