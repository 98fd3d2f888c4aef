// The digest of an export's trailer, as docs/formats/audit.md says it, over whatever lines stand before the trailer.
#pragma once

#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::test {

// `before`: everything before the trailer's line.
inline std::string ExportDigestOf(std::string_view before) {
  constexpr std::string_view kMark = ",\"event\":";
  std::string covered;
  for (bool header = true; !before.empty(); header = false) {
    const std::string_view line = before.substr(0, before.find('\n') + 1);
    before.remove_prefix(line.size());
    const std::size_t mark = header ? std::string_view::npos : line.find(kMark);
    if (mark == std::string_view::npos) {
      covered += line;
    } else {
      covered.append(line.substr(0, mark + kMark.size())).append("}\n");
    }
  }
  return base::HexEncode(crypto::Sha256(base::AsBytes(covered)));
}

}  // namespace intentgate::test
