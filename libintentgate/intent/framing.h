// Texts joined so that no content can shift the border between two of them.
#pragma once

#include <string>
#include <string_view>

namespace intentgate::intent {

inline void AppendFramed(std::string_view text, std::string& out) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

}  // namespace intentgate::intent
