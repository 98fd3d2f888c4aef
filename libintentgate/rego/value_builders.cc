// How arrays, sets and objects grow. A builder compares its few first items one by one; from kTableFrom on it finds them
// by their hash, which is kept, so that no value is hashed twice.
// Tested by tests/unit/rego/value_test.cc.

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "rego/meter.h"
#include "rego/value.h"
#include "rego/value_reps.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kFirstCapacity = 4;
constexpr std::size_t kTableFrom = 9;

template <typename T>
T* GrowItems(Arena& arena, const T* items, std::size_t size, std::size_t* capacity) {
  *capacity = std::max(kFirstCapacity, *capacity * 2);
  T* grown = arena.NewArray<T>(*capacity);
  std::copy(items, items + size, grown);
  return grown;
}

const Value& KeyOf(const Value& value) { return value; }
const Value& KeyOf(const Entry& entry) { return entry.key; }

bool TextLess(const Value& a, const Value& b) {
  Meter::CountText(std::min(a.string().size(), b.string().size()));
  return a.string() < b.string();
}

// Most collections are of numbers or of texts, and many come in order.
template <typename T>
void SortItems(T* items, std::size_t size) {
  const auto sort = [&](const auto& less) {
    const auto less_key = [&](const T& a, const T& b) { return less(KeyOf(a), KeyOf(b)); };
    if (!std::is_sorted(items, items + size, less_key)) std::sort(items, items + size, less_key);
  };
  const auto all = [&](const auto& is) { return std::all_of(items, items + size, [&](const T& item) { return is(KeyOf(item)); }); };
  if (all([](const Value& v) { return v.is_string(); })) return sort(TextLess);
  if (all([](const Value& v) { return v.is_int(); })) {
    return sort([](const Value& a, const Value& b) { return a.int_value() < b.int_value(); });
  }
  sort([](const Value& a, const Value& b) { return a < b; });
}

}  // namespace

// The items are the set: sorted, each once.
Value SetOver(Arena& arena, std::span<const Value> sorted) {
  if (sorted.empty()) return Value::EmptySet();
  auto* rep = arena.New<SetRep>();
  rep->items = sorted.data();
  Value v(Type::kSet, 0);
  v.size_ = static_cast<std::uint32_t>(sorted.size());
  v.set_ = rep;
  return v;
}

void ArrayBuilder::Add(const Value& value) {
  if (size_ == capacity_) items_ = GrowItems(arena_, items_, size_, &capacity_);
  items_[size_++] = value;
}

Value ArrayBuilder::Finish() { return Value::ArrayOver(arena_, {items_, size_}); }

// ---- the table

void ItemTable::Grow(Arena& arena, std::size_t items) {
  const Cell* old = cells_;
  const std::size_t old_size = size_;
  size_ = items * 2;
  cells_ = arena.NewArray<Cell>(size_);
  for (std::size_t i = 0; i < old_size; ++i) {
    if (old[i].number != kNone) Insert(old[i].hash, old[i].number);
  }
}

template <typename Same>
std::uint32_t ItemTable::Find(std::uint64_t hash, const Same& same) const {
  const auto wanted = static_cast<std::uint32_t>(hash);
  for (std::size_t at = wanted & (size_ - 1); cells_[at].number != kNone; at = (at + 1) & (size_ - 1)) {
    if (cells_[at].hash == wanted && same(cells_[at].number)) return cells_[at].number;
  }
  return kNone;
}

void ItemTable::Insert(std::uint64_t hash, std::uint32_t number) {
  const auto kept = static_cast<std::uint32_t>(hash);
  std::size_t at = kept & (size_ - 1);
  while (cells_[at].number != kNone) at = (at + 1) & (size_ - 1);
  cells_[at] = {kept, number};
}

// ---- sets

void SetBuilder::Grow() {
  items_ = GrowItems(arena_, items_, size_, &capacity_);
  if (capacity_ < kTableFrom) return;
  const bool first = table_.empty();
  table_.Grow(arena_, capacity_);
  for (std::uint32_t i = 0; first && i < size_; ++i) table_.Insert(items_[i].Hash(), i);
}

bool SetBuilder::Has(const Value& value) const {
  if (table_.empty()) return std::find(items_, items_ + size_, value) != items_ + size_;
  return table_.Find(value.Hash(), [&](std::uint32_t i) { return items_[i] == value; }) != ItemTable::kNone;
}

bool SetBuilder::Add(const Value& value) {
  if (table_.empty() && Has(value)) return false;
  if (size_ == capacity_) Grow();
  if (!table_.empty()) {
    const std::uint64_t hash = value.Hash();
    if (table_.Find(hash, [&](std::uint32_t i) { return items_[i] == value; }) != ItemTable::kNone) return false;
    table_.Insert(hash, static_cast<std::uint32_t>(size_));
  }
  items_[size_++] = value;
  return true;
}

