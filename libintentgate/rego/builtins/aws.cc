// providers.aws.sign_req: AWS Signature Version 4 of a request object, as OPA computes it. Pure: the time is an argument.
#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

std::string TextOf(const Value& value) { return value.is_string() ? std::string(value.string()) : value.ToText(); }

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

struct Url {
  std::string host;
  std::string path;
  std::string query;
};

Url SplitUrl(std::string_view text) {
  Url out;
  text = text.substr(0, text.find('#'));
  const std::size_t question = text.find('?');
  if (question != std::string_view::npos) out.query = text.substr(question + 1);
  text = text.substr(0, question);
  const std::size_t slashes = text.find("//");
  if (slashes == std::string_view::npos) return out.path = text, out;
  text.remove_prefix(slashes + 2);
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) out.path = text.substr(slash);
  text = text.substr(0, slash);
  const std::size_t at = text.rfind('@');
  out.host = at == std::string_view::npos ? text : text.substr(at + 1);
  return out;
}

std::string Sha256Hex(std::string_view text) {
  const crypto::Digest digest = crypto::Sha256(base::AsBytes(text));
  return base::HexEncode(digest);
}

// The names that are missing, or whose values are no strings; empty if all is well.
Value BadNames(BuiltinContext& context, const Value& object, std::span<const std::string_view> names, bool missing) {
  SetBuilder out(context.arena);
  for (const std::string_view name : names) {
    const Value value = object.GetMember(name);
    if (missing ? !value.defined() : !value.is_string()) out.Add(Value::StringRef(name));
  }
  return out.size() == 0 ? Value() : out.Finish();
}

struct Signer {
  std::string service;
  std::string region;
  std::string access_key;
  std::string secret_key;
  std::string date;      // 20151228
  std::string datetime;  // 20151228T140825Z

  std::string Scope() const { return date + "/" + region + "/" + service + "/aws4_request"; }
  std::string Sign(const std::string& canonical_request) const {
    const std::string text = "AWS4-HMAC-SHA256\n" + datetime + "\n" + Scope() + "\n" + Sha256Hex(canonical_request);
    const std::string secret = "AWS4" + secret_key;
    crypto::Digest key = crypto::HmacSha256(base::AsBytes(secret), base::AsBytes(date));
    for (const std::string* part : {&region, &service}) key = crypto::HmacSha256(key, base::AsBytes(*part));
    key = crypto::HmacSha256(key, base::AsBytes(std::string_view("aws4_request")));
    return base::HexEncode(crypto::HmacSha256(key, base::AsBytes(text)));
  }
};

// Both checks of the configuration; undefined with the error recorded.
bool CheckConfig(BuiltinContext& context, const Value& config) {
  static constexpr std::array<std::string_view, 4> kRequired = {"aws_access_key", "aws_region", "aws_secret_access_key", "aws_service"};
  const Value missing = BadNames(context, config, kRequired, true);
  if (missing.defined()) return context.TypeError("operand 2 missing required AWS config parameters(s): " + missing.ToText()), false;
  const Value wrong = BadNames(context, config, kRequired, false);
  if (wrong.defined()) return context.TypeError("operand 2 invalid values for required AWS config parameters(s): " + wrong.ToText()), false;
  return true;
}

bool CheckRequest(BuiltinContext& context, const Value& request) {
  static constexpr std::array<std::string_view, 2> kRequired = {"method", "url"};
  const Value missing = BadNames(context, request, kRequired, true);
  if (missing.defined()) return context.TypeError("operand 1 missing required request parameters(s): " + missing.ToText()), false;
  const Value headers = request.GetMember("headers");
  if (headers.defined() && !headers.is_object()) return context.OperandError(1, "object", headers), false;
  const Value wrong = BadNames(context, request, kRequired, false);
  if (wrong.defined()) return context.TypeError("operand 1 invalid values for required request parameters(s): " + wrong.ToText()), false;
  return true;
}

