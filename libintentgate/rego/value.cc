// Values and their order. A lazy array or object is a rep with a JSON source; Materialize reads one
// level of it into the arena that made it.
// Tested by tests/unit/rego/value_test.cc.

#include "rego/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "rego/decimal.h"
#include "rego/meter.h"
#include "rego/number.h"
#include "rego/value_reps.h"

namespace intentgate::rego {

namespace {

// Up to here a look-up scans the unread JSON members instead of reading the level.
constexpr std::size_t kLazyScan = 24;
constexpr std::size_t kLinearScan = 8;
// A 64-bit integer with its sign.
constexpr std::size_t kLongestInt = 20;
// A comparison may end at its first element, so its work is counted piece by piece.
constexpr std::size_t kCountEvery = 8;

// Never written, though values point to them as if they could be: there is nothing to materialise.
const ArrayRep kEmptyArray;
const ObjectRep kEmptyObject;
const SetRep kEmptySet;

[[noreturn]] void TooDeep() { throw EvalAbort{"eval_limit_error", "a value is nested deeper than 1000 levels"}; }

void Materialize(ArrayRep& rep) {
  if (rep.source == nullptr) return;
  const json::Array& from = *rep.source;
  Value* items = rep.arena->NewArray<Value>(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) items[i] = Value::FromJson(*rep.arena, from[i]);
  rep.items = items;
  rep.source = nullptr;
}

void SortByText(Entry* entries, std::size_t size) {
  std::sort(entries, entries + size, [](const Entry& a, const Entry& b) { return a.key.string() < b.key.string(); });
}

void Materialize(ObjectRep& rep, std::size_t size) {
  if (rep.unsorted != nullptr) {
    SortByText(rep.unsorted, size);
    rep.unsorted = nullptr;
  }
  if (rep.source == nullptr) return;
  const json::Object& from = *rep.source;
  Entry* entries = rep.arena->NewArray<Entry>(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    entries[i] = {Value::StringRef(from[i].name), Value::FromJson(*rep.arena, from[i].value)};
  }
  SortByText(entries, from.size());
  rep.entries = entries;
  rep.source = nullptr;
}

const Entry* FindSorted(const Entry* begin, const Entry* end, const Value& key) {
  if (static_cast<std::size_t>(end - begin) <= kLinearScan) {
    const Entry* found = std::find_if(begin, end, [&](const Entry& e) { return e.key == key; });
    return found == end ? nullptr : found;
  }
  const Entry* found = std::lower_bound(begin, end, key, [](const Entry& e, const Value& k) { return e.key < k; });
  return found != end && found->key == key ? found : nullptr;
}

std::uint64_t Mix(std::uint64_t h) {
  h ^= h >> 32;
  h *= 0x9E3779B97F4A7C15U;
  h ^= h >> 29;
  return h;
}

std::uint64_t HashInt(std::int64_t i) {
  return Mix(static_cast<std::uint64_t>(i) * 31U + static_cast<std::uint64_t>(Type::kNumber) + 1);
}

std::uint64_t HashText(std::string_view text) {
  Meter::CountText(text.size());
  return std::hash<std::string_view>{}(text);
}

int Sign(bool less, bool greater) { return less ? -1 : (greater ? 1 : 0); }

int CompareText(std::string_view a, std::string_view b) {
  Meter::CountText(std::min(a.size(), b.size()));
  const int order = a.compare(b);
  return Sign(order < 0, order > 0);
}

int CompareAt(const Value& a, const Value& b, int depth);

int CompareElements(std::span<const Value> a, std::span<const Value> b, int depth) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (i % kCountEvery == 0) Meter::CountElements(std::min(common - i, kCountEvery));
    if (const int order = CompareAt(a[i], b[i], depth)) return order;
  }
  return Sign(a.size() < b.size(), a.size() > b.size());
}

int CompareEntries(std::span<const Entry> a, std::span<const Entry> b, int depth) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (i % kCountEvery == 0) Meter::CountElements(2 * std::min(common - i, kCountEvery));
    if (const int order = CompareAt(a[i].key, b[i].key, depth)) return order;
    if (const int order = CompareAt(a[i].value, b[i].value, depth)) return order;
  }
  return Sign(a.size() < b.size(), a.size() > b.size());
}

