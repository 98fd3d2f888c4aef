// What forwarding alone costs on this project's HTTP code: each POST goes to the upstream and its answer comes back, unread.
// The peer of a gateway that decides about each call.
//
//   mcp_passthrough ADDRESS UPSTREAM_URL      prints the port it got, then serves until it is killed
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "http/client.h"
#include "http/router.h"
#include "http/server.h"
#include "net/loop.h"

namespace {

using namespace intentgate;

void Forward(http::Client& client, const http::Url& url, const std::shared_ptr<http::Exchange>& exchange) {
  const auto body = std::make_shared<std::string>();
  http::ClientRequest request{"POST", {{"Content-Type", "application/json"}, {"Accept", "application/json"}}, std::string(exchange->body())};
  client.Send(url, std::move(request), {{}, [body](std::string_view piece) { body->append(piece); }, [exchange, body](const Status& status) {
                if (!status.ok()) return exchange->SendError(502, "the upstream did not answer");
                exchange->Send(200, {{"Content-Type", "application/json"}}, *body);
              }});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  // Before there are threads, all of which then leave the signal to this one.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const Result<http::Url> url = http::ParseUrl(argv[2]);
  auto pool = net::LoopPool::Start(1);
  if (!url.ok() || !pool.ok()) return 1;
  // Of the loop; never freed, as the process ends by a signal.
  const auto client = std::make_shared<std::unique_ptr<http::Client>>();
  (*pool)->at(0).Post([client, loop = &(*pool)->at(0)] { *client = http::Client::Create(*loop, {}); });
  auto router = std::make_shared<http::Router>();
  router->Add("POST", "/mcp", [client, url = *url](const std::shared_ptr<http::Exchange>& exchange) { Forward(**client, url, exchange); });
  auto server = http::Server::Start((*pool)->loops(), argv[1], nullptr, router, {});
  if (!server.ok()) return std::cerr << server.error().message << "\n", 1;
  std::cout << (*server)->port() << std::endl;
  int got = 0;
  sigwait(&signals, &got);
  // A usual end, which an instrumented program writes its profile at, without what the loop still uses being freed.
  (*pool)->Stop();
  std::exit(0);
}
