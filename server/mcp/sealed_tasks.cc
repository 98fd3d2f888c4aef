// Tested by tests/unit/mcp/sealed_tasks_test.cc, and over two gateways by tests/integration/server/sealed_tasks_test.cc and tests/e2e/test_replicas.py.
#include "mcp/sealed_tasks.h"

#include <algorithm>
#include <utility>

#include <intentgate/json.h>

namespace intentgate::mcp {
namespace {

constexpr std::string_view kLabel = "intentgate mcp tasks 1";

}  // namespace

Result<std::shared_ptr<const SealedTasks>> SealedTasks::Create(const std::vector<crypto::SecretBytes>& secrets, std::vector<std::string> upstreams,
                                                               std::int64_t lifetime_seconds, std::shared_ptr<const Clock> clock,
                                                               std::shared_ptr<Random> random) {
  Result<Sealer> sealer = Sealer::Create(secrets, std::string(kLabel), lifetime_seconds, std::move(clock), std::move(random));
  if (!sealer.ok()) return sealer.error();
  return std::shared_ptr<const SealedTasks>(new SealedTasks(std::move(*sealer), std::move(upstreams)));
}

std::optional<std::string> SealedTasks::Seal(const KnownTask& task) const {
  Result<std::string> id =
      sealer_.Seal(json::MakeObject({{"u", upstreams_[task.upstream]}, {"i", task.id}, {"t", task.tool}}), task.principal);
  if (!id.ok() || id->size() > kMaxSealedIdBytes) return std::nullopt;
  return std::move(*id);
}

std::optional<KnownTask> SealedTasks::Open(std::string_view client_id, std::string_view principal) const {
  const auto payload = sealer_.Open(client_id, principal);
  if (!payload) return std::nullopt;
  const std::string* upstream = SealedText(*payload, "u");
  const std::string* id = SealedText(*payload, "i");
  const std::string* tool = SealedText(*payload, "t");
  if (upstream == nullptr || id == nullptr || tool == nullptr) return std::nullopt;
  const auto at = std::find(upstreams_.begin(), upstreams_.end(), *upstream);
  if (at == upstreams_.end()) return std::nullopt;
  return KnownTask{static_cast<std::size_t>(at - upstreams_.begin()), *id, std::string(principal), *tool, std::string(client_id)};
}

}  // namespace intentgate::mcp
