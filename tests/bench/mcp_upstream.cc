// The tool server of mcp_tool_server.h as a program.
//
//   mcp_upstream ADDRESS [THREADS] [sessions]      prints the port it got, then serves until it is killed
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "http/server.h"
#include "mcp_tool_server.h"
#include "net/loop.h"

using namespace intentgate;

int main(int argc, char** argv) {
  const std::size_t threads = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 1;
  const bool sessions = argc > 3 && std::string_view(argv[3]) == "sessions";
  auto pool = net::LoopPool::Start(threads);
  if (!pool.ok()) return 1;
  auto server = http::Server::Start((*pool)->loops(), argc > 1 ? argv[1] : "127.0.0.1:0", nullptr, bench::MakeToolServer(sessions), {});
  if (!server.ok()) return std::cerr << server.error().message << "\n", 1;
  std::cout << (*server)->port() << std::endl;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int got = 0;
  sigwait(&signals, &got);
  std::_Exit(0);
}
