#include "admin/resources.h"

#include "base/time_format.h"

namespace intentgate::admin {
namespace {

const std::initializer_list<std::string_view> kMembers = {
    "subject", "issuer",       "tenant",  "ttl_seconds",  "tools",     "max_calls", "step_up",  "zone",
    "callees", "callee_zones", "servers", "rate_per_min", "max_cents", "risk_max",  "format",   "audience",
    "caveats"};

// The formats carry any expiry; what a person types beyond this is a mistake.
constexpr std::int64_t kMaxAdminTtlSeconds = std::int64_t{36'525} * 24 * 3600;

// Takes members off the body one by one and keeps the first mistake.
class BodyReader {
 public:
  explicit BodyReader(const json::Value& body) : body_(body) {}

  std::optional<std::string> Text(std::string_view name) { return Keep(TextMember(body_, name)); }
  std::optional<std::int64_t> Integer(std::string_view name) { return Keep(IntegerMember(body_, name)); }
  std::optional<bool> Flag(std::string_view name) { return Keep(BoolMember(body_, name)); }
  std::vector<std::string> Texts(std::string_view name) { return Keep(TextsMember(body_, name)); }
  // Zero is how the public clients leave a limit out.
  std::optional<std::int64_t> Limit(std::string_view name) {
    const std::optional<std::int64_t> value = Integer(name);
    return value == 0 ? std::nullopt : value;
  }
  void Mistake(std::string what) {
    if (!error_) error_ = Error{ErrorCode::kInvalidArgument, std::move(what)};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  template <typename T>
  T Keep(Result<T> value) {
    if (value.ok()) return std::move(*value);
    if (!error_) error_ = value.error();
    return T();
  }

  const json::Value& body_;
  std::optional<Error> error_;
};

// An empty list would mint a token without the limit that its sender had in mind.
std::vector<std::string> NamedIn(const json::Value& body, BodyReader& read, std::string_view name) {
  std::vector<std::string> names = read.Texts(name);
  const json::Value* given = body.Find(name);
  if (names.empty() && given != nullptr && !given->is_null()) {
    read.Mistake(std::string(name) + " is an empty list: name at least one, or leave it out for no limit");
  }
  return names;
}

// The caveats in the public product's order, then those given as caveat JSON.
std::vector<Caveat> ReadCaveats(const Resources& on, const json::Value& body, BodyReader& read) {
  std::vector<Caveat> out;
  if (auto tools = NamedIn(body, read, "tools"); !tools.empty()) out.push_back(Caveat::ToolAllow(std::move(tools)));
  if (const auto calls = read.Limit("max_calls")) out.push_back(Caveat::MaxCalls(*calls));
  if (read.Flag("step_up").value_or(false)) out.push_back(Caveat::StepUp(on.clock->UnixSeconds()));
  auto callees = NamedIn(body, read, "callees");
  auto zones = NamedIn(body, read, "callee_zones");
  if (!callees.empty() || !zones.empty()) out.push_back(Caveat::CalleeAllow(std::move(callees), std::move(zones)));
  if (auto servers = NamedIn(body, read, "servers"); !servers.empty()) out.push_back(Caveat::ServerAllow(std::move(servers)));
  if (const auto rate = read.Limit("rate_per_min")) out.push_back(Caveat::RateLimit(*rate));
  if (const auto cents = read.Limit("max_cents")) out.push_back(Caveat::MaxCost(*cents));
  if (const auto risk = read.Limit("risk_max")) out.push_back(Caveat::RiskMax(*risk));
  const json::Value* more = body.Find("caveats");
  if (more == nullptr || more->is_null()) return out;
  if (!more->is_array()) {
    read.Mistake("caveats must be a list");
    return out;
  }
  for (const json::Value& element : more->array()) {
    Result<Caveat> caveat = Caveat::FromJson(element);
    if (!caveat.ok()) read.Mistake("caveats: " + caveat.error().message);
    else out.push_back(std::move(*caveat));
  }
  return out;
}

// The public v1.6 product mints v3; its later members exist from v4 on.
TokenFormat ReadFormat(const json::Value& body, BodyReader& read) {
  const std::int64_t format = read.Integer("format").value_or(0);
  if (format == 3 || format == 4 || format == 5) return static_cast<TokenFormat>(format);
  if (format != 0) read.Mistake("format must be 3, 4 or 5");
  for (const std::string_view name : {"zone", "callees", "callee_zones", "servers", "rate_per_min", "max_cents", "risk_max"}) {
    if (body.Find(name) != nullptr) return TokenFormat::kV4;
  }
  return TokenFormat::kV3;
}

}  // namespace

Reply MintToken(const Resources& on, const Request& request) {
  const Result<json::Value> body = ReadBody(request, kMembers);
  if (!body.ok()) return Reply::FromError(body.error());
  BodyReader read(*body);
  MintRequest wanted;
  wanted.format = ReadFormat(*body, read);
  wanted.subject = read.Text("subject").value_or("");
  wanted.issuer = read.Text("issuer").value_or(wanted.issuer);
  wanted.zone = read.Text("zone").value_or(wanted.zone);
  wanted.audience = read.Text("audience").value_or("");
  wanted.ttl_seconds = read.Limit("ttl_seconds");
  if (wanted.ttl_seconds.value_or(0) > kMaxAdminTtlSeconds) {
    read.Mistake("ttl_seconds is a lifetime of over a hundred years; leave it out for a v3 or v4 token without end");
  }
  wanted.caveats = ReadCaveats(on, *body, read);
  const Result<std::string> tenant = TenantFor(request, read.Text("tenant").value_or(""));
  if (read.error()) return Reply::FromError(*read.error());
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  if (!tenant->empty()) wanted.tenant = *tenant;
  if (wanted.subject.empty()) return Reply::Error(400, "subject is required");

  const Result<MintedToken> minted = on.gate->Mint(wanted, request.Context());
  if (!minted.ok()) return Reply::FromError(minted.error());
  const std::string expires =
      minted->expires_at ? base::FormatRfc3339Micros(*minted->expires_at * 1'000'000) : std::string();
  return {200, json::MakeObject({{"token", minted->token},
                                 {"jti", minted->jti},
                                 {"subject", wanted.subject},
                                 {"expires_at", expires}})};
}

}  // namespace intentgate::admin
