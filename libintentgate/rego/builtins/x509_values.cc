#include "rego/builtins/x509_values.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <array>
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "base/encoding.h"
#include "rego/builtins/args.h"
#include "rego/builtins/url_text.h"

namespace intentgate::rego::builtins {
namespace {

using BignumPtr = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;
using Bytes = std::vector<std::uint8_t>;

// What an i2d function writes.
template <typename Write>
Bytes Der(const Write& write) {
  unsigned char* data = nullptr;
  const int size = write(&data);
  if (size <= 0 || data == nullptr) return {};
  Bytes out(data, data + size);
  OPENSSL_free(data);
  return out;
}

std::span<const std::uint8_t> BytesOf(const ASN1_STRING* text) {
  if (text == nullptr) return {};
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

void Put(ObjectBuilder& out, std::string_view name, const Value& value) { out.Set(Value::StringRef(name), value); }

std::string AddressText(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == 4) {
    return std::to_string(bytes[0]) + "." + std::to_string(bytes[1]) + "." + std::to_string(bytes[2]) + "." + std::to_string(bytes[3]);
  }
  if (bytes.size() != 16) return base::HexEncode(bytes);
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  // The longest run of two zeros and more is left out, the first one of equals.
  std::size_t best = 8;
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t n = i;
    while (n < 8 && groups[n] == 0) ++n;
    if (n - i > best_length) best = i, best_length = n - i;
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    char text[8];
    out.append(text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%x", groups[i])));
  }
  return out;
}

}  // namespace

int ExtendedUsageNumber(int nid) {
  static constexpr std::array<int, 14> kUsages = {NID_anyExtendedKeyUsage, NID_server_auth, NID_client_auth, NID_code_sign, NID_email_protect,
                                                  NID_ipsecEndSystem, NID_ipsecTunnel, NID_ipsecUser, NID_time_stamp, NID_OCSP_sign,
                                                  NID_ms_sgc, NID_ns_sgc, NID_ms_code_com, -1};
  for (std::size_t i = 0; i < kUsages.size(); ++i) {
    if (kUsages[i] == nid && nid > 0) return static_cast<int>(i);
  }
  return -1;
}

int SignatureAlgorithmNumber(int nid, const X509_ALGOR* algorithm) {
  switch (nid) {
    case NID_md2WithRSAEncryption: return 1;
    case NID_md5WithRSAEncryption: return 2;
    case NID_sha1WithRSAEncryption: return 3;
    case NID_sha256WithRSAEncryption: return 4;
    case NID_sha384WithRSAEncryption: return 5;
    case NID_sha512WithRSAEncryption: return 6;
    case NID_dsaWithSHA1: return 7;
    case NID_dsa_with_SHA256: return 8;
    case NID_ecdsa_with_SHA1: return 9;
    case NID_ecdsa_with_SHA256: return 10;
    case NID_ecdsa_with_SHA384: return 11;
    case NID_ecdsa_with_SHA512: return 12;
    case NID_ED25519: return 16;
    case NID_rsassaPss: break;
    default: return 0;
  }
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  const void* parameter = nullptr;
  X509_ALGOR_get0(&object, &type, &parameter, algorithm);
  if (type != V_ASN1_SEQUENCE) return 0;
  const auto* sequence = static_cast<const ASN1_STRING*>(parameter);
  const unsigned char* at = ASN1_STRING_get0_data(sequence);
  const std::unique_ptr<RSA_PSS_PARAMS, decltype(&RSA_PSS_PARAMS_free)> pss(d2i_RSA_PSS_PARAMS(nullptr, &at, ASN1_STRING_length(sequence)), &RSA_PSS_PARAMS_free);
  if (!pss || pss->hashAlgorithm == nullptr) return 0;
  const ASN1_OBJECT* hash = nullptr;
  X509_ALGOR_get0(&hash, nullptr, nullptr, pss->hashAlgorithm);
  const int digest = OBJ_obj2nid(hash);
  return digest == NID_sha256 ? 13 : digest == NID_sha384 ? 14 : digest == NID_sha512 ? 15 : 0;
}

Value X509Writer::Text(std::string_view text) { return MakeString(context_, text); }
Value X509Writer::Base64(std::span<const std::uint8_t> bytes) { return bytes.empty() ? Value::Null() : Text(base::Base64Encode(bytes)); }

Value X509Writer::ListOrNull(const std::vector<Value>& items) { return items.empty() ? Value::Null() : Value::Array(context_.arena, items); }

Value X509Writer::Oid(const ASN1_OBJECT* object) {
  char text[256];
  const int size = OBJ_obj2txt(text, sizeof text, object, 1);
  std::vector<Value> parts;
  std::string_view rest(text, static_cast<std::size_t>(std::min<int>(std::max(size, 0), sizeof text - 1)));
  while (!rest.empty()) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    parts.push_back(Value::NumberCopy(context_.arena, rest.substr(0, dot)));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return ListOrNull(parts);
}

Value X509Writer::Name(const X509_NAME* name) {
  struct Member {
    int nid;
    std::string_view name;
    bool list;
    std::vector<Value> values;
  };
  std::array<Member, 9> members = {{{NID_countryName, "Country", true, {}},
                                    {NID_organizationName, "Organization", true, {}},
                                    {NID_organizationalUnitName, "OrganizationalUnit", true, {}},
                                    {NID_localityName, "Locality", true, {}},
                                    {NID_stateOrProvinceName, "Province", true, {}},
                                    {NID_streetAddress, "StreetAddress", true, {}},
                                    {NID_postalCode, "PostalCode", true, {}},
                                    {NID_serialNumber, "SerialNumber", false, {}},
                                    {NID_commonName, "CommonName", false, {}}}};
  std::vector<Value> all;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* type = X509_NAME_ENTRY_get_object(entry);
    const Bytes utf8 = Der([&](unsigned char** out) { return ASN1_STRING_to_UTF8(out, X509_NAME_ENTRY_get_data(entry)); });
    const Value text = Text(base::AsText(utf8));
    for (Member& member : members) {
      if (member.nid == OBJ_obj2nid(type)) member.values.push_back(text);
    }
    ObjectBuilder pair(context_.arena);
    Put(pair, "Type", Oid(type));
    Put(pair, "Value", text);
    all.push_back(pair.Finish());
  }
  ObjectBuilder out(context_.arena);
  for (const Member& member : members) {
    Put(out, member.name, member.list ? ListOrNull(member.values) : member.values.empty() ? Text("") : member.values.back());
  }
  Put(out, "Names", ListOrNull(all));
  Put(out, "ExtraNames", Value::Null());
  return out.Finish();
}

