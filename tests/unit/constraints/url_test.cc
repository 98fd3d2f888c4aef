#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "token/constraints/url.h"
#include "unit/constraints/constraint_check.h"

namespace intentgate::token {
namespace {

const Constraint kApi =
    Constraint::Url({"https"}, {"api.example.com", "*.cdn.example.com", "8.8.8.8", "[2606:4700::1111]"});

const char* const kBadIp = "has an IP address in another than its usual spelling";
const char* const kSpecial = "has a private, loopback or otherwise special address";
const char* const kLocal = "names this machine or a private network";
const char* const kBlank = "has a blank, control or non-ASCII character";
const char* const kPort = "has a port that is no plain number from 1 to 65535";

}  // namespace

TEST_CASE("listed hosts, their schemes and ports are allowed") {
  for (const char* url :
       {"https://api.example.com", "https://api.example.com/", "https://api.example.com/v1?q=1#f",
        "https://api.example.com:443/x", "https://a.cdn.example.com/", "https://a.b.cdn.example.com/",
        "https://8.8.8.8/dns-query", "https://[2606:4700::1111]/", "https://api.example.com/@user",
        "https://api.example.com/a%20b", "https://api.example.com/..a/b..", "https://api.example.com/x?a=../b"}) {
    INFO(url);
    CHECK(Ask(kApi, url) == "holds");
  }
  CHECK(Ask(Constraint::Url({"http", "https"}, {"example.com"}, {8443, 443}), "https://example.com:8443/") == "holds");
  CHECK(Ask(Constraint::Url({"http", "https"}, {"example.com"}, {8443, 443}), "https://example.com/") == "holds");
}

TEST_CASE("a well-formed URL to elsewhere fails and says which part") {
  const std::string hosts =
      "has a host that is none of \"api.example.com\", \"*.cdn.example.com\", \"8.8.8.8\", \"[2606:4700::1111]\"";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"https://example.com/", hosts},
      {"https://evilapi.example.com/", hosts},
      {"https://cdn.example.com/", hosts},
      {"https://evilcdn.example.com/", hosts},
      {"https://api.example.com.evil.io/", hosts},
      {"https://a.cdn.example.com.evil.io/", hosts},
      {"http://api.example.com/", "has a scheme that is none of \"https\""},
      {"https://api.example.com:80/", "has a port that is not allowed"},
      {"https://api.example.com:8443/", "has a port that is not allowed"},
  };
  for (const auto& [url, why] : cases) {
    INFO(url);
    CHECK(Ask(kApi, url) == "fails: " + why);
  }
  CHECK(Ask(Constraint::Url({"https"}, {"example.com"}, {8443}), "https://example.com/") ==
        "fails: has a port that is not allowed");
}

