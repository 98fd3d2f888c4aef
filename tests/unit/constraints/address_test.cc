#include <doctest/doctest.h>

#include <string>

#include "token/constraints/address.h"
#include "unit/constraints/constraint_check.h"

namespace intentgate::token {
namespace {

const char* const kNoAddress = "unjudged: is not an IP address in its usual spelling";

}  // namespace

TEST_CASE("an address inside one of the blocks is allowed, outside all it fails") {
  const Constraint c = Constraint::Cidr({"10.0.0.0/8", "192.0.2.7/32", "2001:db8::/33", "0.0.0.0/0"});
  for (const char* text : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8::1", "2001:DB8:7fff::", "1.2.3.4"}) {
    INFO(text);
    CHECK(Ask(c, text) == "holds");
  }
  const Constraint narrow = Constraint::Cidr({"10.0.0.0/8", "192.0.2.7/32", "2001:db8::/33"});
  for (const char* text : {"11.0.0.0", "9.255.255.255", "192.0.2.6", "2001:db8:8000::", "::1"}) {
    INFO(text);
    CHECK(Ask(narrow, text) == "fails: is in none of \"10.0.0.0/8\", \"192.0.2.7/32\", \"2001:db8::/33\"");
  }
  CHECK(Ask(Constraint::Cidr({"::/0"}), "10.0.0.1").starts_with("fails"));
  CHECK(Ask(Constraint::Cidr({"10.1.2.0/23"}), "10.1.3.255") == "holds");
  CHECK(Ask(Constraint::Cidr({"10.1.2.0/23"}), "10.1.4.0").starts_with("fails"));
}

TEST_CASE("an address in another spelling is refused, also under not") {
  for (const std::string text : {"010.0.0.1",
                                 "10.1",
                                 "167772161",
                                 "0x0a000001",
                                 "10.0.0.1 ",
                                 " 10.0.0.1",
                                 "10.0.0.1/32",
                                 "10.0.0.256",
                                 "10.0.0",
                                 "10.0.0.0.1",
                                 "",
                                 "10.0.0.",
                                 "::ffff:10.0.0.1",
                                 "::ffff:a00:1",
                                 "::10.0.0.1",
                                 "::a00:1",
                                 "fe80::1%eth0",
                                 "[::1]",
                                 ":::",
                                 "1::2::3",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "1:2:3:4:5:6:7:8::",
                                 "12345::",
                                 ":1",
                                 "1:",
                                 "g::",
                                 "10.0.0.1\n",
                                 "localhost"}) {
    INFO(text);
    CHECK(Ask(Constraint::Cidr({"10.0.0.0/8", "::/0"}), text) == kNoAddress);
    CHECK(Ask(Constraint::Not(Constraint::Cidr({"10.0.0.0/8"})), text) == kNoAddress);
  }
  CHECK(AskText(Constraint::Cidr({"10.0.0.0/8"}), "167772161") == "unjudged: is a number, not an IP address");
}

TEST_CASE("a malformed block is refused with the way to write it") {
  for (const std::string text : {"10.0.0.1/8", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "10.0.0.0/-1",
                                 "/8", "::ffff:10.0.0.0/104", "2001:db8::1/64", "::/129", "10.0.0.0/8 ", "10/8"}) {
    INFO(text);
    CHECK(Invalid(Constraint::Cidr({text})).find("is no block; write the network's first address") !=
          std::string::npos);
  }
}

TEST_CASE("canonical IPv6 is the spelling of RFC 5952 only") {
  for (const char* text : {"::", "::1", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1",
                           "1::", "1:2:3:4:5:6:7:8", "2606:4700::1111", "a::b:0:0:c"}) {
    INFO(text);
    CHECK(ParseCanonicalIp(text).has_value());
  }
  for (const char* text : {"2001:DB8::1", "2001:0db8::1", "2001:db8::1:1:1:1:1", "2001:0:0:0:1::1", "0::1",
                           "1:0:0:0:0:0:0:0", "a::b:0:0:0:c"}) {
    INFO(text);
    CHECK(ParseIp(text).has_value());
    CHECK_FALSE(ParseCanonicalIp(text).has_value());
  }
}

TEST_CASE("a longer prefix never holds more than a shorter one") {
  for (const std::string address : {"10.1.2.3", "10.128.0.0", "11.0.0.0", "0.0.0.0", "255.255.255.255"}) {
    const IpAddress ip = *ParseIp(address);
    bool wider = true;
    for (unsigned prefix = 0; prefix <= 32; ++prefix) {
      const bool inside = IpBlock{*ParseIp("10.1.2.3"), prefix}.Contains(ip);
      CHECK((!inside || wider));
      wider = inside;
    }
  }
}

TEST_CASE("special ranges are special at both ends and not one address beyond") {
  for (const char* text :
       {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255",
        "126.255.255.255", "128.0.0.0", "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888"}) {
    INFO(text);
    CHECK_FALSE(IsSpecialAddress(*ParseIp(text)));
  }
  for (const char* text :
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "100.64.0.0", "100.127.255.255",
        "127.255.255.255", "224.0.0.0", "::", "::1", "fc00::", "fe80::", "1fff::", "4000::", "2001:db8:ffff::"}) {
    INFO(text);
    CHECK(IsSpecialAddress(*ParseIp(text)));
  }
}

}  // namespace intentgate::token
