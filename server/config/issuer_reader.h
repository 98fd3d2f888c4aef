// The list oauth.issuers of the settings file.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/server_settings.h"

namespace YAML {
class Node;
}

namespace intentgate::config {

inline constexpr std::size_t kMaxIssuers = 16;

// `place` names a node for messages, `report` takes each mistake.
using PlaceOfNode = std::function<std::string(const YAML::Node&, const std::string& path)>;
using ReportMistake = std::function<void(std::string where, std::string message)>;
std::vector<OAuthIssuer> ReadIssuers(const YAML::Node& list, const PlaceOfNode& place, const ReportMistake& report);

// Rows for the reference: "oauth.issuers[].issuer" and its neighbours.
std::vector<SettingReference> IssuerReference();

}  // namespace intentgate::config
