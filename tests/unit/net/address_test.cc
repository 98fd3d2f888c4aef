#include "net/address.h"

#include <doctest/doctest.h>

namespace intentgate::net {

TEST_CASE("addresses are taken apart and put together") {
  CHECK(ParseHostPort("127.0.0.1:8080")->host == "127.0.0.1");
  CHECK(ParseHostPort("127.0.0.1:8080")->port == 8080);
  CHECK(ParseHostPort("[::1]:443")->host == "::1");
  CHECK(ParseHostPort("[::1]:443")->ToString() == "[::1]:443");
  CHECK(ParseHostPort("up.example:80")->ToString() == "up.example:80");
  CHECK(ParseHostPort(":0")->ToString() == "0.0.0.0:0");
}

TEST_CASE("a bad address is refused with an example of a good one") {
  for (const std::string bad : {"", "8080", "a", "a:", "a:b", "a:65536", "a:-1", "a:+1", "::1:80", "[::1]80", "[]:80",
                                "[a]:80", "a b:80", "a/b:80", "u@a:80"}) {
    INFO(bad);
    const auto parsed = ParseHostPort(bad);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == ErrorCode::kInvalidArgument);
    CHECK(parsed.error().message.find("for example 127.0.0.1:8080") != std::string::npos);
  }
}

}  // namespace intentgate::net
