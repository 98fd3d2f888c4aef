// http.send, net.lookup_ip_addr and opa.runtime: their arguments and results. What they do is the host's (HostAccess);
// the type check lets a policy call them only where the host grants them.
#include <algorithm>
#include <array>
#include <map>
#include <string>

#include <intentgate/rego.h>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

constexpr std::array<std::string_view, 28> kRequestKeys = {"body",
                                                           "cache",
                                                           "cache_ignored_headers",
                                                           "caching_mode",
                                                           "enable_redirect",
                                                           "force_cache",
                                                           "force_cache_duration_seconds",
                                                           "force_json_decode",
                                                           "force_yaml_decode",
                                                           "headers",
                                                           "max_retry_attempts",
                                                           "method",
                                                           "raise_error",
                                                           "raw_body",
                                                           "timeout",
                                                           "tls_ca_cert",
                                                           "tls_ca_cert_env_variable",
                                                           "tls_ca_cert_file",
                                                           "tls_client_cert",
                                                           "tls_client_cert_env_variable",
                                                           "tls_client_cert_file",
                                                           "tls_client_key",
                                                           "tls_client_key_env_variable",
                                                           "tls_client_key_file",
                                                           "tls_insecure_skip_verify",
                                                           "tls_server_name",
                                                           "tls_use_system_certs",
                                                           "url"};

Value NoHost(BuiltinContext& context) { return context.Error("the host gives no access to the outside"); }

// A copy that the arena owns: the host's value does not live as long.
Value Adopt(BuiltinContext& context, const json::Value& json) {
  const std::string text = json::Write(json);
  builtins::ChargeBytes(context, text.size() * 4);
  const Result<Value> value = Value::ParseJson(context.arena, text);
  return value.ok() ? *value : context.Error(value.error().message);
}

// Answers of this evaluation by request: equal calls agree, and are sent once.
class SentRequests final : public BuiltinCache {
 public:
  std::map<std::string, Value> answers;
};

Value Send(BuiltinContext& context, const json::Value& request) {
  auto& sent = context.CacheFor<SentRequests>(CacheSlot::kEvaluation).answers;
  std::string key = json::Write(request);
  if (const auto found = sent.find(key); found != sent.end()) return found->second;
  const Result<json::Value> response =
      context.cancel() == nullptr ? context.host->SendHttp(request) : context.host->SendCancellable(request, *context.cancel());
  context.CheckCancelled();
  if (!response.ok()) return context.Error(response.error().message);
  const Value value = Adopt(context, *response);
  sent.emplace(std::move(key), value);
  return value;
}

Value SendHttp(BuiltinContext& context, Args args) {
  SetBuilder unknown(context.arena);
  for (const Entry& entry : args[0].entries()) {
    const bool known = entry.key.is_string() && std::find(kRequestKeys.begin(), kRequestKeys.end(), entry.key.string()) != kRequestKeys.end();
    if (!known) unknown.Add(entry.key);
  }
  if (unknown.size() > 0) return context.TypeError("operand 1 invalid request parameters(s): " + unknown.Finish().ToText());
  SetBuilder missing(context.arena);
  for (const std::string_view name : {"method", "url"}) {
    if (!args[0].GetMember(name).defined()) missing.Add(Value::StringRef(name));
  }
  if (missing.size() > 0) return context.TypeError("operand 1 missing required request parameters(s): " + missing.Finish().ToText());
  if (context.host == nullptr) return NoHost(context);
  builtins::ChargeTree(context, args[0]);
  return Send(context, args[0].ToJson());
}

Value LookUp(BuiltinContext& context, Args args) {
  if (context.host == nullptr) return NoHost(context);
  const Result<std::vector<std::string>> addresses = context.host->LookUpAddresses(args[0].string());
  if (!addresses.ok()) return context.Error(addresses.error().message);
  SetBuilder out(context.arena);
  for (const std::string& address : *addresses) out.Add(builtins::MakeString(context, address));
  return out.Finish();
}

Value Runtime(BuiltinContext& context, Args) {
  if (context.host == nullptr) return Value::EmptyObject();
  return Adopt(context, context.host->Runtime());
}

constexpr std::uint8_t kFlags = kBuiltinHost | kBuiltinNondeterministic;
constexpr Builtin kTable[] = {
    MakeBuiltin("http.send", SendHttp, ty::Object, kFlags, ty::Object),
    MakeBuiltin("net.lookup_ip_addr", LookUp, ty::SetOf(ty::kString), kFlags, ty::String),
    MakeBuiltin("opa.runtime", Runtime, ty::Object, kFlags),
};

}  // namespace

std::span<const Builtin> HostBuiltins() { return kTable; }

}  // namespace intentgate::rego