Value X509Writer::Time(const ASN1_TIME* time) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return Value::Null();
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
  return Text({text, size});
}

Value X509Writer::Extensions(const STACK_OF(X509_EXTENSION) * extensions) {
  std::vector<Value> out;
  for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(extensions, i);
    ObjectBuilder one(context_.arena);
    Put(one, "Id", Oid(X509_EXTENSION_get_object(extension)));
    Put(one, "Critical", Value::Bool(X509_EXTENSION_get_critical(extension) == 1));
    Put(one, "Value", Base64(BytesOf(X509_EXTENSION_get_data(extension))));
    out.push_back(one.Finish());
  }
  return ListOrNull(out);
}

// Go's url.URL. The parts that it cannot have in a certificate are left at their zero.
Value X509Writer::Uri(std::string_view text) {
  std::string_view rest = text;
  const auto cut = [&rest](char sign) {
    const std::size_t at = rest.find(sign);
    std::string_view out = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
    if (at != std::string_view::npos) rest = rest.substr(0, at);
    return out;
  };
  const std::string_view fragment = cut('#');
  const std::string_view query = cut('?');
  const std::size_t colon = rest.find(':');
  const std::string_view scheme = colon == std::string_view::npos ? std::string_view() : rest.substr(0, colon);
  if (colon != std::string_view::npos) rest.remove_prefix(colon + 1);
  const bool opaque = !scheme.empty() && !rest.starts_with('/');
  std::string_view host;
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    host = rest.substr(0, rest.find('/'));
    rest.remove_prefix(host.size());
  }
  const Result<std::string> path = UnescapeUrl(rest, false);
  ObjectBuilder out(context_.arena);
  Put(out, "Scheme", Text(scheme));
  Put(out, "Opaque", Text(opaque ? rest : std::string_view()));
  Put(out, "User", Value::Null());
  Put(out, "Host", Text(host));
  Put(out, "Path", Text(opaque || !path.ok() ? std::string_view() : std::string_view(*path)));
  Put(out, "Fragment", Text(fragment));
  Put(out, "RawQuery", Text(query));
  for (const std::string_view empty : {"RawPath", "RawFragment"}) Put(out, empty, Text(""));
  for (const std::string_view no : {"ForceQuery", "OmitHost"}) Put(out, no, Value::Bool(false));
  return out.Finish();
}

