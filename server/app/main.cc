// The binary: the command line, with serving as its one hook.
#include <iostream>
#include <string>
#include <vector>

#include "app/admin_client.h"
#include "app/serve.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  using namespace intentgate;
  const std::string version = INTENTGATE_VERSION;
  const cli::Hooks hooks{[&version](const cli::ServeArguments& arguments) {
                           return app::RunServe({arguments.config, arguments.overrides, app::ReadEnvironment(),
                                                 arguments.check, version});
                         },
                         version, app::AskAdmin};
  return cli::Run({argv, argv + argc}, {std::cin, std::cout, std::cerr}, hooks);
}