TEST_CASE("every way to say an address that parsers read differently is refused, also under not") {
  const std::vector<std::pair<std::string, std::string>> attacks = {
      // addresses in all spellings
      {"https://127.0.0.1/", kSpecial},
      {"https://10.1.2.3/", kSpecial},
      {"https://172.31.0.1/", kSpecial},
      {"https://192.168.1.1/", kSpecial},
      {"https://169.254.169.254/latest/meta-data", kSpecial},
      {"https://100.100.100.200/", kSpecial},
      {"https://168.63.129.16/", kSpecial},
      {"https://0.0.0.0/", kSpecial},
      {"https://255.255.255.255/", kSpecial},
      {"https://224.0.0.1/", kSpecial},
      {"https://198.18.0.1/", kSpecial},
      {"https://2130706433/", kBadIp},
      {"https://0x7f000001/", kBadIp},
      {"https://0x7f.0.0.1/", kBadIp},
      {"https://0177.0.0.1/", kBadIp},
      {"https://017700000001/", kBadIp},
      {"https://127.1/", kBadIp},
      {"https://127.0.1/", kBadIp},
      {"https://0/", kBadIp},
      {"https://0x/", kBadIp},
      {"https://1.1.1.1.1/", kBadIp},
      {"https://256.256.256.256/", kBadIp},
      {"https://08.8.8.8/", kBadIp},
      {"https://example.0x1/", kBadIp},
      {"https://127.0.0.1./", "has a host with an empty label or a dot at its end"},
      {"https://[::1]/", kSpecial},
      {"https://[::]/", kSpecial},
      {"https://[fe80::1]/", kSpecial},
      {"https://[fd00:ec2::254]/", kSpecial},
      {"https://[ff02::1]/", kSpecial},
      {"https://[64:ff9b::7f00:1]/", kSpecial},
      {"https://[2002:7f00:1::]/", kSpecial},
      {"https://[2001:db8::1]/", kSpecial},
      {"https://[::ffff:127.0.0.1]/", kBadIp},
      {"https://[::ffff:7f00:1]/", kBadIp},
      {"https://[::127.0.0.1]/", kBadIp},
      {"https://[0:0:0:0:0:0:0:1]/", kBadIp},
      {"https://[2606:4700:0::1111]/", kBadIp},
      {"https://[2606:4700::111A]/", kBadIp},
      {"https://[fe80::1%25eth0]/", "has a percent sign in its host"},
      {"https://[::1", "has an open bracket in its host"},
      {"https://[2606:4700::1111]x/", "has text behind its host"},
      {"https://[8.8.8.8]/", "has IPv4 in brackets"},
      {"https://1.1.1.1/", "names an IP address that is not listed"},
      {"https://[2606:4700::1112]/", "names an IP address that is not listed"},
      // names of this machine, this network, this cloud
      {"https://localhost/", kLocal},
      {"https://a.localhost/", kLocal},
      {"https://metadata.google.internal/", kLocal},
      {"https://metadata/", kLocal},
      {"https://printer.local/", kLocal},
      {"https://kubernetes.default.svc/", kLocal},
      {"https://intranet/", kLocal},
      // who is the host?
      {"https://api.example.com@evil.io/", "has userinfo"},
      {"https://user:pw@api.example.com/", "has userinfo"},
      {"https://@api.example.com/", "has userinfo"},
      {"https://evil.io#@api.example.com/", "has no path between its host and `?` or `#`"},
      {"https://evil.io?@api.example.com/", "has no path between its host and `?` or `#`"},
      {"https://evil.io\\@api.example.com/", "has a backslash"},
      {"https:\\\\api.example.com/", "has a backslash"},
      {"https://api.example.com\\.evil.io/", "has a backslash"},
      {"https:///api.example.com/", "has no host"},
      {"https:/api.example.com/", "has no `//` behind its scheme"},
      {"https:api.example.com", "has no `//` behind its scheme"},
      {"https://", "has no host"},
      {"https://:443/", "has no host"},
      {"//api.example.com/", "has no scheme such as \"https\" in lower case"},
      {"api.example.com", "has no scheme such as \"https\" in lower case"},
      {"", "has no scheme such as \"https\" in lower case"},
      {"file:///etc/passwd", "has no scheme such as \"https\" in lower case"},
      {"gopher://api.example.com/", "has no scheme such as \"https\" in lower case"},
      {"javascript:alert(1)", "has no scheme such as \"https\" in lower case"},
      {"HTTPS://api.example.com/", "has no scheme such as \"https\" in lower case"},
      {"url:https://api.example.com/", "has no scheme such as \"https\" in lower case"},
      // spelling of the host
      {"https://API.example.com/", "has a host with a character other than a-z, 0-9, hyphen and dot"},
      {"https://api.example.com./", "has a host with an empty label or a dot at its end"},
      {"https://api..example.com/", "has a host with an empty label or a dot at its end"},
      {"https://.example.com/", "has a host with an empty label or a dot at its end"},
      {"https://api_x.example.com/", "has a host with a character other than a-z, 0-9, hyphen and dot"},
      {"https://-api.example.com/", "has a host label with a hyphen at its end"},
      {"https://xn--pi-7ka.example.com/", "has a punycode host"},
      {"https://\xd0\xb0pi.example.com/", kBlank},
      {"https://api\xe3\x80\x82" "example.com/", kBlank},
      {"https://api%2eexample.com/", "has a percent sign in its host"},
      {"https://%61pi.example.com/", "has a percent sign in its host"},
      {"https://" + std::string(64, 'a') + ".example.com/", "has a host label over 63 characters"},
      // blanks and controls
      {" https://api.example.com/", kBlank},
      {"https://api.example.com/\n", kBlank},
      {"ht\ntps://api.example.com/", kBlank},
      {"https://api.exam\tple.com/", kBlank},
      {"https://api.example.com /", kBlank},
      {std::string("https://api.example.com\0.evil.io/", 33), kBlank},
      {"https://api.example.com/%0d%0aHost:x", "has an encoded control character"},
      {"https://api.example.com/%00", "has an encoded control character"},
      {"https://api.example.com/%zz", "has a percent sign that starts no escape"},
      {"https://api.example.com/%2", "has a percent sign that starts no escape"},
      {"https://api.example.com/{x}", "has a character no URL may have"},
      // ports
      {"https://api.example.com:0/", kPort},
      {"https://api.example.com:65536/", kPort},
      {"https://api.example.com:0443/", kPort},
      {"https://api.example.com:/", kPort},
      {"https://api.example.com:443:80/", kPort},
      {"https://api.example.com:+443/", kPort},
      {"https://api.example.com:4 43/", kBlank},
      // paths that lead elsewhere than they say
      {"https://api.example.com/v1/../admin", "has a `.` or `..` segment"},
      {"https://api.example.com/v1/%2e%2e/admin", "has a `.` or `..` segment"},
      {"https://api.example.com/v1/.%2E/admin", "has a `.` or `..` segment"},
      {"https://api.example.com/v1/..%2fadmin", "has a `.` or `..` segment"},
      {"https://api.example.com/v1/%252e%252e/admin", "has a `.` or `..` segment"},
      {"https://api.example.com/v1/%25252525252e/x", "has a `.` or `..` segment"},
      {"https://api.example.com/v1/..;x/admin", "has a `.` or `..` segment"},
      {"https://api.example.com/v1/./x", "has a `.` or `..` segment"},
      {"https://api.example.com/v1/..", "has a `.` or `..` segment"},
      {"https://api.example.com/" + std::string(9000, 'a'), "is over 8192 bytes"},
  };
  const Constraint denied = Constraint::Not(Constraint::Url({"https"}, {"evil.io"}));
  for (const auto& [url, flaw] : attacks) {
    INFO(url);
    CHECK(Ask(kApi, url) == "unjudged: " + flaw);
    CHECK(Ask(denied, url) == "unjudged: " + flaw);
  }
  CHECK(Ask(denied, "https://evil.io/") ==
        "fails: does not satisfy: not (is a URL with scheme \"https\" and host \"evil.io\")");
  CHECK(Ask(denied, "https://good.io/") == "holds");
}