void X509Writer::PutAlternativeNames(ObjectBuilder& out, const STACK_OF(GENERAL_NAME) * names, bool with_uri_strings) {
  std::vector<Value> dns;
  std::vector<Value> mail;
  std::vector<Value> addresses;
  std::vector<Value> uris;
  std::vector<Value> uri_texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    const auto text = [&](const ASN1_STRING* s) { return base::AsText(BytesOf(s)); };
    if (name->type == GEN_DNS) dns.push_back(Text(text(name->d.dNSName)));
    if (name->type == GEN_EMAIL) mail.push_back(Text(text(name->d.rfc822Name)));
    if (name->type == GEN_IPADD) addresses.push_back(Text(AddressText(BytesOf(name->d.iPAddress))));
    if (name->type != GEN_URI) continue;
    uris.push_back(Uri(text(name->d.uniformResourceIdentifier)));
    uri_texts.push_back(Text(text(name->d.uniformResourceIdentifier)));
  }
  Put(out, "DNSNames", ListOrNull(dns));
  Put(out, "EmailAddresses", ListOrNull(mail));
  Put(out, "IPAddresses", ListOrNull(addresses));
  Put(out, "URIs", ListOrNull(uris));
  if (with_uri_strings) Put(out, "URIStrings", ListOrNull(uri_texts));
}

void X509Writer::PutUsages(ObjectBuilder& out, X509* certificate) {
  const std::uint32_t usage = X509_get_key_usage(certificate);
  std::int64_t go = 0;
  if (usage != UINT32_MAX) {
    for (int bit = 0; bit < 8; ++bit) go |= (usage >> (7 - bit) & 1) << bit;
    if ((usage & KU_DECIPHER_ONLY) != 0) go |= 256;
  }
  Put(out, "KeyUsage", Value::Int(go));
  std::vector<Value> known;
  std::vector<Value> unknown;
  const std::unique_ptr<EXTENDED_KEY_USAGE, decltype(&EXTENDED_KEY_USAGE_free)> extended(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)), &EXTENDED_KEY_USAGE_free);
  for (int i = 0; i < sk_ASN1_OBJECT_num(extended.get()); ++i) {
    const ASN1_OBJECT* object = sk_ASN1_OBJECT_value(extended.get(), i);
    const int number = ExtendedUsageNumber(OBJ_obj2nid(object));
    if (number >= 0) {
      known.push_back(Value::Int(number));
    } else {
      unknown.push_back(Oid(object));
    }
  }
  Put(out, "ExtKeyUsage", ListOrNull(known));
  Put(out, "UnknownExtKeyUsage", ListOrNull(unknown));
  const std::unique_ptr<BASIC_CONSTRAINTS, decltype(&BASIC_CONSTRAINTS_free)> basic(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_basic_constraints, nullptr, nullptr)), &BASIC_CONSTRAINTS_free);
  const bool has_length = basic && basic->pathlen != nullptr;
  const std::int64_t length = has_length ? ASN1_INTEGER_get(basic->pathlen) : (basic ? -1 : 0);
  Put(out, "BasicConstraintsValid", Value::Bool(basic != nullptr));
  Put(out, "IsCA", Value::Bool(basic && basic->ca != 0));
  Put(out, "MaxPathLen", Value::Int(length));
  Put(out, "MaxPathLenZero", Value::Bool(has_length && length == 0));
}

