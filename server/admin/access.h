// Who may use the admin API: the superadmin and one admin for each tenant, by bearer token.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/server_settings.h"
#include "http/message.h"

namespace intentgate::admin {

// Someone whose token was found good.
struct Operator {
  std::string tenant;  // empty: every tenant

  bool is_superadmin() const { return tenant.empty(); }
  std::string actor() const { return tenant.empty() ? "superadmin" : "tenant:" + tenant; }
};

// Immutable, thread-safe.
class Access {
 public:
  explicit Access(std::vector<config::AdminKey> keys) : keys_(std::move(keys)) {}

  // False: there is no admin API.
  bool enabled() const { return !keys_.empty(); }
  // Compares with every key in constant time, whichever matches.
  std::optional<Operator> Authenticate(const http::HeaderList& headers) const;
  // True when that tenant has an admin of its own.
  bool HasAdmin(std::string_view tenant) const;
  // The tenants that have one.
  std::vector<std::string> Tenants() const;

 private:
  std::vector<config::AdminKey> keys_;
};

}  // namespace intentgate::admin
