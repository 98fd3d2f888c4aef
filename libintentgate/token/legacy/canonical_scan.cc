// One pass over a canonical v3 or v4 token with caveats, which keeps nothing of it: what stands between the values
// is compared as the fixed text that it is.
// Tested by tests/unit/token/public_vectors_test.cc and tests/fuzz/token_decode_fuzz.cc.

#include "base/encoding.h"
#include "token/legacy/legacy_token.h"
#include "token/plain_caveat.h"

namespace intentgate::token {
namespace {

constexpr std::size_t kSigChars = 43;

bool Filled(PlainJson& in) {
  std::string_view text;
  return in.String(text) && !text.empty();
}

bool ReadPayload(PlainJson& in, LegacyShape& out) {
  out.format = in.Eat("{\"v\":4,") ? TokenFormat::kV4 : TokenFormat::kV3;
  if (out.format == TokenFormat::kV3 && !in.Eat("{\"v\":3,")) return false;
  std::string_view issuer;
  std::int64_t issued_at = 0, not_before = 0;
  return in.Eat("\"jti\":") && Filled(in) && in.Eat(",\"root_jti\":") && Filled(in) && in.Eat(",\"iss\":") && in.String(issuer) &&
         in.Eat(",\"tenant\":") && Filled(in) && (out.format == TokenFormat::kV3 || (in.Eat(",\"zone\":") && Filled(in))) &&
         in.Eat(",\"sub\":") && Filled(in) && in.Eat(",\"iat\":") && in.Integer(issued_at) && issued_at != 0 &&
         (!in.Eat(",\"nbf\":") || in.OmittedWhenZero(not_before));
}

bool Names(PlainJson& in) {
  std::string_view name;
  do {
    if (!in.String(name)) return false;
  } while (in.Eat(','));
  return in.Eat(']');
}

// The caveats that most tokens have, as both formats spell them: text that is expected needs no search for its end.
bool UsualCaveat(PlainJson& in) {
  if (in.Eat("{\"t\":\"tool_allow\",\"tools\":[") || in.Eat("{\"t\":\"tool_deny\",\"tools\":[")) return Names(in) && in.Eat('}');
  if (in.Eat("{\"t\":\"agent_lock\",\"agent\":")) return Filled(in) && in.Eat('}');
  std::int64_t number = 0;
  return (in.Eat("{\"t\":\"exp\",\"exp\":") || in.Eat("{\"t\":\"max_calls\",\"max_calls\":")) && in.Integer(number) && number != 0 &&
         in.Eat('}');
}

bool Caveat(PlainJson& in, TokenFormat format) {
  const PlainJson begin = in;
  if (UsualCaveat(in)) return true;
  in = begin;
  return ReadPlainCaveat(in, static_cast<int>(format), nullptr);
}

bool ReadCaveats(PlainJson& in, LegacyShape& out) {
  if (!in.Eat(",\"cav\":[")) return false;
  do {
    if (out.caveats == kMaxCaveats || !Caveat(in, out.format)) return false;
    ++out.caveats;
    out.caveats_end = in.Offset();
  } while (in.Eat(','));
  return true;
}

}  // namespace

bool ScanCanonical(std::string_view json, LegacyShape& out) {
  PlainJson in(json);
  std::string_view sig;
  return ReadPayload(in, out) && ReadCaveats(in, out) && in.Eat("],\"sig\":") && in.String(sig) && in.Eat('}') && in.AtEnd() &&
         in.canonical() && sig.size() == kSigChars && base::Base64UrlDecodeInto(sig, out.sig.data());
}

}  // namespace intentgate::token
