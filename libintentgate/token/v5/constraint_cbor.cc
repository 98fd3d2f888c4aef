// A constraint is an array: its kind, then its parts. A JSON value inside is the CBOR of the same
// shape; a number is an integer when its text is the plain decimal of an int64, else a byte string
// with its text, so that 1.10 and 40 digits stay what they were.

#include "token/v5/constraint_cbor.h"

#include <algorithm>

namespace intentgate::token {
namespace {

Error Invalid(const char* what) { return Error{ErrorCode::kInvalidArgument, std::string("caveat arg: ") + what}; }

// Whether `text` is the plain decimal of an int64.
std::optional<std::int64_t> PlainInteger(const json::Value& number) {
  const std::optional<std::int64_t> n = number.AsInt64();
  return n && std::to_string(*n) == number.number_text() ? n : std::nullopt;
}

void WriteNumber(const json::Value& number, CborWriter& out) {
  if (const std::optional<std::int64_t> n = PlainInteger(number)) {
    out.Integer(*n);
  } else {
    out.Bytes(number.number_text());
  }
}

Status WriteJson(const json::Value& value, CborWriter& out, std::size_t depth);

// Members ascend by the bytes of their encoded names: shorter first, then by content.
Status WriteJsonObject(const json::Object& object, CborWriter& out, std::size_t depth) {
  std::vector<const json::Member*> members;
  for (const json::Member& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const json::Member* a, const json::Member* b) {
    return a->name.size() != b->name.size() ? a->name.size() < b->name.size() : a->name < b->name;
  });
  out.Map(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0 && members[i]->name == members[i - 1]->name) return Invalid("a JSON object with a member twice");
    out.Text(members[i]->name);
    if (Status s = WriteJson(members[i]->value, out, depth); !s.ok()) return s;
  }
  return {};
}

Status WriteJson(const json::Value& value, CborWriter& out, std::size_t depth) {
  switch (value.kind()) {
    case json::Kind::kNull: out.Null(); return {};
    case json::Kind::kBool: out.Bool(value.bool_value()); return {};
    case json::Kind::kNumber: WriteNumber(value, out); return {};
    case json::Kind::kString: out.Text(value.string_value()); return {};
    case json::Kind::kArray:
    case json::Kind::kObject: break;
  }
  if (depth == 0) return Invalid("a value nested too deeply");
  if (value.is_object()) return WriteJsonObject(value.object(), out, depth - 1);
  out.Array(value.array().size());
  for (const json::Value& element : value.array()) {
    if (Status s = WriteJson(element, out, depth - 1); !s.ok()) return s;
  }
  return {};
}

bool ReadJson(CborReader& in, json::Value& out, std::size_t depth);

bool ReadNumberText(CborReader& in, json::Value& out) {
  std::string_view text;
  if (!in.Bytes(text)) return false;
  Result<json::Value> number = json::Value::NumberFromText(text);
  if (!number.ok()) return in.Fail("a byte string that is no JSON number");
  if (PlainInteger(*number)) return in.Fail("an integer written as text");
  out = std::move(*number);
  return true;
}

bool ReadJsonObject(CborReader& in, json::Value& out, std::size_t depth) {
  std::size_t pairs = 0;
  if (!in.Map(pairs)) return false;
  json::Object object;
  for (; pairs > 0; --pairs) {
    json::Member member;
    if (!in.Text(member.name)) return false;
    if (!object.empty()) {
      const std::string& last = object.back().name;
      const bool ascends = last.size() != member.name.size() ? last.size() < member.name.size() : last < member.name;
      if (!ascends) return in.Fail("map keys that do not ascend");
    }
    if (!ReadJson(in, member.value, depth)) return false;
    object.push_back(std::move(member));
  }
  out = std::move(object);
  return true;
}