void X509Writer::PutConstraints(ObjectBuilder& out, X509* certificate) {
  int critical = 0;
  const std::unique_ptr<NAME_CONSTRAINTS, decltype(&NAME_CONSTRAINTS_free)> constraints(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_name_constraints, &critical, nullptr)), &NAME_CONSTRAINTS_free);
  Put(out, "PermittedDNSDomainsCritical", Value::Bool(constraints && critical == 1));
  for (const bool permitted : {true, false}) {
    const STACK_OF(GENERAL_SUBTREE)* trees = !constraints ? nullptr : permitted ? constraints->permittedSubtrees : constraints->excludedSubtrees;
    std::vector<Value> dns;
    std::vector<Value> ranges;
    std::vector<Value> mail;
    std::vector<Value> uris;
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); ++i) {
      const GENERAL_NAME* base_name = sk_GENERAL_SUBTREE_value(trees, i)->base;
      if (base_name->type == GEN_DNS) dns.push_back(Text(base::AsText(BytesOf(base_name->d.dNSName))));
      if (base_name->type == GEN_EMAIL) mail.push_back(Text(base::AsText(BytesOf(base_name->d.rfc822Name))));
      if (base_name->type == GEN_URI) uris.push_back(Text(base::AsText(BytesOf(base_name->d.uniformResourceIdentifier))));
      if (base_name->type != GEN_IPADD) continue;
      const auto bytes = BytesOf(base_name->d.iPAddress);
      ObjectBuilder range(context_.arena);
      Put(range, "IP", Text(AddressText(bytes.first(bytes.size() / 2))));
      Put(range, "Mask", Base64(bytes.subspan(bytes.size() / 2)));
      ranges.push_back(range.Finish());
    }
    const std::string prefix = permitted ? "Permitted" : "Excluded";
    const auto put = [&](const char* name, const std::vector<Value>& list) { out.Set(Text(prefix + name), ListOrNull(list)); };
    put("DNSDomains", dns);
    put("IPRanges", ranges);
    put("EmailAddresses", mail);
    put("URIDomains", uris);
  }
}

void X509Writer::PutAccess(ObjectBuilder& out, X509* certificate) {
  const std::unique_ptr<AUTHORITY_INFO_ACCESS, decltype(&AUTHORITY_INFO_ACCESS_free)> access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)), &AUTHORITY_INFO_ACCESS_free);
  std::vector<Value> ocsp;
  std::vector<Value> issuers;
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* one = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (one->location->type != GEN_URI) continue;
    const Value uri = Text(base::AsText(BytesOf(one->location->d.uniformResourceIdentifier)));
    if (OBJ_obj2nid(one->method) == NID_ad_OCSP) ocsp.push_back(uri);
    if (OBJ_obj2nid(one->method) == NID_ad_ca_issuers) issuers.push_back(uri);
  }
  Put(out, "OCSPServer", ListOrNull(ocsp));
  Put(out, "IssuingCertificateURL", ListOrNull(issuers));
  const std::unique_ptr<CRL_DIST_POINTS, decltype(&CRL_DIST_POINTS_free)> points(
      static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr)), &CRL_DIST_POINTS_free);
  std::vector<Value> lists;
  for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT* point = sk_DIST_POINT_value(points.get(), i);
    if (point->distpoint == nullptr || point->distpoint->type != 0) continue;
    for (int k = 0; k < sk_GENERAL_NAME_num(point->distpoint->name.fullname); ++k) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, k);
      if (name->type == GEN_URI) lists.push_back(Text(base::AsText(BytesOf(name->d.uniformResourceIdentifier))));
    }
  }
  Put(out, "CRLDistributionPoints", ListOrNull(lists));
}

void X509Writer::PutPolicies(ObjectBuilder& out, X509* certificate) {
  const std::unique_ptr<CERTIFICATEPOLICIES, decltype(&CERTIFICATEPOLICIES_free)> policies(
      static_cast<CERTIFICATEPOLICIES*>(X509_get_ext_d2i(certificate, NID_certificate_policies, nullptr, nullptr)), &CERTIFICATEPOLICIES_free);
  std::vector<Value> identifiers;
  std::vector<Value> texts;
  for (int i = 0; i < sk_POLICYINFO_num(policies.get()); ++i) {
    const ASN1_OBJECT* policy = sk_POLICYINFO_value(policies.get(), i)->policyid;
    identifiers.push_back(Oid(policy));
    char text[256];
    if (OBJ_obj2txt(text, sizeof text, policy, 1) > 0) texts.push_back(Text(text));
  }
  Put(out, "PolicyIdentifiers", ListOrNull(identifiers));
  Put(out, "Policies", ListOrNull(texts));
  for (const std::string_view name : {"InhibitAnyPolicy", "InhibitPolicyMapping", "RequireExplicitPolicy"}) {
    Put(out, name, Value::Int(0));
    out.Set(Text(std::string(name) + "Zero"), Value::Bool(false));
  }
  Put(out, "PolicyMappings", Value::Null());
}

