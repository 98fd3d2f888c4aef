#include <intentgate/token.h>

namespace intentgate {

json::Value TokenContent::ToJson() const {
  json::Object out;
  const auto text = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out.push_back({name, value});
  };
  const auto number = [&out](const char* name, const std::optional<std::int64_t>& value) {
    if (value) out.push_back({name, *value});
  };
  out.push_back({"v", static_cast<int>(format)});
  text("kid", key_id);
  text("jti", jti);
  text("root_jti", root_jti);
  out.push_back({"iss", issuer});
  text("tenant", tenant);
  text("zone", zone);
  text("sub", subject);
  text("aud", audience);
  out.push_back({"iat", issued_at});
  number("nbf", not_before);
  number("exp", expires_at);
  number("max_depth", max_depth);
  if (sealed) out.push_back({"sealed", true});
  json::Array list;
  for (const Caveat& caveat : caveats) list.push_back(caveat.ToJson());
  out.push_back({"cav", std::move(list)});
  json::Array hop_list;
  for (const Hop& hop : hops) {
    json::Value entry = json::MakeObject({{"id", hop.id}, {"caveats", static_cast<std::int64_t>(hop.caveat_count)}});
    if (!hop.label.empty()) entry.Set("label", hop.label);
    hop_list.push_back(std::move(entry));
  }
  out.push_back({"hops", std::move(hop_list)});
  return out;
}

}  // namespace intentgate
