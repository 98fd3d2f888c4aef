// One value from text. Each returns what is wrong, or "" and the value stored. A problem never quotes
// the text: it may be a secret in the wrong place.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace intentgate::settings {

struct IntRange {
  std::int64_t min = 0;
  std::int64_t max = INT64_MAX;
};

std::string ReadBool(std::string_view text, bool& out);
std::string ReadInt(std::string_view text, IntRange range, std::int64_t& out);

// Lower-case ASCII for spellings that do not care.
std::string Lower(std::string_view text);

template <typename T>
using Choices = std::span<const std::pair<std::string_view, T>>;

// `choices` may hold further spellings after the first of each value.
template <typename T>
std::string ReadChoice(std::string_view text, Choices<T> choices, T& out) {
  const std::string wanted = Lower(text);
  std::string names;
  for (const auto& [name, value] : choices) {
    if (name == wanted) {
      out = value;
      return "";
    }
    names += names.empty() ? "" : ", ";
    names += name;
  }
  return "must be one of " + names;
}

template <typename T>
std::string ChoiceName(const T& value, Choices<T> choices) {
  for (const auto& [name, choice] : choices) {
    if (choice == value) return std::string(name);
  }
  return "";
}

}  // namespace intentgate::settings
