// Compiles every .rego file of a folder once, as a policy that a gate loads: `rego_compile FOLDER`. Prints the seconds that
// reading and compiling took and the bytes that the process holds at its largest.
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include <intentgate/rego.h>

namespace rego = intentgate::rego;

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const auto start = std::chrono::steady_clock::now();
  std::vector<rego::SourceFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    if (entry.path().extension() != ".rego") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(file), {}}});
  }
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile(files);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  for (const rego::Diagnostic& d : compiled.diagnostics) std::cerr << d.ToString() << "\n";
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::cout << taken.count() << " " << usage.ru_maxrss * 1024L << std::endl;
  return compiled.ok() && !files.empty() ? 0 : 1;
}