int CompareAt(const Value& a, const Value& b, int depth) {
  if (a.type() != b.type()) return a.type() < b.type() ? -1 : 1;
  if (a.Same(b)) return 0;
  if (depth > kMaxValueDepth) TooDeep();
  switch (a.type()) {
    case Type::kBoolean: return static_cast<int>(a.bool_value()) - static_cast<int>(b.bool_value());
    case Type::kNumber: return NumberCompare(a, b);
    case Type::kString: return CompareText(a.string(), b.string());
    case Type::kArray:
    case Type::kSet: return CompareElements(a.elements(), b.elements(), depth + 1);
    case Type::kObject: return CompareEntries(a.entries(), b.entries(), depth + 1);
    default: return 0;
  }
}

std::uint64_t HashAt(const Value& v, int depth) {
  if (depth > kMaxValueDepth) TooDeep();
  if (v.is_collection()) Meter::CountElements(v.size() + 1);
  std::uint64_t h = static_cast<std::uint64_t>(v.type()) + 1;
  switch (v.type()) {
    case Type::kBoolean: return Mix(h + (v.bool_value() ? 64U : 0U));
    case Type::kNumber: {
      if (std::string scratch; !v.is_int()) Meter::CountElements(v.number_text(scratch).size() / kDigitsPerElement);
      if (const auto i = v.ToInt64()) return HashInt(*i);
      const double d = v.ToDouble();
      return Mix(h ^ std::hash<double>{}(d));
    }
    case Type::kString: return HashText(v.string());
    case Type::kArray:
    case Type::kSet:
      for (const Value& e : v.elements()) h = Mix(h * 31U + HashAt(e, depth + 1));
      return h;
    case Type::kObject:
      for (const Entry& e : v.entries()) h = Mix(h * 31U + HashAt(e.key, depth + 1) * 7U + HashAt(e.value, depth + 1));
      return h;
    default: return Mix(h);
  }
}

}  // namespace

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kUndefined: return "undefined";
    case Type::kNull: return "null";
    case Type::kBoolean: return "boolean";
    case Type::kNumber: return "number";
    case Type::kString: return "string";
    case Type::kArray: return "array";
    case Type::kObject: return "object";
    case Type::kSet: return "set";
    case Type::kVirtual: break;
  }
  return "document";
}

Value Value::NumberRef(std::string_view text) {
  std::int64_t i = 0;
  if (text.size() > kLongestInt) return TextNumber(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), i);
  // "-0" keeps its spelling.
  if (error == std::errc() && end == text.data() + text.size() && !(i == 0 && text.front() == '-')) return Int(i);
  return TextNumber(text);
}

Value Value::TextNumber(std::string_view text) {
  Value v(Type::kNumber, 0);
  v.as_text_ = true;
  v.size_ = static_cast<std::uint32_t>(text.size());
  v.text_ = text.data();
  return v;
}

Value Value::NumberCopy(Arena& arena, std::string_view text) {
  const Value v = NumberRef(text);
  return v.as_text_ ? NumberRef(arena.Copy(text)) : v;
}

Value Value::Double(Arena& arena, double d) { return NumberCopy(arena, FormatGo(d)); }

Value Value::StringRef(std::string_view text) {
  Value v(Type::kString, 0);
  v.size_ = static_cast<std::uint32_t>(text.size());
  v.text_ = text.data();
  return v;
}

Value Value::Array(Arena& arena, std::span<const Value> items) {
  if (items.empty()) return EmptyArray();
  Value* copy = arena.NewArray<Value>(items.size());
  std::copy(items.begin(), items.end(), copy);
  return ArrayOver(arena, {copy, items.size()});
}

Value Value::ArrayOver(Arena& arena, std::span<const Value> items) {
  if (items.empty()) return EmptyArray();
  auto* rep = arena.New<ArrayRep>();
  rep->items = items.data();
  Value v(Type::kArray, 0);
  v.size_ = static_cast<std::uint32_t>(items.size());
  v.array_ = rep;
  return v;
}

Value Value::Set(Arena& arena, std::span<const Value> items) {
  SetBuilder builder(arena);
  for (const Value& item : items) builder.Add(item);
  return builder.Finish();
}

Value Value::EmptyArray() {
  Value v(Type::kArray, 0);
  v.array_ = const_cast<ArrayRep*>(&kEmptyArray);
  return v;
}
Value Value::EmptyObject() {
  Value v(Type::kObject, 0);
  v.object_ = const_cast<ObjectRep*>(&kEmptyObject);
  return v;
}
Value Value::EmptySet() {
  Value v(Type::kSet, 0);
  v.set_ = const_cast<SetRep*>(&kEmptySet);
  return v;
}

