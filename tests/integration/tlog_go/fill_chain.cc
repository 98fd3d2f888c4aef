// fill_chain CONFIG COUNT: that many decisions of a gate, in its chain when the program ends.

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include <intentgate/gate.h>
#include <intentgate/settings.h>

int main(int argc, char** argv) {
  using namespace intentgate;
  if (argc != 3) {
    std::cerr << "usage: fill_chain CONFIG COUNT\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::string yaml{std::istreambuf_iterator<char>(file), {}};
  const SettingsLoad load = LoadGateSettings(yaml, argv[1], {});
  for (const SettingsProblem& problem : load.problems) std::cerr << problem.where << ": " << problem.message << "\n";
  if (!load.problems.empty()) return 1;
  const Result<std::shared_ptr<Gate>> gate = Gate::Open(load.settings);
  if (!gate.ok()) {
    std::cerr << gate.error().message << "\n";
    return 1;
  }
  std::atomic<long> unrecorded{0};
  for (long left = std::strtol(argv[2], nullptr, 10); left > 0; --left) {
    (*gate)->AuthorizeAsync({.tool = "read_file"}, [&unrecorded](const Decision& d) {
      if (d.event_id.empty()) ++unrecorded;
    });
  }
  const Status flushed = (*gate)->Flush();
  return flushed.ok() && unrecorded == 0 ? 0 : 1;
}