Value X509Writer::Number(EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return Value::Null();
  const BignumPtr number(raw, &BN_clear_free);
  char* text = BN_bn2dec(number.get());
  if (text == nullptr) return Value::Null();
  const Value out = Value::NumberCopy(context_.arena, text);
  OPENSSL_free(text);
  return out;
}

Value X509Writer::PublicKey(EVP_PKEY* key) {
  if (key == nullptr) return Value::Null();
  ObjectBuilder out(context_.arena);
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      Put(out, "N", Number(key, OSSL_PKEY_PARAM_RSA_N));
      Put(out, "E", Number(key, OSSL_PKEY_PARAM_RSA_E));
      return out.Finish();
    case EVP_PKEY_EC:
      Put(out, "Curve", Value::EmptyObject());
      Put(out, "X", Number(key, OSSL_PKEY_PARAM_EC_PUB_X));
      Put(out, "Y", Number(key, OSSL_PKEY_PARAM_EC_PUB_Y));
      return out.Finish();
    case EVP_PKEY_ED25519: {
      Bytes raw(32);
      std::size_t size = raw.size();
      return EVP_PKEY_get_raw_public_key(key, raw.data(), &size) == 1 ? Base64(raw) : Value::Null();
    }
    default: return Value::Null();
  }
}

Value X509Writer::PrivateKey(EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_ED25519) {
    Bytes raw(64);
    std::size_t seed = 32;
    std::size_t half = 32;
    const bool read = EVP_PKEY_get_raw_private_key(key, raw.data(), &seed) == 1 && EVP_PKEY_get_raw_public_key(key, raw.data() + 32, &half) == 1;
    return read ? Base64(raw) : Value::Null();
  }
  const Value half = PublicKey(key);
  if (!half.is_object()) return Value::Null();
  ObjectBuilder out(context_.arena);
  for (const Entry& entry : half.entries()) out.Set(entry.key, entry.value);
  if (type == EVP_PKEY_EC) {
    Put(out, "D", Number(key, OSSL_PKEY_PARAM_PRIV_KEY));
    return out.Finish();
  }
  Put(out, "D", Number(key, OSSL_PKEY_PARAM_RSA_D));
  const Value primes[] = {Number(key, OSSL_PKEY_PARAM_RSA_FACTOR1), Number(key, OSSL_PKEY_PARAM_RSA_FACTOR2)};
  Put(out, "Primes", Value::Array(context_.arena, primes));
  ObjectBuilder precomputed(context_.arena);
  Put(precomputed, "Dp", Number(key, OSSL_PKEY_PARAM_RSA_EXPONENT1));
  Put(precomputed, "Dq", Number(key, OSSL_PKEY_PARAM_RSA_EXPONENT2));
  Put(precomputed, "Qinv", Number(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1));
  Put(precomputed, "CRTValues", Value::EmptyArray());
  Put(out, "Precomputed", precomputed.Finish());
  return out.Finish();
}

Value X509Writer::NumberBase64Url(EVP_PKEY* key, const char* name, std::size_t width) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return Value::Null();
  const BignumPtr number(raw, &BN_clear_free);
  Bytes bytes(std::max(width, static_cast<std::size_t>(BN_num_bytes(number.get()))));
  BN_bn2binpad(number.get(), bytes.data(), static_cast<int>(bytes.size()));
  return Text(base::Base64UrlEncode(bytes));
}

