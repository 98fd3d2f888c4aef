#include <arpa/inet.h>

#include <charconv>
#include <string>

#include "evidence/ocsf/classes.h"

namespace intentgate::evidence::ocsf {
namespace {

constexpr std::string_view kProductName = "IntentGate";
constexpr int kMaxPort = 65'535;

bool IsAddress(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 || ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// Cuts ":1234" off the end of `text`, if that leaves an address.
bool CutPort(std::string_view& text, int& port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view digits = text.substr(colon + 1);
  const std::from_chars_result read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || port < 0 || port > kMaxPort) return false;
  text = text.substr(0, colon);
  return true;
}

}  // namespace

void SetClass(const ClassInfo& info, const Choice& activity, json::Value& event) {
  SetChoice(event, "activity_id", "activity_name", activity);
  event.Set("category_uid", info.category_uid);
  event.Set("category_name", info.category_name);
  event.Set("class_uid", info.class_uid);
  event.Set("class_name", info.class_name);
  event.Set("type_uid", info.class_uid * 100 + activity.id);
  const std::string_view caption = activity.id == kOther ? "Other" : activity.caption;
  event.Set("type_name", std::string(info.class_name) + ": " + std::string(caption));
}

json::Value Product(const OcsfOptions& options) {
  json::Value product = json::MakeObject({{"name", kProductName}, {"vendor_name", kProductName}});
  if (!options.product_version.empty()) product.Set("version", options.product_version);
  return product;
}

json::Value Endpoint(std::string_view remote) {
  if (remote.empty()) return json::MakeObject({{"name", "in-process"}});
  if (IsAddress(std::string(remote))) return json::MakeObject({{"ip", remote}});
  std::string_view host = remote;
  int port = 0;
  if (CutPort(host, port)) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    if (IsAddress(std::string(host))) return json::MakeObject({{"ip", host}, {"port", port}});
  }
  return json::MakeObject({{"name", remote}});
}

}  // namespace intentgate::evidence::ocsf
