#include <doctest/doctest.h>

#include <string>

#include "admin/access.h"
#include "admin/request.h"
#include "base/encoding.h"

namespace intentgate::admin {

TEST_CASE("a query is decoded once, and what is ambiguous in it is refused") {
  const auto query = ParseQuery("a=1&b=x%20y+z&c=&d&&e=%C3%A9");
  REQUIRE(query.ok());
  CHECK(query->at("b") == "x y z");
  CHECK(query->at("d").empty());
  CHECK(query->at("e") == "\xc3\xa9");
  for (const std::string bad : {"a=1&a=2", "a=%", "a=%z1", "a=%1", "a=%ff", "%61=1&a=2"}) {
    INFO(bad);
    CHECK_FALSE(ParseQuery(bad).ok());
  }
}

TEST_CASE("messages of the store stay inside") {
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kIo, ErrorCode::kCorrupt, ErrorCode::kTimeout, ErrorCode::kInternal}) {
    const Reply reply = Reply::FromError({code, "/var/lib/secret.db"});
    CHECK(reply.status >= 500);
    CHECK(json::Write(reply.body).find("secret") == std::string::npos);
  }
  CHECK(Reply::FromError({ErrorCode::kLimitExceeded, "m"}).status == 400);
}

TEST_CASE("an operator is known by the whole token alone") {
  const std::string token = "0123456789abcdef";
  const Access access({{"", crypto::Sha256(base::AsBytes(token))}, {"acme", crypto::Sha256(base::AsBytes("another-token-16"))}});
  const auto who = [&access](const std::string& value) { return access.Authenticate({{"Authorization", value}}); };
  CHECK(who("Bearer " + token)->is_superadmin());
  CHECK(who("bearer " + token)->actor() == "superadmin");
  CHECK(who("Bearer another-token-16")->actor() == "tenant:acme");
  for (const std::string& bad : {std::string(), std::string("Bearer "), "Bearer " + token + "0", "Bearer " + token.substr(1), token, "Basic " + token}) {
    CHECK_FALSE(who(bad));
  }
  CHECK_FALSE(Access({}).enabled());
  CHECK(access.HasAdmin("acme"));
  CHECK_FALSE(access.HasAdmin(""));
}

TEST_CASE("a tenant's admin gets its own tenant and no other") {
  Request request;
  request.who.tenant = "acme";
  CHECK(*TenantFor(request, "") == "acme");
  CHECK(*TenantFor(request, "acme") == "acme");
  CHECK(TenantFor(request, "beta").error().code == ErrorCode::kPermissionDenied);
  request.who.tenant.clear();
  CHECK(*TenantFor(request, "beta") == "beta");
  CHECK(TenantFor(request, "")->empty());
}

}  // namespace intentgate::admin
