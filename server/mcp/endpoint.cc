#include "mcp/endpoint.h"

#include <future>
#include <utility>

#include "base/check.h"
#include "mcp/intake.h"
#include "mcp/lists.h"
#include "mcp/reception.h"
#include "mcp/resource_metadata.h"
#include "telemetry/metered.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kMetadataBelow = "/.well-known/oauth-protected-resource/{resource...}";
constexpr net::Millis kCatalogueRetry{2'000};
constexpr net::Millis kCatalogueRefresh{300'000};

}  // namespace

// Loop-bound, on the first lane's loop.
class Endpoint::CatalogueLoop : public std::enable_shared_from_this<CatalogueLoop> {
 public:
  CatalogueLoop(Lane& lane, std::size_t upstream) : lane_(lane), upstream_(upstream), timer_(lane.loop, [this] { Load(); }) {}

  void Load() {
    // Weak: when the loop stops in the middle, the callback lives longer than the loop's timers may.
    LoadCatalogue(lane_, upstream_, [weak = weak_from_this()](bool good) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      const Context& context = self->lane_.context;
      if (good && !self->known_) {
        context.log->Info("tools known", {{"upstream", context.directory->NameOf(self->upstream_)}, {"count", context.catalogue->size()}});
      }
      self->known_ = self->known_ || good;
      self->timer_.Set(good ? kCatalogueRefresh : kCatalogueRetry);
    });
  }

 private:
  Lane& lane_;
  const std::size_t upstream_;
  net::Timer timer_;
  bool known_ = false;
};

const std::vector<telemetry::RouteName>& RouteNames() {
  static const std::vector<telemetry::RouteName> names = {
      {kMcpPath, "POST"}, {kMcpPath, "GET"}, {kMcpPath, "DELETE"}, {kMetadataPath, "GET"}, {kMetadataBelow, "GET"}};
  return names;
}

std::shared_ptr<Endpoint> Endpoint::Create(Context context, const std::vector<net::Loop*>& loops) {
  std::shared_ptr<Endpoint> endpoint(new Endpoint(std::move(context)));
  for (net::Loop* loop : loops) {
    // Shared, because set_value may still be at work when get has returned.
    const auto made = std::make_shared<std::promise<std::unique_ptr<Lane>>>();
    loop->Post([made, &endpoint, loop] { made->set_value(std::make_unique<Lane>(endpoint->context_, *loop)); });
    endpoint->lanes_.emplace_back(loop, made->get_future().get());
  }
  return endpoint;
}

Endpoint::~Endpoint() = default;

Lane& Endpoint::LaneOf(net::Loop& loop) {
  for (auto& [at, lane] : lanes_) {
    if (at == &loop) return *lane;
  }
  IG_CHECK(false);
  return *lanes_.front().second;
}

void Endpoint::AddRoutes(http::Router& router) {
  // Weak: a loop that stops in the middle may hold the router to its own end, and lanes of other loops must
  // not live that long.
  const auto weak = weak_from_this();
  const auto add = [&](std::string_view verb, void (*handle)(Lane&, ExchangePtr)) {
    telemetry::AddMetered(router, context_.metrics, verb, kMcpPath, [weak, handle](ExchangePtr exchange) {
      const auto self = weak.lock();
      if (self == nullptr) return exchange->SendError(503, "the server is stopping");
      Lane& lane = self->LaneOf(exchange->loop());
      Admit(lane, std::move(exchange), handle);
    });
  };
  add("POST", HandlePost);
  add("GET", HandleGet);
  add("DELETE", HandleDelete);
  for (const std::string_view path : {kMetadataPath, kMetadataBelow}) {
    telemetry::AddMetered(router, context_.metrics, "GET", path, [settings = context_.settings](ExchangePtr exchange) {
      SendMetadata(*settings, *exchange, exchange->param("resource"));
    });
  }
}

void Endpoint::Close() {
  for (auto& [loop, lane] : lanes_) lane->mailbox->Close();
  for (const PendingOutcome& lost : context_.pending->TakeAll()) RecordLost(context_, lost);
  for (const PendingOutcome& lost : context_.tasks->TakeAllCalls()) RecordLost(context_, lost);
}

void Endpoint::StartPrograms() {
  for (const auto& server : context_.stdio) {
    if (server != nullptr) server->loop().Post([server] { server->Start(); });
  }
}

void Endpoint::FollowCatalogue() {
  Lane& lane = *lanes_.front().second;
  lane.loop.Post([this, &lane] {
    for (std::size_t i = 0; i < lane.backends.size(); ++i) {
      if (!lane.At(i).upstream->answers_gateway()) continue;
      catalogue_loops_.push_back(std::make_shared<CatalogueLoop>(lane, i));
      catalogue_loops_.back()->Load();
    }
    pin_files_ = std::make_unique<PinFiles>(lane);
    pin_files_->Follow();
  });
}

}  // namespace intentgate::mcp
