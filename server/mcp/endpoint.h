// POST, GET and DELETE /v1/mcp: MCP's Streamable HTTP transport in both eras, in front of one upstream or several.
//
//   initialize, notifications/*, ping     answered without a token; with a good one they reach the upstream
//   tools/list                            only what the token could call
//   tools/call                            judged by the gate, then forwarded
//   everything else                       refused: there is no rule for it
//
// docs/design/mcp.md says how sessions, ids and streams are kept apart.
#pragma once

#include <memory>
#include <vector>

#include "http/router.h"
#include "mcp/lane.h"
#include "mcp/pin_files.h"

namespace intentgate::mcp {

inline constexpr std::string_view kMcpPath = "/v1/mcp";
const std::vector<telemetry::RouteName>& RouteNames();

// Thread-safe. Handles each exchange in the lane of its loop.
class Endpoint : public std::enable_shared_from_this<Endpoint> {
 public:
  // Waits for every loop once; not from a loop's thread. The loops must be running.
  static std::shared_ptr<Endpoint> Create(Context context, const std::vector<net::Loop*>& loops);
  // REQUIRES: the loops have stopped.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;  // lanes refer to its context
  Endpoint& operator=(const Endpoint&) = delete;

  // The routes answer 503 once the endpoint is gone.
  void AddRoutes(http::Router& router);
  // Before the loops stop: decisions that come later are dropped, their calls never forwarded.
  void Close();
  // Starts the upstreams that are programs of this machine.
  void StartPrograms();
  // Asks each upstream for its tools, so that the intent check knows them before a client lists them. Tries
  // again until it has them, and from time to time afterwards. Follows the files of pins as well.
  void FollowCatalogue();

 private:
  class CatalogueLoop;

  explicit Endpoint(Context context) : context_(std::move(context)) {}
  Lane& LaneOf(net::Loop& loop);

  const Context context_;
  std::vector<std::pair<net::Loop*, std::unique_ptr<Lane>>> lanes_;
  std::vector<std::shared_ptr<CatalogueLoop>> catalogue_loops_;
  std::unique_ptr<PinFiles> pin_files_;
};

}  // namespace intentgate::mcp
