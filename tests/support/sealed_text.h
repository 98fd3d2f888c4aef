// What is sealed for a client opens as a whole or not at all.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

namespace intentgate::test {

// `opens` says whether a text does.
template <typename Opens>
void CheckOpensOnlyWhole(const std::string& sealed, const Opens& opens) {
  CHECK(opens(sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(opens(changed));
  }
  for (const std::string& text : {std::string(), std::string("upstream-id"), sealed + "A", std::string(10'000, 'A')}) {
    CHECK_FALSE(opens(text));
  }
}

}  // namespace intentgate::test
