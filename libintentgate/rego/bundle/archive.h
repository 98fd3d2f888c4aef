// Bytes of a bundle's archive: gzip around tar. Nothing here knows what the files mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <intentgate/rego_bundle.h>

namespace intentgate::rego::bundle {

// RFC 1952, one member or several; nothing may stand behind them.
Result<std::string> Gunzip(std::string_view archive, const BundleLimits& limits);

// The regular files of a tar archive: POSIX ustar and pax, and GNU's long names and large numbers. Folders are left out;
// links, devices and sparse files are refused.
Result<std::vector<BundleFile>> ReadTar(std::string_view tar, const BundleLimits& limits);

// "a/data.json" of "/a/data.json" and "./a/data.json". kMalformed for a name that leads out of the archive or that two
// systems could read differently.
Result<std::string> CleanPath(std::string_view path);

}  // namespace intentgate::rego::bundle
