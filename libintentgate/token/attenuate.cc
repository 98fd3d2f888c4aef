#include <intentgate/token.h>

#include <array>

#include "base/encoding.h"
#include "base/utf8.h"
#include "token/legacy/legacy_token.h"
#include "token/refusals.h"
#include "token/request_checks.h"
#include "token/v5/segments.h"
#include "token/v5/v5_token.h"

namespace intentgate {
namespace {

using token::InvalidRequest;

constexpr std::size_t kUsualHopBytes = 192;

// What a v3 or v4 token can carry besides its `present` caveats.
Status CheckLegacyRequest(TokenFormat format, std::size_t present, const std::vector<Caveat>& caveats,
                          const AttenuateOptions& options) {
  if (options.seal) return InvalidRequest("sealing needs a v5 token");
  if (!options.label.empty()) return InvalidRequest("a label needs a v5 token");
  if (Status s = token::CheckCaveatsFit(caveats, format); !s.ok()) return s;
  return token::CheckCaveatCount(present + caveats.size());
}

Result<std::string> Limited(std::string child) {
  if (child.size() <= kMaxTokenBytes) return child;
  return Error{ErrorCode::kLimitExceeded, "the token would have " + std::to_string(child.size()) +
                                              " characters, over the limit of " + std::to_string(kMaxTokenBytes)};
}

Result<std::string> AttenuateLegacy(std::string_view text, const std::vector<Caveat>& caveats,
                                    const AttenuateOptions& options) {
  // Every byte that is read of it has been decoded into it.
  std::array<std::uint8_t, kMaxTokenBytes * 3 / 4> decoded;
  const std::string_view json = base::AsText(std::span(decoded).first(text.size() * 3 / 4));
  token::LegacyShape shape;
  if (base::Base64UrlDecodeInto(text, decoded.data()) && token::ScanCanonical(json, shape)) {
    if (Status s = CheckLegacyRequest(shape.format, shape.caveats, caveats, options); !s.ok()) return s.error();
    return Limited(token::ExtendCanonical(text, json, shape, caveats));
  }
  token::LegacyToken parent;
  if (auto refusal = token::ReadLegacy(text, parent)) return token::ToError(*std::move(refusal));
  const TokenContent& content = parent.content;
  if (Status s = CheckLegacyRequest(content.format, content.caveats.size(), caveats, options); !s.ok()) return s.error();
  return Limited(token::ExtendLegacy(parent, caveats));
}

// Whether one more hop may follow.
Status CheckExtensible(const token::V5Shape& parent) {
  if (parent.sealed) return InvalidRequest("the token is sealed; nothing can be added to it");
  if (parent.hops >= kMaxHops || (parent.max_depth && static_cast<std::int64_t>(parent.hops) >= *parent.max_depth)) {
    return Error{ErrorCode::kLimitExceeded, "the token has been passed on " + std::to_string(parent.hops) +
                                                " times, which is its limit"};
  }
  return {};
}

Result<std::string> AttenuateV5(std::string_view text, const std::vector<Caveat>& caveats,
                                const AttenuateOptions& options, Random& random) {
  if (Status s = token::CheckCaveatsFit(caveats, TokenFormat::kV5); !s.ok()) return s.error();
  if (options.label.size() > token::kMaxLabelBytes || !base::IsValidUtf8(options.label)) {
    return InvalidRequest("the label must be UTF-8 of at most " + std::to_string(token::kMaxLabelBytes) + " bytes");
  }
  token::V5Token parent;
  token::V5Shape shape;
  if (auto refusal = token::ScanV5(text, parent, shape)) return token::ToError(*std::move(refusal));
  if (Status s = CheckExtensible(shape); !s.ok()) return s.error();
  if (Status s = token::CheckCaveatCount(shape.caveats + caveats.size()); !s.ok()) return s.error();
  std::array<std::uint8_t, token::kHopIdBytes> id{};
  if (Status s = random.Fill(id); !s.ok()) return s.error();
  std::string segment;
  segment.reserve(kUsualHopBytes);
  if (Status s = token::WriteHop(base::AsText(id), options.label, caveats, options.seal, segment); !s.ok()) {
    return s.error();
  }
  crypto::Digest tag = token::V5HopTag(parent.tag, segment);
  if (options.seal) tag = token::V5SealTag(tag);
  return token::FrameV5(shape.parts, segment, tag);
}

}  // namespace

Result<std::string> Attenuate(std::string_view text, const std::vector<Caveat>& caveats,
                              const AttenuateOptions& options, const Clock& clock, Random& random) {
  if (text.size() > kMaxTokenBytes) return Error{ErrorCode::kLimitExceeded, "the token is over its size limit"};
  const std::vector<Caveat>* added = &caveats;
  std::vector<Caveat> with_expiry;
  if (options.expires_in_seconds) {
    const Result<std::int64_t> expires = token::ExpiryFrom(clock.UnixSeconds(), *options.expires_in_seconds);
    if (!expires.ok()) return expires.error();
    with_expiry = caveats;
    with_expiry.push_back(Caveat::Expires(*expires));
    added = &with_expiry;
  }
  if (added->empty() && !options.seal) return InvalidRequest("nothing to add: give a caveat, an expiry or a seal");
  return text.starts_with(token::kV5Prefix) ? AttenuateV5(text, *added, options, random)
                                            : AttenuateLegacy(text, *added, options);
}

}  // namespace intentgate