Value Value::FromJson(Arena& arena, const json::Value& json) {
  switch (json.kind()) {
    case json::Kind::kNull: return Null();
    case json::Kind::kBool: return Bool(json.bool_value());
    case json::Kind::kNumber: return NumberRef(json.number_text());
    case json::Kind::kString: return StringRef(json.string_value());
    case json::Kind::kArray: {
      if (json.array().empty()) return EmptyArray();
      auto* rep = arena.New<ArrayRep>();
      rep->source = &json.array();
      rep->arena = &arena;
      Value v(Type::kArray, 0);
      v.size_ = static_cast<std::uint32_t>(json.array().size());
      v.array_ = rep;
      return v;
    }
    case json::Kind::kObject: break;
  }
  if (json.object().empty()) return EmptyObject();
  auto* rep = arena.New<ObjectRep>();
  rep->source = &json.object();
  rep->arena = &arena;
  Value v(Type::kObject, 0);
  v.size_ = static_cast<std::uint32_t>(json.object().size());
  v.object_ = rep;
  return v;
}

Value Value::ObjectOver(Arena& arena, std::span<Entry> entries, const Entry** twice) {
  constexpr std::size_t kPairs = 16;  // up to here all pairs are compared
  if (entries.empty()) return EmptyObject();
  auto* rep = arena.New<ObjectRep>();
  rep->entries = entries.data();
  Value v(Type::kObject, 0);
  v.size_ = static_cast<std::uint32_t>(entries.size());
  v.object_ = rep;
  const auto same = [](const Entry& a, const Entry& b) { return a.key.string() == b.key.string(); };
  if (entries.size() > kPairs) {
    SortByText(entries.data(), entries.size());
    const auto found = std::adjacent_find(entries.begin(), entries.end(), same);
    if (found != entries.end()) *twice = &*found;
    return v;
  }
  rep->unsorted = entries.data();
  for (std::size_t i = 1; i < entries.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (same(entries[i], entries[j])) *twice = &entries[i];
    }
  }
  return v;
}

namespace {

Value CopyJson(Arena& arena, const json::Value& json) {
  switch (json.kind()) {
    case json::Kind::kNumber: return Value::NumberCopy(arena, json.number_text());
    case json::Kind::kString: return Value::StringCopy(arena, json.string_value());
    case json::Kind::kArray: {
      ArrayBuilder items(arena);
      for (const json::Value& item : json.array()) items.Add(CopyJson(arena, item));
      return items.Finish();
    }
    case json::Kind::kObject: {
      ObjectBuilder members(arena);
      for (const json::Member& m : json.object()) members.Set(Value::StringCopy(arena, m.name), CopyJson(arena, m.value));
      return members.Finish();
    }
    default: return Value::FromJson(arena, json);
  }
}

// A number with an exponent must stay below 2^100,000 in size, as in OPA.
bool ExponentFits(std::string_view number) {
  constexpr std::int64_t kMaxDecimalPlaces = 30'102;
  if (number.find_first_of("eE") == std::string_view::npos) return true;
  const std::optional<Decimal> d = Decimal::Parse(number);
  if (!d) return false;
  const std::int64_t places = static_cast<std::int64_t>(d->digits.size()) + d->exponent;
  return d->IsZero() || (places <= kMaxDecimalPlaces && places >= -kMaxDecimalPlaces);
}

bool ExponentsFit(const json::Value& json) {
  switch (json.kind()) {
    case json::Kind::kNumber: return ExponentFits(json.number_text());
    case json::Kind::kArray: return std::all_of(json.array().begin(), json.array().end(), ExponentsFit);
    case json::Kind::kObject:
      return std::all_of(json.object().begin(), json.object().end(), [](const json::Member& m) { return ExponentsFit(m.value); });
    default: return true;
  }
}

}  // namespace

Result<Value> Value::ParseJson(Arena& arena, std::string_view text) {
  Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) return std::move(parsed).error();
  if (!ExponentsFit(*parsed)) return Error{ErrorCode::kMalformed, "invalid number: number too big"};
  return CopyJson(arena, *parsed);
}

std::string_view Value::number_text(std::string& scratch) const {
  if (as_text_) return {text_, size_};
  scratch = std::to_string(int_);
  return scratch;
}

std::optional<std::int64_t> Value::ToInt64() const {
  if (!is_number()) return std::nullopt;
  if (!as_text_) return int_;
  if (size_ > kLongestInt && IsPlainInteger()) return std::nullopt;
  const std::optional<Decimal> d = Decimal::Parse({text_, size_});
  return d ? d->ToInt64() : std::nullopt;
}

