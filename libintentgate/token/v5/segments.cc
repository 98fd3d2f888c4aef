#include "token/v5/segments.h"

#include "base/encoding.h"
#include "token/v5/caveat_cbor.h"

namespace intentgate::token {
namespace {

// Map keys. Members with a default are left out when they have it and refused when written out.
enum RootKey : std::uint64_t {
  kKeyId = 1, kId, kIssuedAt, kTtl, kSubject, kTenant, kIssuer, kZone, kAudience, kNotBefore, kMaxDepth, kRootCaveats,
};
enum HopKey : std::uint64_t { kHopId = 1, kLabel, kHopCaveats, kSealed };

constexpr std::string_view kDefaultTenant = "default";
constexpr std::string_view kDefaultIssuer = "intentgate";
constexpr std::string_view kDefaultZone = "default";

Status WriteCaveats(std::uint64_t key, const std::vector<Caveat>& caveats, CborWriter& out) {
  if (caveats.empty()) return {};
  out.Unsigned(key);
  out.Array(caveats.size());
  for (const Caveat& caveat : caveats) {
    if (Status s = WriteCaveat(caveat, out); !s.ok()) return s;
  }
  return {};
}

// The keys of a map in ascending order, each at most once.
class MapWalk {
 public:
  explicit MapWalk(CborReader& in) : in_(in) { in.Map(left_); }
  // The next key, or 0 at the end and after a failure.
  std::uint64_t Next() {
    if (!in_.ok() || left_ == 0) return 0;
    --left_;
    std::uint64_t key = 0;
    if (!in_.Unsigned(key)) return 0;
    if (key <= last_) return in_.Fail("map keys that do not ascend"), 0;
    return last_ = key;
  }