bool ReadJson(CborReader& in, json::Value& out, std::size_t depth) {
  switch (in.Peek()) {
    case CborType::kUnsigned:
    case CborType::kNegative: {
      std::int64_t n = 0;
      if (!in.Integer(n)) return false;
      out = n;
      return true;
    }
    case CborType::kBytes: return ReadNumberText(in, out);
    case CborType::kText: {
      std::string text;
      if (!in.Text(text)) return false;
      out = std::move(text);
      return true;
    }
    case CborType::kFalse:
    case CborType::kTrue: {
      bool b = false;
      if (!in.Bool(b)) return false;
      out = b;
      return true;
    }
    case CborType::kNull: out = nullptr; return in.Null();
    case CborType::kArray: {
      if (depth == 0) return in.Fail("nested too deeply");
      std::size_t count = 0;
      if (!in.Array(count)) return false;
      json::Array list;
      for (; count > 0; --count) {
        if (!ReadJson(in, list.emplace_back(), depth - 1)) return false;
      }
      out = std::move(list);
      return true;
    }
    case CborType::kMap:
      if (depth == 0) return in.Fail("nested too deeply");
      return ReadJsonObject(in, out, depth - 1);
    case CborType::kNone: break;
  }
  return in.Fail("an item outside the subset");
}

void WriteTexts(const std::vector<std::string>& texts, CborWriter& out) {
  for (const std::string& text : texts) out.Text(text);
}
void WriteTextList(const std::vector<std::string>& texts, CborWriter& out) {
  out.Array(texts.size());
  WriteTexts(texts, out);
}

Status WriteBound(const std::optional<std::string>& bound, CborWriter& out) {
  if (!bound) {
    out.Null();
    return {};
  }
  const Result<json::Value> number = json::Value::NumberFromText(*bound);
  if (!number.ok()) return Invalid("a range bound that is no number");
  WriteNumber(*number, out);
  return {};
}

Status WriteUrl(const Constraint& c, CborWriter& out) {
  out.Array(c.ports.empty() ? 3 : 4);
  out.Unsigned(static_cast<std::uint64_t>(c.kind));
  WriteTextList(c.schemes, out);
  WriteTextList(c.hosts, out);
  if (!c.ports.empty()) {
    out.Array(c.ports.size());
    for (const std::int64_t port : c.ports) out.Integer(port);
  }
  return {};
}

bool ReadTexts(CborReader& in, std::size_t count, std::vector<std::string>& out) {
  for (; count > 0; --count) {
    if (!in.Text(out.emplace_back())) return false;
  }
  return true;
}
bool ReadTextList(CborReader& in, std::vector<std::string>& out) {
  std::size_t count = 0;
  if (!in.Array(count)) return false;
  if (count == 0) return in.Fail("an empty list of schemes or hosts");
  return ReadTexts(in, count, out);
}

bool ReadBound(CborReader& in, std::optional<std::string>& out) {
  if (in.Peek() == CborType::kNull) return in.Null();
  const CborType type = in.Peek();
  if (type != CborType::kUnsigned && type != CborType::kNegative && type != CborType::kBytes) {
    return in.Fail("a bound that is no number");
  }
  json::Value number;
  if (!ReadJson(in, number, 0)) return false;
  out = number.number_text();
  return true;
}

bool ReadPorts(CborReader& in, std::vector<std::int64_t>& out) {
  std::size_t count = 0;
  if (!in.Array(count)) return false;
  if (count == 0) return in.Fail("an empty list of ports");
  for (; count > 0; --count) {
    if (!in.NonNegative(out.emplace_back())) return false;
  }
  return true;
}

// Kinds with exactly one part.
bool TakesOnePart(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::kEquals:
    case ConstraintKind::kPrefix:
    case ConstraintKind::kGlob:
    case ConstraintKind::kRegex:
    case ConstraintKind::kSubpath:
    case ConstraintKind::kNot: return true;
    default: return false;
  }
}