Value X509Writer::Jwk(EVP_PKEY* key) {
  ObjectBuilder out(context_.arena);
  const auto put = [&](std::string_view name, const char* parameter, std::size_t width) { Put(out, name, NumberBase64Url(key, parameter, width)); };
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      Put(out, "kty", Text("RSA"));
      put("n", OSSL_PKEY_PARAM_RSA_N, 0);
      put("e", OSSL_PKEY_PARAM_RSA_E, 0);
      put("d", OSSL_PKEY_PARAM_RSA_D, 0);
      put("p", OSSL_PKEY_PARAM_RSA_FACTOR1, 0);
      put("q", OSSL_PKEY_PARAM_RSA_FACTOR2, 0);
      put("dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, 0);
      put("dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, 0);
      put("qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0);
      return out.Finish();
    case EVP_PKEY_EC: {
      const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key));
      Put(out, "kty", Text("EC"));
      Put(out, "crv", Text("P-" + std::to_string(bits)));
      put("x", OSSL_PKEY_PARAM_EC_PUB_X, (bits + 7) / 8);
      put("y", OSSL_PKEY_PARAM_EC_PUB_Y, (bits + 7) / 8);
      put("d", OSSL_PKEY_PARAM_PRIV_KEY, (bits + 7) / 8);
      return out.Finish();
    }
    case EVP_PKEY_ED25519: {
      Bytes seed(32);
      Bytes half(32);
      std::size_t size = 32;
      if (EVP_PKEY_get_raw_private_key(key, seed.data(), &size) != 1 || EVP_PKEY_get_raw_public_key(key, half.data(), &size) != 1) return {};
      Put(out, "kty", Text("OKP"));
      Put(out, "crv", Text("Ed25519"));
      Put(out, "x", Text(base::Base64UrlEncode(half)));
      Put(out, "d", Text(base::Base64UrlEncode(seed)));
      return out.Finish();
    }
    default: return {};
  }
}

namespace {

int KeyAlgorithm(EVP_PKEY* key) {
  switch (key == nullptr ? 0 : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return 1;
    case EVP_PKEY_DSA: return 2;
    case EVP_PKEY_EC: return 3;
    case EVP_PKEY_ED25519: return 4;
    default: return 0;
  }
}

std::string Decimal(const ASN1_INTEGER* integer) {
  const BignumPtr number(ASN1_INTEGER_to_BN(integer, nullptr), &BN_clear_free);
  char* text = number ? BN_bn2dec(number.get()) : nullptr;
  std::string out = text == nullptr ? "0" : text;
  OPENSSL_free(text);
  return out;
}

// Critical extensions that neither Go nor this code reads.
bool IsKnownExtension(int nid) {
  static constexpr std::array<int, 12> kKnown = {NID_subject_key_identifier, NID_key_usage, NID_subject_alt_name, NID_basic_constraints,
                                                 NID_name_constraints, NID_crl_distribution_points, NID_certificate_policies, NID_policy_mappings,
                                                 NID_authority_key_identifier, NID_policy_constraints, NID_ext_key_usage, NID_inhibit_any_policy};
  return std::find(kKnown.begin(), kKnown.end(), nid) != kKnown.end();
}

}  // namespace

Value X509Writer::Certificate(X509* certificate, bool with_uri_strings) {
  context_.Charge(500);
  ObjectBuilder out(context_.arena);
  Put(out, "Raw", Base64(Der([&](unsigned char** data) { return i2d_X509(certificate, data); })));
  Put(out, "RawTBSCertificate", Base64(Der([&](unsigned char** data) { return i2d_re_X509_tbs(certificate, data); })));
  Put(out, "RawSubjectPublicKeyInfo", Base64(Der([&](unsigned char** data) { return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), data); })));
  Put(out, "RawSubject", Base64(Der([&](unsigned char** data) { return i2d_X509_NAME(X509_get_subject_name(certificate), data); })));
  Put(out, "RawIssuer", Base64(Der([&](unsigned char** data) { return i2d_X509_NAME(X509_get_issuer_name(certificate), data); })));
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(&signature, &algorithm, certificate);
  Put(out, "Signature", Base64(BytesOf(signature)));
  Put(out, "SignatureAlgorithm", Value::Int(SignatureAlgorithmNumber(X509_get_signature_nid(certificate), algorithm)));
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  Put(out, "PublicKeyAlgorithm", Value::Int(KeyAlgorithm(key)));
  Put(out, "PublicKey", PublicKey(key));
  Put(out, "Version", Value::Int(X509_get_version(certificate) + 1));
  Put(out, "SerialNumber", Value::NumberCopy(context_.arena, Decimal(X509_get0_serialNumber(certificate))));
  Put(out, "Issuer", Name(X509_get_issuer_name(certificate)));
  Put(out, "Subject", Name(X509_get_subject_name(certificate)));
  Put(out, "NotBefore", Time(X509_get0_notBefore(certificate)));
  Put(out, "NotAfter", Time(X509_get0_notAfter(certificate)));
  PutUsages(out, certificate);
  const STACK_OF(X509_EXTENSION)* extensions = X509_get0_extensions(certificate);
  Put(out, "Extensions", Extensions(extensions));
  Put(out, "ExtraExtensions", Value::Null());
  std::vector<Value> unhandled;
  for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(extensions, i);
    const ASN1_OBJECT* object = X509_EXTENSION_get_object(extension);
    if (X509_EXTENSION_get_critical(extension) == 1 && !IsKnownExtension(OBJ_obj2nid(object))) unhandled.push_back(Oid(object));
  }
  Put(out, "UnhandledCriticalExtensions", ListOrNull(unhandled));
  Put(out, "SubjectKeyId", Base64(BytesOf(X509_get0_subject_key_id(certificate))));
  Put(out, "AuthorityKeyId", Base64(BytesOf(X509_get0_authority_key_id(certificate))));
  PutAccess(out, certificate);
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)), &GENERAL_NAMES_free);
  PutAlternativeNames(out, names.get(), with_uri_strings);
  PutConstraints(out, certificate);
  PutPolicies(out, certificate);
  return out.Finish();
}