 private:
  CborReader& in_;
  std::size_t left_ = 0;
  std::uint64_t last_ = 0;
};

bool ReadDefaulted(CborReader& in, std::string_view default_value, std::string& out) {
  if (!in.Text(out)) return false;
  return out == default_value ? in.Fail("a default written out") : true;
}

bool ReadRequired(CborReader& in, std::string& out) {
  return in.Text(out) && (!out.empty() || in.Fail("an empty text where one is required"));
}

bool ReadTime(CborReader& in, std::int64_t& out) {
  return in.NonNegative(out) && (out <= kMaxUnixSeconds || in.Fail("a time out of range"));
}

bool ReadOptionalNumber(CborReader& in, std::int64_t most, std::optional<std::int64_t>& out) {
  std::int64_t n = 0;
  if (!in.NonNegative(n)) return false;
  out = n;
  return n <= most || in.Fail("a number out of range");
}

bool ReadId(CborReader& in, TokenContent& content) {
  std::string_view bytes;
  if (!in.Bytes(bytes)) return false;
  if (bytes.size() != kHopIdBytes) return in.Fail("an id that is not 12 bytes");
  Hop& hop = content.hops.emplace_back();
  hop.id = base::Base64UrlEncode(base::AsBytes(bytes));
  hop.first_caveat = content.caveats.size();
  return true;
}

bool ReadCaveats(CborReader& in, TokenContent& content, bool& too_many) {
  std::size_t count = 0;
  if (!in.Array(count)) return false;
  if (count == 0) return in.Fail("an empty list of caveats");
  if (count > kMaxCaveats - content.caveats.size()) {
    too_many = true;
    return in.Fail("too many caveats");
  }
  // Room for what a typical child adds, because a Caveat is dear to move.
  if (content.caveats.empty()) content.caveats.reserve(count + 2 * (content.hops.capacity() - 1));
  content.hops.back().caveat_count = count;
  for (; count > 0; --count) {
    if (!ReadCaveat(in, content.caveats.emplace_back())) return false;
  }
  return true;
}

bool CountCaveats(CborReader& in, std::size_t& caveats) {
  std::size_t count = 0;
  if (!in.Array(count)) return false;
  caveats += count;
  for (; count > 0; --count) {
    if (!in.Skip(kMaxCaveatNesting)) return false;
  }
  return true;
}

bool ReadRootMember(CborReader& in, std::uint64_t key, TokenContent& c, std::int64_t& ttl, bool& too_many) {
  switch (key) {
    case kKeyId: return ReadRequired(in, c.key_id) && (c.key_id.size() <= kMaxKeyIdBytes || in.Fail("a key id that is too long"));
    case kId: return ReadId(in, c);
    case kIssuedAt: return ReadTime(in, c.issued_at);
    case kTtl: return in.NonNegative(ttl) && (ttl > 0 || in.Fail("a lifetime of zero"));
    case kSubject: return ReadRequired(in, c.subject);
    case kTenant: return ReadRequired(in, c.tenant) && (c.tenant != kDefaultTenant || in.Fail("a default written out"));
    case kIssuer: return ReadDefaulted(in, kDefaultIssuer, c.issuer);
    case kZone: return ReadRequired(in, c.zone) && (c.zone != kDefaultZone || in.Fail("a default written out"));
    case kAudience: return ReadRequired(in, c.audience);
    case kNotBefore: return ReadOptionalNumber(in, kMaxUnixSeconds, c.not_before);
    case kMaxDepth: return ReadOptionalNumber(in, static_cast<std::int64_t>(kMaxHops), c.max_depth);
    case kRootCaveats: return ReadCaveats(in, c, too_many);
    default: return in.Fail("a map key that the root does not have");
  }
}

bool ReadHopMember(CborReader& in, std::uint64_t key, TokenContent& content, bool& sealed, bool& too_many) {
  switch (key) {
    case kHopId: return ReadId(in, content);
    case kLabel: {
      std::string& label = content.hops.back().label;
      return ReadRequired(in, label) && (label.size() <= kMaxLabelBytes || in.Fail("a label that is too long"));
    }
    case kHopCaveats: return ReadCaveats(in, content, too_many);
    case kSealed: return in.Bool(sealed) && (sealed || in.Fail("a default written out"));
    default: return in.Fail("a map key that a hop does not have");
  }
}

}  // namespace

Status WriteRoot(const RootFields& root, const std::vector<Caveat>& caveats, std::string& out) {
  CborWriter w(out);
  const auto text = [&w](std::uint64_t key, std::string_view value, std::string_view default_value) {
    if (value == default_value) return;
    w.Unsigned(key);
    w.Text(value);
  };
  const auto number = [&w](std::uint64_t key, std::int64_t value) {
    w.Unsigned(key);
    w.Integer(value);
  };
  std::size_t members = 5;
  members += root.tenant != kDefaultTenant ? 1u : 0u;
  members += root.issuer != kDefaultIssuer ? 1u : 0u;
  members += root.zone != kDefaultZone ? 1u : 0u;
  members += root.audience.empty() ? 0u : 1u;
  members += root.not_before ? 1u : 0u;
  members += root.max_depth ? 1u : 0u;
  members += caveats.empty() ? 0u : 1u;
  w.Map(members);
  w.Unsigned(kKeyId);
  w.Text(root.key_id);
  w.Unsigned(kId);
  w.Bytes(root.id);
  number(kIssuedAt, root.issued_at);
  number(kTtl, root.ttl);
  w.Unsigned(kSubject);
  w.Text(root.subject);
  text(kTenant, root.tenant, kDefaultTenant);
  text(kIssuer, root.issuer, kDefaultIssuer);
  text(kZone, root.zone, kDefaultZone);
  text(kAudience, root.audience, "");
  if (root.not_before) number(kNotBefore, *root.not_before);
  if (root.max_depth) number(kMaxDepth, *root.max_depth);
  return WriteCaveats(kRootCaveats, caveats, w);
}

Status WriteHop(std::string_view id, std::string_view label, const std::vector<Caveat>& caveats, bool seal,
                std::string& out) {
  CborWriter w(out);
  w.Map(1u + (label.empty() ? 0u : 1u) + (caveats.empty() ? 0u : 1u) + (seal ? 1u : 0u));
  w.Unsigned(kHopId);
  w.Bytes(id);
  if (!label.empty()) {
    w.Unsigned(kLabel);
    w.Text(label);
  }
  if (Status s = WriteCaveats(kHopCaveats, caveats, w); !s.ok()) return s;
  if (seal) {
    w.Unsigned(kSealed);
    w.Bool(true);
  }
  return {};
}

bool ReadRoot(CborReader& in, TokenContent& content, std::int64_t& ttl, bool& too_many) {
  content.format = TokenFormat::kV5;
  content.tenant = kDefaultTenant;
  content.issuer = kDefaultIssuer;
  content.zone = kDefaultZone;
  MapWalk walk(in);
  std::uint64_t seen = 0;
  while (const std::uint64_t key = walk.Next()) {
    // Ids come before caveats because keys ascend, but a root without one must not reach them.
    if (key > kId && content.hops.empty()) return in.Fail("a root without its id");
    if (!ReadRootMember(in, key, content, ttl, too_many)) return false;
    seen |= std::uint64_t{1} << key;
  }
  constexpr std::uint64_t kRequired = 1u << kKeyId | 1u << kId | 1u << kIssuedAt | 1u << kTtl | 1u << kSubject;
  if (in.ok() && (seen & kRequired) != kRequired) return in.Fail("a root without key id, id, times or subject");
  if (in.ok() && !in.AtEnd()) return in.Fail("bytes behind the segment");
  return in.ok();
}

bool ReadHop(CborReader& in, TokenContent& content, bool& sealed, bool& too_many) {
  sealed = false;
  MapWalk walk(in);
  bool adds = false, has_id = false;
  while (const std::uint64_t key = walk.Next()) {
    if (key != kHopId && !has_id) return in.Fail("a hop without its id");
    has_id = true;
    adds = adds || key == kHopCaveats || key == kSealed;
    if (!ReadHopMember(in, key, content, sealed, too_many)) return false;
  }
  if (in.ok() && !adds) return in.Fail("a hop that adds nothing");
  if (in.ok() && !in.AtEnd()) return in.Fail("bytes behind the segment");
  return in.ok();
}

bool ScanRoot(CborReader& in, std::size_t& caveats, std::optional<std::int64_t>& max_depth) {
  MapWalk walk(in);
  while (const std::uint64_t key = walk.Next()) {
    const bool ok = key == kRootCaveats ? CountCaveats(in, caveats)
                    : key == kMaxDepth  ? ReadOptionalNumber(in, static_cast<std::int64_t>(kMaxHops), max_depth)
                                        : in.Skip(1);
    if (!ok) return false;
  }
  return in.ok() && (in.AtEnd() || in.Fail("bytes behind the segment"));
}

bool ScanHop(CborReader& in, std::size_t& caveats, bool& sealed) {
  MapWalk walk(in);
  while (const std::uint64_t key = walk.Next()) {
    const bool ok = key == kHopCaveats ? CountCaveats(in, caveats) : key == kSealed ? in.Bool(sealed) : in.Skip(1);
    if (!ok) return false;
  }
  return in.ok() && (in.AtEnd() || in.Fail("bytes behind the segment"));
}

}  // namespace intentgate::token