// The parts behind the kind, `rest` of them.
ConstraintRead ReadParts(CborReader& in, Constraint& out, std::size_t rest, std::size_t depth) {
  const auto done = [](bool ok) { return ok ? ConstraintRead::kDone : ConstraintRead::kFailed; };
  if (TakesOnePart(out.kind) && rest != 1) return done(in.Fail("a rule that takes exactly one part"));
  switch (out.kind) {
    case ConstraintKind::kEquals:
    case ConstraintKind::kOneOf:
    case ConstraintKind::kContains:
    case ConstraintKind::kSubset:
      for (; rest > 0; --rest) {
        if (!ReadJson(in, out.values.emplace_back(), depth)) return ConstraintRead::kFailed;
      }
      return ConstraintRead::kDone;
    case ConstraintKind::kPrefix:
    case ConstraintKind::kGlob:
    case ConstraintKind::kRegex:
    case ConstraintKind::kSubpath:
    case ConstraintKind::kCidr: return done(ReadTexts(in, rest, out.texts));
    case ConstraintKind::kRange:
    case ConstraintKind::kLength:
      if (rest != 2) return done(in.Fail("a range without two bounds"));
      return done(ReadBound(in, out.min) && ReadBound(in, out.max));
    case ConstraintKind::kUrl:
      if (rest != 2 && rest != 3) return done(in.Fail("a url rule without schemes and hosts"));
      return done(ReadTextList(in, out.schemes) && ReadTextList(in, out.hosts) && (rest == 2 || ReadPorts(in, out.ports)));
    case ConstraintKind::kNot:
    case ConstraintKind::kAll:
    case ConstraintKind::kAny: break;
  }
  ConstraintRead result = ConstraintRead::kDone;
  for (; rest > 0; --rest) {
    const ConstraintRead inner = ReadConstraint(in, out.inner.emplace_back(), depth);
    if (inner == ConstraintRead::kFailed) return inner;
    if (inner == ConstraintRead::kUnknownKind) result = inner;
  }
  return result;
}

}  // namespace

Status WriteConstraint(const Constraint& c, CborWriter& out, std::size_t depth) {
  if (depth == 0) return Invalid("nested too deeply");
  const auto head = [&](std::size_t parts) {
    out.Array(1 + parts);
    out.Unsigned(static_cast<std::uint64_t>(c.kind));
  };
  switch (c.kind) {
    case ConstraintKind::kEquals:
    case ConstraintKind::kOneOf:
    case ConstraintKind::kContains:
    case ConstraintKind::kSubset:
      head(c.values.size());
      for (const json::Value& value : c.values) {
        if (Status s = WriteJson(value, out, depth - 1); !s.ok()) return s;
      }
      return {};
    case ConstraintKind::kPrefix:
    case ConstraintKind::kGlob:
    case ConstraintKind::kRegex:
    case ConstraintKind::kSubpath:
    case ConstraintKind::kCidr:
      head(c.texts.size());
      WriteTexts(c.texts, out);
      return {};
    case ConstraintKind::kRange:
    case ConstraintKind::kLength:
      head(2);
      if (Status s = WriteBound(c.min, out); !s.ok()) return s;
      return WriteBound(c.max, out);
    case ConstraintKind::kUrl: return WriteUrl(c, out);
    case ConstraintKind::kNot:
    case ConstraintKind::kAll:
    case ConstraintKind::kAny: break;
  }
  head(c.inner.size());
  for (const Constraint& inner : c.inner) {
    if (Status s = WriteConstraint(inner, out, depth - 1); !s.ok()) return s;
  }
  return {};
}

ConstraintRead ReadConstraint(CborReader& in, Constraint& out, std::size_t depth) {
  std::size_t count = 0;
  std::uint64_t kind = 0;
  if (depth == 0) return in.Fail("nested too deeply"), ConstraintRead::kFailed;
  if (!in.Array(count)) return ConstraintRead::kFailed;
  if (count < 2) return in.Fail("a constraint without parts"), ConstraintRead::kFailed;
  if (!in.Unsigned(kind)) return ConstraintRead::kFailed;
  if (kind <= static_cast<std::uint64_t>(ConstraintKind::kAny)) {
    out.kind = static_cast<ConstraintKind>(kind);
    return ReadParts(in, out, count - 1, depth - 1);
  }
  for (; count > 1; --count) {
    if (!in.Skip(depth - 1)) return ConstraintRead::kFailed;
  }
  return ConstraintRead::kUnknownKind;
}

}  // namespace intentgate::token