TEST_CASE("a constraint that lists what can never be reached is refused with the reason") {
  const auto one_host = [](std::string host) { return Invalid(Constraint::Url({"https"}, {std::move(host)})); };
  CHECK(one_host("localhost").find(kLocal) != std::string::npos);
  CHECK(one_host("*.internal").find(kLocal) != std::string::npos);
  CHECK(one_host("127.0.0.1").find(kSpecial) != std::string::npos);
  CHECK(one_host("0x8.8.8.8").find(kBadIp) != std::string::npos);
  CHECK(one_host("[2606:4700::111A]").find(kBadIp) != std::string::npos);
  CHECK(one_host("2606:4700::1111") != "valid");
  CHECK(one_host("*.8.8.8.8").find("is a wildcard over an address") != std::string::npos);
  CHECK(one_host("example.com:8443").find("has a port") != std::string::npos);
  CHECK(one_host("Example.com").find("character other than") != std::string::npos);
  CHECK(one_host("*").find("character other than") != std::string::npos);
  CHECK(one_host("a.*.example.com").find("character other than") != std::string::npos);
  CHECK(one_host("").find("is empty") != std::string::npos);
  CHECK(one_host("*.").find("is empty") != std::string::npos);
  CHECK(Invalid(Constraint::Url({}, {"example.com"})).find("at least one scheme") != std::string::npos);
  CHECK(Invalid(Constraint::Url({"https"}, {})).find("at least one host") != std::string::npos);
  CHECK(Invalid(Constraint::Url({"file"}, {"example.com"})).find("is none of http") != std::string::npos);
  CHECK(Invalid(Constraint::Url({"HTTPS"}, {"example.com"})).find("is none of http") != std::string::npos);
  CHECK(Invalid(Constraint::Url({"https"}, {"example.com"}, {0})).find("is not from 1 to 65535") != std::string::npos);
}

TEST_CASE("deep encoding costs no more than a few rounds") {
  std::string path = "https://api.example.com/";
  while (path.size() < 8000) path += "%2525";
  CHECK(Ask(kApi, path) == "holds");
  std::string long_chain = "https://api.example.com/%25";
  while (long_chain.size() < 8000) long_chain += "25";
  CHECK(Ask(kApi, long_chain) == "unjudged: has a `.` or `..` segment");
}

}  // namespace intentgate::token
