#include <set>

#include "admin/resources.h"

namespace intentgate::admin {

// Tenants with events in the chain, and those that have an admin though nothing happened yet.
Reply ListTenants(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {}); !known.ok()) return Reply::FromError(known.error());
  std::set<std::string> ids;
  if (request.who.is_superadmin()) {
    const Result<std::vector<std::string>> stored = on.gate->Tenants();
    if (!stored.ok()) return Reply::FromError(stored.error());
    ids.insert(stored->begin(), stored->end());
    for (std::string& tenant : on.access->Tenants()) ids.insert(std::move(tenant));
  } else {
    ids.insert(request.who.tenant);
  }
  json::Array list;
  for (const std::string& id : ids) {
    list.push_back(json::MakeObject({{"id", id}, {"has_admin", on.access->HasAdmin(id)}}));
  }
  return {200, json::MakeObject({{"tenants", std::move(list)}})};
}

}  // namespace intentgate::admin