std::string BodyOf(const Value& request) {
  const Value raw = request.GetMember("raw_body");
  if (raw.defined()) return TextOf(raw);
  const Value body = request.GetMember("body");
  return body.defined() ? body.ToJsonText() : std::string();
}

Value SignRequest(BuiltinContext& context, Args args) {
  const Value& request = args[0];
  const Value& config = args[1];
  builtins::ChargeTree(context, request);
  if (!CheckConfig(context, config)) return {};
  const std::optional<std::int64_t> ns = args[2].is_int() ? args[2].ToInt64() : std::nullopt;
  if (!ns) return context.TypeError("operand 3 could not convert time_ns value into a unix timestamp");
  if (!CheckRequest(context, request)) return {};
  const Value unsigned_payload = config.GetMember("disable_payload_signing");
  if (unsigned_payload.defined() && !unsigned_payload.is_bool()) return context.TypeError("operand 2 invalid value for 'disable_payload_signing' in AWS config");

  Signer signer{TextOf(config.GetMember("aws_service")), TextOf(config.GetMember("aws_region")), TextOf(config.GetMember("aws_access_key")),
                TextOf(config.GetMember("aws_secret_access_key")), {}, {}};
  const std::time_t seconds = static_cast<std::time_t>(*ns / 1'000'000'000 - (*ns % 1'000'000'000 < 0 ? 1 : 0));
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  char text[32];
  signer.datetime.assign(text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &tm));
  signer.date = signer.datetime.substr(0, 8);

  const Url url = SplitUrl(request.GetMember("url").string());
  const std::string hash = unsigned_payload.truthy() ? "UNSIGNED-PAYLOAD" : Sha256Hex(BodyOf(request));
  std::map<std::string, std::string> aws = {{"host", url.host}, {"x-amz-date", signer.datetime}};
  if (signer.service == "s3" || signer.service == "glacier") aws["x-amz-content-sha256"] = hash;
  if (const Value token = config.GetMember("aws_session_token"); token.is_string() && !token.string().empty()) aws["x-amz-security-token"] = token.string();

  std::map<std::string, std::string> to_sign = aws;
  ObjectBuilder headers(context.arena);
  const Value given = request.GetMember("headers");
  for (const Entry& entry : given.entries()) {
    const std::string name = Lower(TextOf(entry.key));
    headers.Set(builtins::MakeString(context, TextOf(entry.key)), builtins::MakeString(context, TextOf(entry.value)));
    if (name != "authorization" && name != "user-agent" && name != "x-amzn-trace-id") to_sign[name] = TextOf(entry.value);
  }
  std::string canonical = std::string(request.GetMember("method").string()) + "\n" + url.path + "\n" + url.query + "\n";
  std::string names;
  for (const auto& [name, value] : to_sign) {
    canonical += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  canonical += "\n" + names + "\n" + hash;
  builtins::ChargeBytes(context, canonical.size() * 4);
  const std::string authorization = "AWS4-HMAC-SHA256 Credential=" + signer.access_key + "/" + signer.Scope() + ",SignedHeaders=" + names +
                                    ",Signature=" + signer.Sign(canonical);
  headers.Set(Value::StringRef("Authorization"), builtins::MakeString(context, authorization));
  for (const auto& [name, value] : aws) headers.Set(builtins::MakeString(context, name), builtins::MakeString(context, value));
  ObjectBuilder out(context.arena);
  for (const Entry& entry : request.entries()) out.Set(entry.key, entry.value);
  out.Set(Value::StringRef("headers"), headers.Finish());
  return out.Finish();
}

constexpr Builtin kTable[] = {
    MakeBuiltin("providers.aws.sign_req", SignRequest, ty::Object, kBuiltinPlain, ty::Object, ty::Object, ty::Number),
};

}  // namespace

std::span<const Builtin> AwsBuiltins() { return kTable; }

}  // namespace intentgate::rego
