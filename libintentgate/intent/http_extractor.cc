#include "intent/http_extractor.h"

#include <array>
#include <utility>
#include <vector>

#include <intentgate/json.h>

#include "intent/query_check.h"

namespace intentgate::intent {
namespace {

constexpr std::int64_t kMaxTimeoutMs = 120'000;

Error Malformed(std::string_view what) {
  return {ErrorCode::kMalformed, "the intent extractor's answer " + std::string(what)};
}

Error BadOption(std::string_view what) {
  return {ErrorCode::kInvalidArgument, "the intent extractor's " + std::string(what)};
}

Status ReadNames(const json::Value& intent, std::string_view member, std::vector<std::string>& out) {
  const json::Value* names = intent.Find(member);
  const std::string where = "intent." + std::string(member);
  if (names == nullptr || !names->is_array()) return Malformed("has no list " + where);
  if (names->array().size() > kMaxIntentTools) {
    return Malformed("has over " + std::to_string(kMaxIntentTools) + " names in " + where);
  }
  for (const json::Value& name : names->array()) {
    if (!name.is_string() || name.string_value().empty())
      return Malformed("has something other than a name in " + where);
    out.push_back(name.string_value());
  }
  return {};
}

Status ReadText(const json::Value& object, std::string_view member, bool required, std::string& out) {
  const json::Value* text = object.Find(member);
  if (text == nullptr || text->is_null()) {
    if (!required) return {};
    return Malformed("has no text " + std::string(member));
  }
  if (!text->is_string()) return Malformed("has no text " + std::string(member));
  out = text->string_value();
  return {};
}

Status ReadConfidence(const json::Value& intent, double& out) {
  const json::Value* confidence = intent.Find("confidence");
  const std::optional<double> number = confidence == nullptr ? std::nullopt : confidence->AsDouble();
  if (!number || !(*number >= 0 && *number <= 1)) return Malformed("has no intent.confidence from 0 to 1");
  out = *number;
  return {};
}

Status ReadIntent(const json::Value& value, Intent& out) {
  static constexpr std::array<std::string_view, 5> kMembers = {"summary", "allowed_tools", "forbidden_tools",
                                                               "confidence", "rationale"};
  if (!json::RefuseCaseVariants(value, kMembers).ok()) return Malformed("has a member in another case");
  if (Status s = ReadText(value, "summary", true, out.summary); !s.ok()) return s;
  if (Status s = ReadText(value, "rationale", false, out.rationale); !s.ok()) return s;
  if (Status s = ReadNames(value, "allowed_tools", out.allowed_tools); !s.ok()) return s;
  if (Status s = ReadNames(value, "forbidden_tools", out.forbidden_tools); !s.ok()) return s;
  return ReadConfidence(value, out.confidence);
}

Status CheckBaseUrl(std::string_view url) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return BadOption("URL must start with http:// or https://");
  const std::string_view rest = url.substr(url.find("//") + 2);
  if (rest.empty() || rest.starts_with('/')) return BadOption("URL has no host");
  if (rest.find('@') != std::string_view::npos) return BadOption("URL must not carry a user name or password");
  if (rest.find_first_of("?#") != std::string_view::npos) return BadOption("URL must end with its host or path");
  for (const char c : rest) {
    if (c <= 0x20 || c == 0x7F) return BadOption("URL has a blank, control or non-ASCII character");
  }
  return {};
}

}  // namespace

HttpExtractor::HttpExtractor(std::shared_ptr<base::HttpFetcher> fetcher, HttpExtractorOptions options, std::string url)
    : fetcher_(std::move(fetcher)), options_(std::move(options)), url_(std::move(url)) {}

Result<std::shared_ptr<HttpExtractor>> HttpExtractor::Create(std::shared_ptr<base::HttpFetcher> fetcher,
                                                             HttpExtractorOptions options) {
  if (fetcher == nullptr) return BadOption("HTTP client is missing");
  if (Status url = CheckBaseUrl(options.base_url); !url.ok()) return url.error();
  if (options.timeout_ms < 1 || options.timeout_ms > kMaxTimeoutMs) {
    return BadOption("timeout must be from 1 to " + std::to_string(kMaxTimeoutMs) + " ms");
  }
  std::string url = options.base_url;
  while (url.ends_with('/')) url.pop_back();
  url += "/v1/extract";
  return std::shared_ptr<HttpExtractor>(new HttpExtractor(std::move(fetcher), std::move(options), std::move(url)));
}

Result<Intent> HttpExtractor::Extract(const IntentQuery& query) {
  if (Status prompt = CheckPrompt(query); !prompt.ok()) return prompt.error();
  json::Value body = json::MakeObject({{"prompt", query.prompt}});
  if (!query.agent_id.empty()) body.Set("agent_id", query.agent_id);
  base::HttpFetchRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = json::Write(body);
  request.timeout_ms = options_.timeout_ms;
  request.max_response_bytes = options_.max_response_bytes;
  Result<base::HttpFetchReply> reply = fetcher_->Fetch(request);
  if (!reply.ok()) {
    return Error{reply.error().code, "the intent extractor gave no answer: " + reply.error().message};
  }
  if (reply->status < 200 || reply->status > 299) {
    return Error{ErrorCode::kUnavailable, "the intent extractor answered with status " + std::to_string(reply->status)};
  }
  if (reply->body.size() > options_.max_response_bytes) return Malformed("is over the size limit");
  return ParseExtractReply(reply->body);
}

Result<Intent> ParseExtractReply(std::string_view body) {
  Result<json::Value> parsed = json::Parse(body, {.max_bytes = std::size_t{16} << 20, .max_depth = 16});
  if (!parsed.ok()) return Malformed("is no strict JSON");
  if (!parsed->is_object()) return Malformed("is no object");
  static constexpr std::array<std::string_view, 3> kMembers = {"intent", "model", "latency_ms"};
  if (!json::RefuseCaseVariants(*parsed, kMembers).ok()) return Malformed("has a member in another case");
  const json::Value* value = parsed->Find("intent");
  if (value == nullptr || !value->is_object()) return Malformed("has no object intent");
  Intent intent;
  if (Status s = ReadIntent(*value, intent); !s.ok()) return s.error();
  if (Status s = ReadText(*parsed, "model", true, intent.model); !s.ok()) return s.error();
  // What the public extractor says when its model's output was unusable.
  if (intent.allowed_tools.empty() && intent.confidence == 0) return Malformed("allows everything with no confidence");
  return intent;
}

}  // namespace intentgate::intent
