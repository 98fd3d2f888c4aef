#include <doctest/doctest.h>

#include "mcp/param_headers.h"

namespace intentgate::mcp {
namespace {

json::Value Json(std::string_view text) { return *json::Parse(text); }

}  // namespace

TEST_CASE("annotated parameters are found along properties, and nowhere else") {
  const auto headers = ReadParamHeaders(Json(R"({"inputSchema":{"properties":{
      "region":{"type":"string","x-mcp-header":"Region"},
      "deep":{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}},
      "list":{"items":{"properties":{"x":{"x-mcp-header":"No"}}}},
      "bad":{"x-mcp-header":"with blank"}}}})"));
  REQUIRE(headers.size() == 2);
  CHECK(headers[0] == ParamHeader{"Region", {"region"}});
  CHECK(headers[1] == ParamHeader{"N", {"deep", "n"}});
  CHECK(ReadParamHeaders(Json("{}")).empty());
}

TEST_CASE("a repeated parameter must equal the body's, numbers by value, and is not wanted for what is not there") {
  const std::vector<ParamHeader> wanted = {{"Region", {"region"}}, {"N", {"n"}}, {"On", {"on"}}};
  const json::Value arguments = Json(R"({"region":"Zürich","n":42,"on":true})");
  const auto check = [&](http::HeaderList headers) { return CheckParamHeaders(headers, wanted, &arguments); };
  const std::string encoded = "=?base64?WsO8cmljaA==?=";
  CHECK_FALSE(check({{"Mcp-Param-Region", encoded}, {"mcp-param-n", "42.0"}, {"Mcp-Param-On", "true"}}).has_value());
  CHECK(check({{"Mcp-Param-N", "42"}, {"Mcp-Param-On", "true"}}).has_value());
  CHECK(check({{"Mcp-Param-Region", encoded}, {"Mcp-Param-N", "43"}, {"Mcp-Param-On", "true"}}).has_value());
  CHECK(check({{"Mcp-Param-Region", encoded}, {"Mcp-Param-N", "42"}, {"Mcp-Param-On", "True"}}).has_value());
  CHECK(check({{"Mcp-Param-Region", "=?base64?WsO8cmljaA?="}, {"Mcp-Param-N", "42"}, {"Mcp-Param-On", "true"}}).has_value());
  CHECK(check({{"Mcp-Param-Region", encoded}, {"Mcp-Param-Region", encoded}, {"Mcp-Param-N", "42"}, {"Mcp-Param-On", "true"}}).has_value());
  const json::Value none = Json(R"({"region":null})");
  CHECK_FALSE(CheckParamHeaders({}, wanted, &none).has_value());
  CHECK_FALSE(CheckParamHeaders({}, wanted, nullptr).has_value());
  // Who routes by the field would take the call for another one.
  for (const std::string_view without : {R"({})", R"({"region":null})", R"({"region":["eu"]})", R"({"region":{"a":"eu"}})"}) {
    const json::Value body = Json(without);
    CHECK(CheckParamHeaders({{"mcp-param-region", "eu"}}, wanted, &body).has_value());
  }
  CHECK(CheckParamHeaders({{"Mcp-Param-Region", "eu"}}, wanted, nullptr).has_value());
  CHECK_FALSE(CheckParamHeaders({{"Mcp-Param-Unknown", "eu"}}, wanted, nullptr).has_value());
}

TEST_CASE("a field has visible ASCII, and other text in base64 alone") {
  const json::Value city = Json(R"({"region":"Zürich"})");
  const std::vector<ParamHeader> wanted = {{"Region", {"region"}}};
  const auto raw = CheckParamHeaders({{"Mcp-Param-Region", "Zürich"}}, wanted, &city);
  REQUIRE(raw.has_value());
  CHECK(raw->find("=?base64?") != std::string::npos);
  CHECK_FALSE(CheckParamHeaders({{"Mcp-Param-Region", EncodeHeaderValue("Zürich")}}, wanted, &city).has_value());
  const json::Value named = Json(R"({"name":"é"})");
  const Method& call = *FindMethod("tools/call", Era::kModern);
  CHECK(CheckStandardHeaders({{"Mcp-Method", "tools/call"}, {"Mcp-Name", "é"}}, call, &named).has_value());
  CHECK_FALSE(CheckStandardHeaders({{"Mcp-Method", "tools/call"}, {"Mcp-Name", EncodeHeaderValue("é")}}, call, &named).has_value());
}

TEST_CASE("the standard fields must be there once and equal the body to the letter") {
  const Method& call = *FindMethod("tools/call", Era::kModern);
  const json::Value params = Json(R"({"name":"read_file"})");
  const auto check = [&](http::HeaderList headers) { return CheckStandardHeaders(headers, call, &params); };
  CHECK_FALSE(check({{"mcp-method", "tools/call"}, {"Mcp-Name", "read_file"}}).has_value());
  CHECK_FALSE(check({{"mcp-method", "tools/call"}, {"Mcp-Name", "=?base64?cmVhZF9maWxl?="}}).has_value());
  CHECK(check({{"Mcp-Name", "read_file"}}).has_value());
  CHECK(check({{"Mcp-Method", "Tools/Call"}, {"Mcp-Name", "read_file"}}).has_value());
  CHECK(check({{"Mcp-Method", "tools/call"}}).has_value());
  CHECK(check({{"Mcp-Method", "tools/call"}, {"Mcp-Name", "other"}}).has_value());
  CHECK(check({{"Mcp-Method", "tools/call"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "read_file"}}).has_value());
}

}  // namespace intentgate::mcp
