// The JSON form of constraints: an object with one member, named after the kind.
//
// FromJson checks the shape and the nesting, so that reading is safe; what the texts mean is
// CompileConstraint's business. Numbers where texts are written (range, length) are taken as their
// exact text, because people write {"min": 1}.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/caveat.h>

namespace intentgate {
namespace {

constexpr std::array<ConstraintKind, 15> kAllKinds = {
    ConstraintKind::kEquals, ConstraintKind::kOneOf,  ConstraintKind::kPrefix, ConstraintKind::kGlob,
    ConstraintKind::kRegex,  ConstraintKind::kRange,  ConstraintKind::kLength, ConstraintKind::kSubpath,
    ConstraintKind::kUrl,    ConstraintKind::kCidr,   ConstraintKind::kContains, ConstraintKind::kSubset,
    ConstraintKind::kNot,    ConstraintKind::kAll,    ConstraintKind::kAny};

json::Value TextArray(const std::vector<std::string>& texts) {
  json::Array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::Value FirstOrNull(const std::vector<std::string>& texts) {
  return texts.empty() ? json::Value() : json::Value(texts.front());
}

json::Value BoundsToJson(const Constraint& c) {
  json::Object out;
  if (c.min) out.push_back({"min", *c.min});
  if (c.max) out.push_back({"max", *c.max});
  return out;
}

json::Value UrlToJson(const Constraint& c) {
  json::Object out;
  out.push_back({"schemes", TextArray(c.schemes)});
  out.push_back({"hosts", TextArray(c.hosts)});
  if (!c.ports.empty()) {
    json::Array ports;
    for (const std::int64_t port : c.ports) ports.emplace_back(port);
    out.push_back({"ports", std::move(ports)});
  }
  return out;
}

json::Value InnerToJson(const Constraint& c) {
  json::Array out;
  for (const Constraint& inner : c.inner) out.push_back(inner.ToJson());
  return out;
}

json::Value BodyToJson(const Constraint& c) {
  switch (c.kind) {
    case ConstraintKind::kEquals: return c.values.empty() ? json::Value() : c.values.front();
    case ConstraintKind::kOneOf:
    case ConstraintKind::kContains:
    case ConstraintKind::kSubset: return json::Array(c.values);
    case ConstraintKind::kPrefix:
    case ConstraintKind::kGlob:
    case ConstraintKind::kRegex:
    case ConstraintKind::kSubpath: return FirstOrNull(c.texts);
    case ConstraintKind::kRange:
    case ConstraintKind::kLength: return BoundsToJson(c);
    case ConstraintKind::kUrl: return UrlToJson(c);
    case ConstraintKind::kCidr: return TextArray(c.texts);
    case ConstraintKind::kNot: return c.inner.empty() ? json::Value() : c.inner.front().ToJson();
    case ConstraintKind::kAll:
    case ConstraintKind::kAny: return InnerToJson(c);
  }
  return {};
}

// Reads with the place in its errors: `all[1].range.min must be a number or its text`.
class Reader {
 public:
  Result<Constraint> Read(const json::Value& value, const std::string& at, std::size_t depth) {
    if (depth > kMaxConstraintDepth) return TooMany(at, "nested over " + std::to_string(kMaxConstraintDepth) + " deep");
    if (++nodes_ > kMaxConstraintNodes) {
      return TooMany(at, "over " + std::to_string(kMaxConstraintNodes) + " constraints in one");
    }
    if (!value.is_object() || value.object().size() != 1) {
      return Bad(at, "must be an object with one member, such as {\"subpath\": \"/data\"}");
    }
    const json::Member& member = value.object().front();
    for (const ConstraintKind kind : kAllKinds) {
      if (member.name != ConstraintKindName(kind)) continue;
      Constraint c;
      c.kind = kind;
      Status body = ReadBody(member.value, (at.empty() ? "" : at + ".") + member.name, depth, c);
      if (!body.ok()) return body.error();
      return c;
    }
    return Bad(at, "has an unknown kind; known are equals, one_of, prefix, glob, regex, range, length, subpath, url, "
                   "cidr, contains, subset, not, all, any");
  }

 private:
  static Error Bad(const std::string& at, std::string_view what) {
    return {ErrorCode::kMalformed, "constraint" + (at.empty() ? "" : " at " + at) + " " + std::string(what)};
  }
  static Error TooMany(const std::string& at, std::string_view what) {
    return {ErrorCode::kLimitExceeded, "constraint" + (at.empty() ? "" : " at " + at) + ": " + std::string(what)};
  }

  Status ReadBody(const json::Value& body, const std::string& at, std::size_t depth, Constraint& c) {
    switch (c.kind) {
      case ConstraintKind::kEquals: c.values.push_back(body); return {};
      case ConstraintKind::kOneOf:
      case ConstraintKind::kContains:
      case ConstraintKind::kSubset:
        if (!body.is_array()) return Bad(at, "must be a list of values");
        c.values = body.array();
        return {};
      case ConstraintKind::kPrefix:
      case ConstraintKind::kGlob:
      case ConstraintKind::kRegex:
      case ConstraintKind::kSubpath:
        if (!body.is_string()) return Bad(at, "must be a string");
        c.texts.push_back(body.string_value());
        return {};
      case ConstraintKind::kRange:
      case ConstraintKind::kLength: return ReadBounds(body, at, c);
      case ConstraintKind::kUrl: return ReadUrl(body, at, c);
      case ConstraintKind::kCidr: return ReadTexts(body, at, c.texts);
      case ConstraintKind::kNot: return ReadInner(body, at, depth, c);
      case ConstraintKind::kAll:
      case ConstraintKind::kAny:
        if (!body.is_array()) return Bad(at, "must be a list of constraints");
        for (std::size_t i = 0; i < body.array().size(); ++i) {
          Status inner = ReadInner(body.array()[i], at + "[" + std::to_string(i) + "]", depth, c);
          if (!inner.ok()) return inner;
        }
        return {};
    }
    return Error{ErrorCode::kInternal, "a constraint kind without a reader"};
  }

  Status ReadInner(const json::Value& value, const std::string& at, std::size_t depth, Constraint& c) {
    Result<Constraint> inner = Read(value, at, depth + 1);
    if (!inner.ok()) return std::move(inner).error();
    c.inner.push_back(*std::move(inner));
    return {};
  }

  static Status ReadTexts(const json::Value& value, const std::string& at, std::vector<std::string>& out) {
    if (!value.is_array()) return Bad(at, "must be a list of strings");
    for (const json::Value& item : value.array()) {
      if (!item.is_string()) return Bad(at, "must be a list of strings");
      out.push_back(item.string_value());
    }
    return {};
  }

  static Status ReadBounds(const json::Value& body, const std::string& at, Constraint& c) {
    if (!body.is_object()) return Bad(at, "must be an object with min, max or both");
    for (const json::Member& member : body.object()) {
      if (member.name != "min" && member.name != "max") return Bad(at, "has a member other than min and max");
      std::optional<std::string>& bound = member.name == "min" ? c.min : c.max;
      if (member.value.is_string()) {
        bound = member.value.string_value();
      } else if (member.value.is_number()) {
        bound = member.value.number_text();
      } else {
        return Bad(at + "." + member.name, "must be a number or its text");
      }
    }
    return {};
  }

  static Status ReadUrl(const json::Value& body, const std::string& at, Constraint& c) {
    if (!body.is_object()) return Bad(at, "must be an object with schemes, hosts and perhaps ports");
    for (const json::Member& member : body.object()) {
      Status status;
      if (member.name == "schemes") {
        status = ReadTexts(member.value, at + ".schemes", c.schemes);
      } else if (member.name == "hosts") {
        status = ReadTexts(member.value, at + ".hosts", c.hosts);
      } else if (member.name == "ports") {
        status = ReadPorts(member.value, at + ".ports", c.ports);
      } else {
        return Bad(at, "has a member other than schemes, hosts and ports");
      }
      if (!status.ok()) return status;
    }
    return {};
  }

  static Status ReadPorts(const json::Value& value, const std::string& at, std::vector<std::int64_t>& out) {
    if (!value.is_array()) return Bad(at, "must be a list of whole numbers");
    // An empty list would read as "no port" and mean "the default port".
    if (value.array().empty()) return Bad(at, "is empty; leave it out for the scheme's default port");
    for (const json::Value& item : value.array()) {
      const std::optional<std::int64_t> port = item.AsInt64();
      if (!port) return Bad(at, "must be a list of whole numbers");
      out.push_back(*port);
    }
    return {};
  }

  std::size_t nodes_ = 0;
};

}  // namespace

json::Value Constraint::ToJson() const {
  json::Object out;
  out.push_back({std::string(ConstraintKindName(kind)), BodyToJson(*this)});
  return out;
}

Result<Constraint> Constraint::FromJson(const json::Value& value) { return Reader().Read(value, "", 1); }

}  // namespace intentgate
