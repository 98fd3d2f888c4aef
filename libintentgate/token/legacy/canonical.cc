// The signed forms of v3 and v4: compact JSON in a fixed member order, empty members left out.

#include <array>
#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "token/caveat_members.h"
#include "token/legacy/legacy_token.h"

namespace intentgate::token {
namespace {

void AppendMember(std::string_view name, std::string& out) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":";
}
void AppendText(std::string_view name, std::string_view text, std::string& out) {
  AppendMember(name, out);
  json::AppendTokenRuleString(text, out);
}
void AppendInteger(std::int64_t number, std::string& out) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}
void AppendNumber(std::string_view name, std::int64_t number, std::string& out) {
  AppendMember(name, out);
  AppendInteger(number, out);
}
void AppendList(const std::vector<std::string>& list, std::string& out) {
  char before = '[';
  for (const std::string& text : list) {
    out += before;
    json::AppendTokenRuleString(text, out);
    before = ',';
  }
  out += ']';
}

}  // namespace

void AppendLegacyPayload(const TokenContent& content, std::string& out) {
  out += '{';
  AppendNumber("v", static_cast<int>(content.format), out);
  AppendText("jti", content.jti, out);
  AppendText("root_jti", content.root_jti, out);
  AppendText("iss", content.issuer, out);
  AppendText("tenant", content.tenant, out);
  if (content.format == TokenFormat::kV4) AppendText("zone", content.zone, out);
  AppendText("sub", content.subject, out);
  AppendNumber("iat", content.issued_at, out);
  if (content.not_before) AppendNumber("nbf", *content.not_before, out);
  out += '}';
}

void AppendLegacyCaveat(const Caveat& caveat, std::string& out) {
  out += "{\"t\":";
  json::AppendTokenRuleString(WireName(caveat), out);
  for (const CaveatMember& member : kCaveatMembers) {
    if (member.number != nullptr) {
      if (caveat.*member.number == 0) continue;
      out += member.before_value;
      AppendInteger(caveat.*member.number, out);
    } else if (member.text != nullptr) {
      if ((caveat.*member.text).empty()) continue;
      out += member.before_value;
      json::AppendTokenRuleString(caveat.*member.text, out);
    } else if (!(caveat.*member.list).empty()) {
      out += member.before_value;
      AppendList(caveat.*member.list, out);
    }
  }
  out += '}';
}

namespace {

void AppendSig(const crypto::Digest& sig, std::string& json) {
  json += ",\"sig\":\"";
  base::Base64UrlAppend(sig, json);
  json += "\"}";
}

}  // namespace

std::string EncodeLegacy(const TokenContent& content, const crypto::Digest& sig) {
  std::string json;
  json.reserve(1024);
  AppendLegacyPayload(content, json);
  json.pop_back();
  if (!content.caveats.empty()) {
    json += ",\"cav\":";
    char before = '[';
    for (const Caveat& caveat : content.caveats) {
      json += before;
      AppendLegacyCaveat(caveat, json);
      before = ',';
    }
    json += ']';
  }
  AppendSig(sig, json);
  return base::Base64UrlEncode(base::AsBytes(json));
}

std::string ExtendLegacy(const LegacyToken& parent, const std::vector<Caveat>& caveats) {
  TokenContent content = parent.content;
  crypto::Digest sig = parent.sig;
  for (const Caveat& caveat : caveats) {
    std::string message;
    AppendLegacyCaveat(caveat, message);
    sig = crypto::HmacSha256(sig, base::AsBytes(message));
    content.caveats.push_back(caveat);
  }
  return EncodeLegacy(content, sig);
}

std::string ExtendCanonical(std::string_view text, std::string_view json, const LegacyShape& parent,
                            const std::vector<Caveat>& caveats) {
  // Three bytes are four characters, whatever follows them.
  const std::size_t groups = parent.caveats_end / 3;
  std::string tail;
  tail.reserve(256);
  tail += json.substr(groups * 3, parent.caveats_end - groups * 3);
  crypto::Digest sig = parent.sig;
  for (const Caveat& caveat : caveats) {
    tail += ',';
    const std::size_t begin = tail.size();
    AppendLegacyCaveat(caveat, tail);
    sig = crypto::HmacSha256(sig, base::AsBytes(std::string_view(tail).substr(begin)));
  }
  tail += ']';
  AppendSig(sig, tail);
  std::string child;
  child.reserve(groups * 4 + tail.size() * 4 / 3 + 1);
  child.append(text, 0, groups * 4);
  base::Base64UrlAppend(base::AsBytes(tail), child);
  return child;
}

crypto::Digest LegacyMac(const LegacyToken& token, const crypto::HmacKey& key) {
  if (token.canonical) {
    const std::string_view text = token.json;
    crypto::Digest mac = key.Mac(base::AsBytes(text.substr(0, token.payload_end)), base::AsBytes("}"));
    for (const LegacyToken::Slice& slice : token.caveats) {
      mac = crypto::HmacSha256(mac, base::AsBytes(text.substr(slice.begin, slice.end - slice.begin)));
    }
    return mac;
  }
  std::string message;
  AppendLegacyPayload(token.content, message);
  crypto::Digest mac = key.Mac(base::AsBytes(message));
  for (const Caveat& caveat : token.content.caveats) {
    message.clear();
    AppendLegacyCaveat(caveat, message);
    mac = crypto::HmacSha256(mac, base::AsBytes(message));
  }
  return mac;
}

void CompleteLegacyContent(TokenContent& content) {
  content.hops.assign(1, Hop{.id = content.root_jti, .label = {}, .first_caveat = 0, .caveat_count = content.caveats.size()});
  content.expires_at.reset();
  for (const Caveat& caveat : content.caveats) {
    if (caveat.kind != CaveatKind::kExpires) continue;
    if (!content.expires_at || caveat.expires < *content.expires_at) content.expires_at = caveat.expires;
  }
}

}  // namespace intentgate::token