std::optional<std::int64_t> Value::ToPlainInt64() const {
  constexpr std::size_t kMaxText = 19;
  if (!is_number()) return std::nullopt;
  if (!as_text_) return int_;
  const std::string_view text(text_, size_);
  if (text.size() - (text.starts_with('-') ? 1 : 0) > kMaxText || text.find_first_of("eE") != std::string_view::npos) return std::nullopt;
  return ToInt64();
}

bool Value::IsPlainInteger() const {
  if (!is_number()) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !as_text_ || std::all_of(text_ + (text_[0] == '-' ? 1 : 0), text_ + size_, is_digit);
}

bool Value::IsIntegral() const {
  if (!is_number()) return false;
  if (IsPlainInteger()) return true;
  const std::optional<Decimal> d = Decimal::Parse({text_, size_});
  return d && d->IsIntegral();
}

double Value::ToDouble() const {
  if (!as_text_) return static_cast<double>(int_);
  return ParseDouble({text_, size_});
}

std::size_t Value::size() const { return is_collection() ? size_ : 0; }

std::span<const Value> Value::elements() const {
  if (is_set()) return {set_->items, size_};
  if (!is_array()) return {};
  Materialize(*array_);
  return {array_->items, size_};
}

std::span<const Entry> Value::entries() const {
  if (!is_object()) return {};
  Materialize(*object_, size_);
  return {object_->entries, size_};
}

Value Value::GetMember(std::string_view name) const {
  if (!is_object()) return {};
  if (object_->unsorted != nullptr && size_ <= kLazyScan) {
    const Entry* end = object_->unsorted + size_;
    const Entry* found = std::find_if(object_->entries, end, [&](const Entry& e) { return e.key.string() == name; });
    return found == end ? Value() : found->value;
  }
  if (object_->unsorted != nullptr) Materialize(*object_, size_);
  if (object_->source != nullptr) {
    if (size_ <= kLazyScan) {
      for (const json::Member& m : *object_->source) {
        if (m.name == name) return FromJson(*object_->arena, m.value);
      }
      return {};
    }
    Materialize(*object_, size_);
  }
  const Entry* found = FindSorted(object_->entries, object_->entries + size_, StringRef(name));
  return found == nullptr ? Value() : found->value;
}

Value Value::Get(const Value& key) const {
  switch (type_) {
    case Type::kObject: {
      if (key.is_string()) return GetMember(key.string());
      if (object_->source != nullptr || object_->unsorted != nullptr) return {};  // JSON has no other keys
      const Entry* found = FindSorted(object_->entries, object_->entries + size_, key);
      return found == nullptr ? Value() : found->value;
    }
    case Type::kArray:
      return At(key);
    case Type::kSet: {
      const std::span<const Value> items = elements();
      if (items.size() <= kLinearScan) {
        const auto found = std::find(items.begin(), items.end(), key);
        return found == items.end() ? Value() : *found;
      }
      const auto found = std::lower_bound(items.begin(), items.end(), key);
      return found != items.end() && *found == key ? *found : Value();
    }
    default: return {};
  }
}

Value Value::At(const Value& place) const {
  const std::int64_t index = place.is_int() ? place.int_ : place.is_number() ? place.ToPlainInt64().value_or(-1) : -1;
  if (index < 0 || index >= static_cast<std::int64_t>(size_)) return {};
  Materialize(*array_);
  return array_->items[index];
}

void Value::Freeze() const {
  for (const Value& e : elements()) e.Freeze();
  for (const Entry& e : entries()) {
    e.key.Freeze();
    e.value.Freeze();
  }
}

int Value::Compare(const Value& a, const Value& b) { return CompareAt(a, b, 0); }

bool Value::EqualSlow(const Value& a, const Value& b) {
  switch (a.type_) {
    case Type::kNull: return true;
    case Type::kString: return a.size_ == b.size_ && CompareText(a.string(), b.string()) == 0;
    case Type::kNumber:
      if (!a.as_text_ && !b.as_text_) return a.int_ == b.int_;
      return NumberCompare(a, b) == 0;
    case Type::kArray:
    case Type::kObject:
    case Type::kSet: return a.size_ == b.size_ && CompareAt(a, b, 0) == 0;
    default: return a.int_ == b.int_;
  }
}

std::uint64_t Value::Hash() const { return is_int() ? HashInt(int_) : HashAt(*this, 0); }

}  // namespace intentgate::rego
