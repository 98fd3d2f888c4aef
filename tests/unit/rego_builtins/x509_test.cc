// crypto.x509.*: chains that must not verify. The certificates are this test's own (P-256, valid until 2126):
// root <- intermediate <- leaf (server, a.example and *.b.example), client (client only); and another root.
#include <doctest/doctest.h>

#include <string>

#include "unit/rego_builtins/call.h"

namespace intentgate::rego {
namespace {

constexpr std::string_view kRoot =
    "MIIBjzCCATWgAwIBAgIUfxIuynFNC4hEyFNdPUc9t7Uek8QwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyODEyMDMyMFoYDzIx"
    "MjYxMTA0MTIwMzIwWjAUMRIwEAYDVQQDDAlUZXN0IFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASznrs/sUJbZ6dmxqZXcKHor/LQMRLDo/9IDz0O"
    "/ZhGGWA7I8gxXgS9qDZuRSbB4TWbKX1Hy6JHgSRyD7Nop5Vfo2MwYTAdBgNVHQ4EFgQUiJcYxcbx1ecqp8khtJlrq7WzX0swHwYDVR0jBBgwFoAUiJcYxcbx"
    "1ecqp8khtJlrq7WzX0swDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDSAAwRQIhAM2wjbcnYurUJ/XKy1+xSBqr62OBN8Q7"
    "wwZkjeF/mVp7AiA+GlLHG5gqmAfK+jfDUUF1LvsVlywSeRaoYvgPgIEr7g==";
constexpr std::string_view kIntermediate =
    "MIIBhTCCASugAwIBAgICCFcwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyODEyMDMyMFoYDzIxMjYxMTA0MTIwMzIwWjAcMRow"
    "GAYDVQQDDBFUZXN0IEludGVybWVkaWF0ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHGlMVOQH8nU/0HQKWV+trMKFpkVoUTEd6d0t10CY9CZCbrSVU4e"
    "y7ZvdIvzqxSYkmFoJyGKBvssAnnkPSRfKxCjYzBhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBRfR38vHGGPTULyf6y6Qckl"
    "isdesTAfBgNVHSMEGDAWgBSIlxjFxvHV5yqnySG0mWurtbNfSzAKBggqhkjOPQQDAgNIADBFAiEAi8RDJnttJtuxm0OdrFPuI2pf0X1Pyhptjq4K4R6fAboC"
    "IGRm9zDNv1tjz3wHfF7m++jZzWQBfV3aHMNNLbHWhVi9";
constexpr std::string_view kLeaf =
    "MIIBuTCCAV6gAwIBAgICG0owCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJbnRlcm1lZGlhdGUwIBcNMjYxMTI4MTIwMzIwWhgPMjEyNjExMDQxMjAz"
    "MjBaMA8xDTALBgNVBAMMBGxlYWYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQgQXJhiXmNiocQ3+K+6mM4JAo7xyEyUttn251wZITFWUqNv6QA0NLLregt"
    "MrN+5smAlDdnIS9O0o6WMj3vPspVo4GaMIGXMDAGA1UdEQQpMCeCCWEuZXhhbXBsZYILKi5iLmV4YW1wbGWGDXNwaWZmZTovL3RkL3gwEwYDVR0lBAwwCgYI"
    "KwYBBQUHAwEwDgYDVR0PAQH/BAQDAgeAMB0GA1UdDgQWBBSCVagU35jCrL5oAqJmnltLxgJ5TjAfBgNVHSMEGDAWgBRfR38vHGGPTULyf6y6QcklisdesTAK"
    "BggqhkjOPQQDAgNJADBGAiEA2OxOsN6IQuUTWg4QhTdHbnZNj5+zEk6yCP+ln8ojnLcCIQCATIoBz8BOpIrhnxoJGLK1crDhXcvndIE8fc7CFkb1aw==";
constexpr std::string_view kClient =
    "MIIBizCCATKgAwIBAgICVJIwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJbnRlcm1lZGlhdGUwIBcNMjYxMTI4MTIwMzIwWhgPMjEyNjExMDQxMjAz"
    "MjBaMBExDzANBgNVBAMMBmNsaWVudDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGnRXBLk2MmB6x1OUWCPaOB0W+nWU4z1GSciXm2BpSjPltpUu9WvEWOM"
    "CtWbBXR7rM9wntQRITCRgVoUy+lHVGqjbTBrMBQGA1UdEQQNMAuCCWEuZXhhbXBsZTATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQUg6ET52lz/Kdm"
    "wmALCJ6G/orJHG8wHwYDVR0jBBgwFoAUX0d/Lxxhj01C8n+sukHJJYrHXrEwCgYIKoZIzj0EAwIDRwAwRAIgHx9ryzcHSVL0XbvBSqeUaolUPYIAqgc2rfm7"
    "KbvmIq0CIG3F+Ni6bELW3tQsJDFggY3xDv+BZwPJtjFXU8XkM5vr";
constexpr std::string_view kOtherRoot =
    "MIIBgDCCASegAwIBAgIUV5WJnsICUs/sCyDAk2ocWBSoW6swCgYIKoZIzj0EAwIwFTETMBEGA1UEAwwKT3RoZXIgUm9vdDAgFw0yNjExMjgxMjAzMjBaGA8y"
    "MTI2MTEwNDEyMDMyMFowFTETMBEGA1UEAwwKT3RoZXIgUm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCiLpjH/dRIg19qoPvQTcGdPBZ9xcmOO67kw"
    "3w5G6kDosRRa4qvHfHcgORCdJ0GIyS/B/beooaC3QhfynQU1lhGjUzBRMB0GA1UdDgQWBBT9NaJEdA7Oj3l/tIdWC+Ho07ZrCjAfBgNVHSMEGDAWgBT9NaJE"
    "dA7Oj3l/tIdWC+Ho07ZrCjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIA8wyOjWRPHtPw2X7fPIRWjsaLFwKKtTw6o8+/qJFfh8AiAW9km7"
    "0jbjk3rcgjb2oQnAJd+UhAuDAcjiKqdvoe98Jg==";
constexpr std::string_view kLeafRequest =
    "MIHJMHECAQAwDzENMAsGA1UEAwwEbGVhZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCBBcmGJeY2KhxDf4r7qYzgkCjvHITJS22fbnXBkhMVZSo2/pADQ"
    "0sut6C0ys37myYCUN2chL07SjpYyPe8+ylWgADAKBggqhkjOPQQDAgNIADBFAiBYS+osSxZPi70ffE4yXOQkmj4hAPITa5BTD+Kprp3k9gIhAM74x9HUpCc8"
    "n8XiNRUUErXxUupnEfy3PFzpA4ZDamfx";

std::string Pem(std::string_view base64) { return "-----BEGIN CERTIFICATE-----\n" + std::string(base64) + "\n-----END CERTIFICATE-----\n"; }

std::string Quoted(const std::string& text) { return json::Write(json::Value(text)); }

// 1 January 2030, inside everybody's validity.
constexpr std::string_view kTime = "\"CurrentTime\": 1893456000000000000";

bool Verifies(std::initializer_list<std::string_view> chain, const std::string& options) {
  std::string pem;
  for (const std::string_view one : chain) pem += Pem(one);
  const std::string more = options.empty() ? "" : ", " + options;
  const Outcome out = Caller().Call("crypto.x509.parse_and_verify_certificates_with_options", "[" + Quoted(pem) + ", {" + std::string(kTime) + more + "}]");
  REQUIRE(out.error == "");
  return out.text.starts_with("[true");
}

}  // namespace

TEST_CASE("a chain verifies from the first certificate to the last one") {
  CHECK(Verifies({kRoot, kIntermediate, kLeaf}, ""));
  CHECK(Verifies({kIntermediate, kLeaf}, ""));
  CHECK_FALSE(Verifies({kRoot, kLeaf}, ""));
  CHECK_FALSE(Verifies({kOtherRoot, kIntermediate, kLeaf}, ""));
  CHECK_FALSE(Verifies({kOtherRoot, kRoot, kIntermediate, kLeaf}, ""));
  CHECK_FALSE(Verifies({kLeaf}, ""));
  CHECK_FALSE(Verifies({kLeaf, kIntermediate, kRoot}, ""));
}

TEST_CASE("a certificate is good for its names, its usages and its time only") {
  CHECK(Verifies({kRoot, kIntermediate, kLeaf}, R"("DNSName": "a.example")"));
  CHECK(Verifies({kRoot, kIntermediate, kLeaf}, R"("DNSName": "x.b.example")"));
  CHECK_FALSE(Verifies({kRoot, kIntermediate, kLeaf}, R"("DNSName": "b.example")"));
  CHECK_FALSE(Verifies({kRoot, kIntermediate, kLeaf}, R"("DNSName": "x.y.b.example")"));
  CHECK_FALSE(Verifies({kRoot, kIntermediate, kClient}, ""));
  CHECK(Verifies({kRoot, kIntermediate, kClient}, R"("KeyUsages": ["KeyUsageClientAuth"])"));
  CHECK(Verifies({kRoot, kIntermediate, kClient}, R"("KeyUsages": ["KeyUsageAny"])"));
  CHECK_FALSE(Verifies({kRoot, kIntermediate, kLeaf}, R"("KeyUsages": ["KeyUsageCodeSigning"])"));
  const std::string pem = Pem(kRoot) + Pem(kIntermediate) + Pem(kLeaf);
  const Outcome early = Caller().Call("crypto.x509.parse_and_verify_certificates_with_options", "[" + Quoted(pem) + R"(, {"CurrentTime": 0}])");
  CHECK(early.text == "[false, []]");
  Caller in_2200;
  in_2200.context().now_ns = 7258118400000000000;
  CHECK(in_2200.Call("crypto.x509.parse_and_verify_certificates", "[" + Quoted(pem) + "]").text == "[false, []]");
  Caller in_2030;
  in_2030.context().now_ns = 1893456000000000000;
  CHECK(in_2030.Call("crypto.x509.parse_and_verify_certificates", "[" + Quoted(pem) + "]").text.starts_with("[true"));
}

TEST_CASE("a flipped bit ends a chain") {
  std::string broken(kLeaf);
  broken[broken.size() - 8] = broken[broken.size() - 8] == 'A' ? 'B' : 'A';
  CHECK_FALSE(Verifies({kRoot, kIntermediate, broken}, ""));
}

TEST_CASE("certificates and requests are read into Go's shape") {
  const Outcome leaf = Caller().Call("crypto.x509.parse_certificates", "[\"" + std::string(kLeaf) + "\"]");
  REQUIRE(leaf.error == "");
  CHECK(leaf.text.find(R"("CommonName": "leaf")") != std::string::npos);
  CHECK(leaf.text.find(R"("DNSNames": ["a.example", "*.b.example"])") != std::string::npos);
  CHECK(leaf.text.find(R"("URIStrings": ["spiffe://td/x"])") != std::string::npos);
  CHECK(leaf.text.find(R"("ExtKeyUsage": [1])") != std::string::npos);
  CHECK(leaf.text.find(R"("SignatureAlgorithm": 10)") != std::string::npos);
  const Outcome request = Caller().Call("crypto.x509.parse_certificate_request", "[\"" + std::string(kLeafRequest) + "\"]");
  CHECK(request.text.find(R"("CommonName": "leaf")") != std::string::npos);
}

TEST_CASE("what is no certificate says so") {
  CHECK(Caller().Call("crypto.x509.parse_certificates", R"(["foobar"])").error == "illegal base64 data at input byte 4");
  CHECK(Caller().Call("crypto.x509.parse_certificates", R"(["YmFkc3RyaW5n"])").error == "x509: malformed certificate");
  CHECK(Caller().Call("crypto.x509.parse_certificates", "[\"" + std::string(kLeaf) + "AAAA\"]").error != "");
  CHECK(Caller().Call("crypto.parse_private_keys", R"(["nope"])").text == "[]");
  CHECK(Caller().Call("crypto.x509.parse_and_verify_certificates_with_options", R"(["", {"Time": 1}])").error == "invalid key option");
}

}  // namespace intentgate::rego