Value SetBuilder::Finish() {
  SortItems(items_, size_);
  return SetOver(arena_, {items_, size_});
}

// ---- objects

Entry* ObjectBuilder::FindEntry(const Value& key, std::uint64_t hash) const {
  if (table_.empty()) {
    Entry* found = std::find_if(items_, items_ + size_, [&](const Entry& e) { return e.key == key; });
    return found == items_ + size_ ? nullptr : found;
  }
  const std::uint32_t found = table_.Find(hash, [&](std::uint32_t i) { return items_[i].key == key; });
  return found == ItemTable::kNone ? nullptr : &items_[found];
}

void ObjectBuilder::Append(const Value& key, const Value& value, std::uint64_t hash) {
  if (size_ == capacity_) {
    items_ = GrowItems(arena_, items_, size_, &capacity_);
    if (capacity_ >= kTableFrom) {
      const bool first = table_.empty();
      table_.Grow(arena_, capacity_);
      for (std::uint32_t i = 0; first && i < size_; ++i) table_.Insert(items_[i].key.Hash(), i);
      if (first) hash = key.Hash();
    }
  }
  if (!table_.empty()) table_.Insert(hash, static_cast<std::uint32_t>(size_));
  items_[size_++] = {key, value};
}

bool ObjectBuilder::Insert(const Value& key, const Value& value) {
  const std::uint64_t hash = HashOf(key);
  if (const Entry* found = FindEntry(key, hash)) return found->value == value;
  Append(key, value, hash);
  return true;
}

void ObjectBuilder::Set(const Value& key, const Value& value) {
  const std::uint64_t hash = HashOf(key);
  if (Entry* found = FindEntry(key, hash)) {
    found->value = value;
  } else {
    Append(key, value, hash);
  }
}

Value ObjectBuilder::Find(const Value& key) const {
  const Entry* found = FindEntry(key, HashOf(key));
  return found == nullptr ? Value() : found->value;
}

Value ObjectBuilder::Finish() {
  if (size_ == 0) return Value::EmptyObject();
  SortItems(items_, size_);
  auto* rep = arena_.New<ObjectRep>();
  rep->entries = items_;
  Value v(Type::kObject, 0);
  v.size_ = static_cast<std::uint32_t>(size_);
  v.object_ = rep;
  return v;
}

// ---- two sets

namespace {

// Which of the two a member is of. `both` is called with the member as `a` spells it.
template <typename OnlyA, typename OnlyB, typename Both>
void Merge(std::span<const Value> a, std::span<const Value> b, const OnlyA& only_a, const OnlyB& only_b, const Both& both) {
  Meter::CountSteps(a.size() + b.size());
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const int order = Value::Compare(a[i], b[j]);
    if (order < 0) only_a(a[i++]);
    else if (order > 0) only_b(b[j++]);
    else both(a[i++]), ++j;
  }
  while (i < a.size()) only_a(a[i++]);
  while (j < b.size()) only_b(b[j++]);
}

// Looking up every member of the small one is less work than walking the large one.
bool MuchSmaller(const Value& a, const Value& b) { return a.size() * std::bit_width(b.size()) < b.size(); }

}  // namespace

Value SetUnion(Arena& arena, const Value& a, const Value& b) {
  if (a.size() == 0) return b;
  if (b.size() == 0) return a;
  Value* out = arena.NewArray<Value>(a.size() + b.size());
  std::size_t size = 0;
  const auto take = [&](const Value& v) { out[size++] = v; };
  Merge(a.elements(), b.elements(), take, take, take);
  return SetOver(arena, {out, size});
}

// Of two equal numbers with other texts the smaller set's is taken, as in OPA.
Value SetIntersection(Arena& arena, const Value& a, const Value& b) {
  const Value& small = b.size() < a.size() ? b : a;
  const Value& large = b.size() < a.size() ? a : b;
  Value* out = arena.NewArray<Value>(small.size());
  std::size_t size = 0;
  const auto take = [&](const Value& v) { out[size++] = v; };
  const auto skip = [](const Value&) {};
  if (MuchSmaller(small, large)) {
    Meter::CountSteps(small.size());
    for (const Value& v : small.elements()) {
      if (large.Contains(v)) take(v);
    }
  } else {
    Merge(small.elements(), large.elements(), skip, skip, take);
  }
  return SetOver(arena, {out, size});
}

Value SetDifference(Arena& arena, const Value& a, const Value& b) {
  Value* out = arena.NewArray<Value>(a.size());
  std::size_t size = 0;
  const auto take = [&](const Value& v) { out[size++] = v; };
  const auto skip = [](const Value&) {};
  if (MuchSmaller(a, b)) {
    Meter::CountSteps(a.size());
    for (const Value& v : a.elements()) {
      if (!b.Contains(v)) take(v);
    }
  } else {
    Merge(a.elements(), b.elements(), take, skip, skip);
  }
  return SetOver(arena, {out, size});
}

}  // namespace intentgate::rego
