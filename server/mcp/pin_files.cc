#include "mcp/pin_files.h"

#include <system_error>
#include <utility>

#include "mcp/lists.h"

namespace intentgate::mcp {
namespace {

constexpr net::Millis kBetweenLooks{1'000};

}  // namespace

const std::string& PinFileOf(const config::ServerSettings& settings, const config::UpstreamSettings& upstream) {
  return upstream.tool_pins.empty() ? settings.tool_pins : upstream.tool_pins;
}

PinFiles::PinFiles(Lane& lane) : lane_(lane), timer_(lane.loop, [this] { Look(); }) {
  const auto upstreams = config::UpstreamsOf(*lane.context.settings);
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    const std::string& path = PinFileOf(*lane.context.settings, *upstreams[i]);
    if (!path.empty()) files_.push_back({.upstream = i, .path = path, .written = {}, .size = 0, .read = false});
  }
}

void PinFiles::Follow() {
  if (files_.empty()) return;
  Look();
}

void PinFiles::Look() {
  for (File& file : files_) {
    std::error_code trouble;
    const auto written = std::filesystem::last_write_time(file.path, trouble);
    // A file that is replaced may be gone for a moment; what it held stays accepted.
    if (trouble) continue;
    const std::uintmax_t size = std::filesystem::file_size(file.path, trouble);
    if (trouble || (written == file.written && size == file.size)) continue;
    file.written = written;
    file.size = size;
    Read(file, std::exchange(file.read, true));
  }
  timer_.Set(kBetweenLooks);
}

void PinFiles::Read(const File& file, bool again) {
  const telemetry::Logger& log = *lane_.context.log;
  const std::string_view name = lane_.context.directory->NameOf(file.upstream);
  auto held = lane_.context.catalogue->HoldFiles();
  Result<ToolPins> pins = ToolPins::Read(file.path);
  if (!pins.ok()) {
    log.Error("the file of pins cannot be used; those that were read before still hold", {{"upstream", name}, {"file", file.path}, {"detail", pins.error().message}});
    return;
  }
  log.Info("pins read", {{"upstream", name}, {"file", file.path}, {"tools", pins->size()}});
  lane_.context.catalogue->SetPins(file.upstream, std::make_shared<const ToolPins>(*std::move(pins)));
  held.unlock();
  if (!again) return;
  // So that the intent check learns of tools that left quarantine, and forgets those that are in it now.
  LoadCatalogue(lane_, file.upstream, [](bool) {});
}

}  // namespace intentgate::mcp