// Of the attributes Go shows those that are lists of types and values: the wanted extensions.
Value X509Writer::RequestAttributes(const STACK_OF(X509_EXTENSION) * extensions) {
  std::vector<Value> wanted;
  for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(extensions, i);
    ObjectBuilder one(context_.arena);
    Put(one, "Type", Oid(X509_EXTENSION_get_object(extension)));
    Put(one, "Value", Base64(BytesOf(X509_EXTENSION_get_data(extension))));
    wanted.push_back(one.Finish());
  }
  if (wanted.empty()) return Value::Null();
  const Value list = Value::Array(context_.arena, wanted);
  ObjectBuilder attribute(context_.arena);
  Put(attribute, "Type", Oid(OBJ_nid2obj(NID_ext_req)));
  Put(attribute, "Value", Value::Array(context_.arena, {&list, 1}));
  const Value all = attribute.Finish();
  return Value::Array(context_.arena, {&all, 1});
}

Value X509Writer::Request(X509_REQ* request) {
  context_.Charge(500);
  ObjectBuilder out(context_.arena);
  Put(out, "Raw", Base64(Der([&](unsigned char** data) { return i2d_X509_REQ(request, data); })));
  Put(out, "RawTBSCertificateRequest", Base64(Der([&](unsigned char** data) { return i2d_re_X509_REQ_tbs(request, data); })));
  Put(out, "RawSubjectPublicKeyInfo", Base64(Der([&](unsigned char** data) { return i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), data); })));
  Put(out, "RawSubject", Base64(Der([&](unsigned char** data) { return i2d_X509_NAME(X509_REQ_get_subject_name(request), data); })));
  Put(out, "Version", Value::Int(X509_REQ_get_version(request)));
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_REQ_get0_signature(request, &signature, &algorithm);
  Put(out, "Signature", Base64(BytesOf(signature)));
  Put(out, "SignatureAlgorithm", Value::Int(SignatureAlgorithmNumber(X509_REQ_get_signature_nid(request), algorithm)));
  EVP_PKEY* key = X509_REQ_get0_pubkey(request);
  Put(out, "PublicKeyAlgorithm", Value::Int(KeyAlgorithm(key)));
  Put(out, "PublicKey", PublicKey(key));
  Put(out, "Subject", Name(X509_REQ_get_subject_name(request)));
  const auto free_all = [](STACK_OF(X509_EXTENSION) * list) { sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free); };
  const std::unique_ptr<STACK_OF(X509_EXTENSION), decltype(free_all)> extensions(X509_REQ_get_extensions(request), free_all);
  Put(out, "Extensions", Extensions(extensions.get()));
  Put(out, "ExtraExtensions", Value::Null());
  Put(out, "Attributes", RequestAttributes(extensions.get()));
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)), &GENERAL_NAMES_free);
  PutAlternativeNames(out, names.get(), false);
  return out.Finish();
}

}  // namespace intentgate::rego::builtins
