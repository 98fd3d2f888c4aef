// A Rego value: 16 trivially copyable bytes that point into an arena, a policy's constants or the
// caller's input.
//
// Input is read lazily: an object or array made by FromJson looks at its JSON source when it is
// touched, one level at a time. Values that several threads share (constants, data documents) are
// frozen: Freeze reads all levels once, and from then on no call writes.
//
// Order and equality are OPA's: null < boolean < number < string < array < object < set, numbers by
// value whatever their spelling, objects and sets in sorted order. A number keeps its spelling until
// something is computed with it.
//
// Building:
//   SetBuilder set(arena); set.Add(v); Value s = set.Finish();
//   ObjectBuilder object(arena); if (!object.Insert(k, v)) conflict; Value o = object.Finish();
//   ArrayBuilder array(arena); array.Add(v); Value a = array.Finish();
//
// Values share their parts and may stand for far more elements than were built. Comparing, hashing and writing count
// their work against the evaluation on this thread (meter.h) and end it with EvalAbort beyond its limits, as does
// depth beyond kMaxValueDepth.
//
// Thread contract: thread-compatible; frozen values are immutable.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>

#include "rego/arena.h"

namespace intentgate::rego {

// In OPA's sort order.
enum class Type : std::uint8_t { kUndefined, kNull, kBoolean, kNumber, kString, kArray, kObject, kSet, kVirtual };
// "null", "boolean", "number", "string", "array", "object", "set".
std::string_view TypeName(Type type);

inline constexpr int kMaxValueDepth = 1000;

class Value;
struct Entry;
struct ArrayRep;
struct ObjectRep;
struct SetRep;

class Value {
 public:
  // Undefined: what a failed look-up gives. Not a Rego value, never inside a collection.
  Value() = default;

  static Value Null() { return Value(Type::kNull, 0); }
  static Value Bool(bool b) { return Value(Type::kBoolean, b ? 1 : 0); }
  static Value Int(std::int64_t i) { return Value(Type::kNumber, i); }
  // REQUIRES: `text` is a JSON number that outlives the value. Plain 64-bit integers become Int.
  static Value NumberRef(std::string_view text);
  static Value NumberCopy(Arena& arena, std::string_view text);
  // A finite double in OPA's spelling.
  static Value Double(Arena& arena, double d);
  // REQUIRES: the bytes outlive the value.
  static Value StringRef(std::string_view text);
  static Value StringCopy(Arena& arena, std::string_view text) { return StringRef(arena.Copy(text)); }
  // REQUIRES: the items outlive the value and do not change.
  static Value ArrayOver(Arena& arena, std::span<const Value> items);
  // Copies the elements' 16 bytes each. Sets are sorted and freed of duplicates.
  static Value Array(Arena& arena, std::span<const Value> items);
  static Value Set(Arena& arena, std::span<const Value> items);
  static Value EmptyArray();
  static Value EmptyObject();
  static Value EmptySet();
  // An object of what JSON text says: keys are strings in any order. REQUIRES: the entries outlive the value, which may
  // sort them. `twice` comes to point to an entry whose key is there before; the value is of no use then.
  static Value ObjectOver(Arena& arena, std::span<Entry> entries, const Entry** twice);
  // Lazy. REQUIRES: `json` outlives the value and does not change.
  static Value FromJson(Arena& arena, const json::Value& json);
  // Reads text into a value, as json.unmarshal does (strict JSON).
  static Result<Value> ParseJson(Arena& arena, std::string_view text);

  Type type() const { return type_; }
  bool defined() const { return type_ != Type::kUndefined; }
  bool is_undefined() const { return type_ == Type::kUndefined; }
  bool is_null() const { return type_ == Type::kNull; }
  bool is_bool() const { return type_ == Type::kBoolean; }
  bool is_number() const { return type_ == Type::kNumber; }
  bool is_string() const { return type_ == Type::kString; }
  bool is_array() const { return type_ == Type::kArray; }
  bool is_object() const { return type_ == Type::kObject; }
  bool is_set() const { return type_ == Type::kSet; }
  bool is_collection() const { return is_array() || is_object() || is_set(); }
  // Defined and not false: what lets a body go on.
  bool truthy() const { return type_ > Type::kBoolean || type_ == Type::kNull || (is_bool() && int_ != 0); }
  bool is_false() const { return is_bool() && int_ == 0; }

  // REQUIRES (all below): the type fits.
  bool bool_value() const { return int_ != 0; }
  std::string_view string() const { return {text_, size_}; }

  // A number is either a 64-bit integer or a decimal text (fractions, exponents, big integers).
  bool is_int() const { return is_number() && !as_text_; }
  std::int64_t int_value() const { return int_; }
  // The number's spelling; `scratch` backs it for integers.
  std::string_view number_text(std::string& scratch) const;
  // Any spelling of an integral value that fits (1.0, 1e3, 7); else nullopt.
  std::optional<std::int64_t> ToInt64() const;
  // What OPA takes for an integer where it needs one: digits, and zeros behind a point (1.0), in at most 19 characters
  // without the sign; no 1e3.
  std::optional<std::int64_t> ToPlainInt64() const;
  // Digits with or without a sign, and nothing else: no 1.0, no 1e3.
  bool IsPlainInteger() const;
  // True for any spelling of an integral value of any size.
  bool IsIntegral() const;
  // The nearest double; +-inf on overflow.
  double ToDouble() const;

  // Arrays, objects and sets: number of elements. Cheap for lazy values too.
  std::size_t size() const;
  // Arrays in order; sets in sorted order.
  std::span<const Value> elements() const;
  // Sorted by key.
  std::span<const Entry> entries() const;
  // Array index (what ToPlainInt64 takes, not negative), object key, set member (gives the member back).
  // Undefined when absent or when this is no collection.
  Value Get(const Value& key) const;
  // The object's member of that name, without making a key value. Undefined when absent.
  Value GetMember(std::string_view name) const;
  bool Contains(const Value& key) const { return Get(key).defined(); }

  // Reads everything below once, so that threads may share the value.
  void Freeze() const;

  // The same 16 bytes: equal without a look at the parts.
  bool Same(const Value& b) const {
    return type_ == b.type_ && as_text_ == b.as_text_ && size_ == b.size_ && int_ == b.int_;
  }
  // OPA's total order.
  static int Compare(const Value& a, const Value& b);
  friend bool operator==(const Value& a, const Value& b) {
    if (a.type_ != b.type_) return false;
    if (a.is_number() && !a.as_text_ && !b.as_text_) return a.int_ == b.int_;
    return a.Same(b) || EqualSlow(a, b);
  }
  friend bool operator<(const Value& a, const Value& b) { return Compare(a, b) < 0; }
  std::uint64_t Hash() const;

  // JSON as OPA prints results: sets become sorted arrays, keys that are no strings become their JSON text, bytes of
  // strings that are no UTF-8 become U+FFFD.
  json::Value ToJson() const;
  // The same over a value that is no longer wanted, whose memory is used again.
  void WriteJson(json::Value& out) const;
  // json.marshal's text: as ToJson, compact, object keys sorted.
  std::string ToJsonText() const;
  // Rego text: {1, 2}, set(), {"a": 1}; strings quoted.
  std::string ToText() const;
  void AppendText(std::string& out) const;

  // For the virtual machine only: a node of the document tree, never visible to a policy.
  static Value Virtual(const void* node) {
    Value v;
    v.type_ = Type::kVirtual;
    v.node_ = node;
    return v;
  }
  const void* virtual_node() const { return node_; }

 private:
  friend Value SetOver(Arena& arena, std::span<const Value> sorted);
  friend class ArrayBuilder;
  friend class SetBuilder;
  friend class ObjectBuilder;
  Value(Type type, std::int64_t i) : type_(type), int_(i) {}

  static Value TextNumber(std::string_view text);
  static bool EqualSlow(const Value& a, const Value& b);
  // REQUIRES: an array.
  Value At(const Value& place) const;

  Type type_ = Type::kUndefined;
  bool as_text_ = false;  // a number that is kept as text
  std::uint32_t size_ = 0;
  union {
    std::int64_t int_ = 0;
    const char* text_;
    ArrayRep* array_;
    ObjectRep* object_;
    SetRep* set_;
    const void* node_;
  };
};
static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

struct Entry {
  Value key;
  Value value;
};

// Grows in the arena. REQUIRES (all builders): added values are defined and live as long as the result.
class ArrayBuilder {
 public:
  explicit ArrayBuilder(Arena& arena) : arena_(arena) {}
  void Add(const Value& value);
  std::size_t size() const { return size_; }
  // Once.
  Value Finish();

 private:
  Arena& arena_;
  Value* items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// The numbers of a builder's items by their hash. Empty until the items are many.
class ItemTable {
 public:
  bool empty() const { return size_ == 0; }
  // Room for twice as many cells as `items`; what was there is kept. REQUIRES: a power of two.
  void Grow(Arena& arena, std::size_t items);
  // The item of that hash for which same(number) holds; kNone if there is none.
  template <typename Same>
  std::uint32_t Find(std::uint64_t hash, const Same& same) const;
  // REQUIRES: there is room, and no such item.
  void Insert(std::uint64_t hash, std::uint32_t number);

  static constexpr std::uint32_t kNone = UINT32_MAX;

 private:
  struct Cell {
    std::uint32_t hash = 0;
    std::uint32_t number = kNone;
  };
  Cell* cells_ = nullptr;
  std::size_t size_ = 0;
};

class SetBuilder {
 public:
  explicit SetBuilder(Arena& arena) : arena_(arena) {}
  // The first spelling of equal members is kept. True if the member is new.
  bool Add(const Value& value);
  bool Has(const Value& value) const;
  std::size_t size() const { return size_; }
  Value Finish();

 private:
  void Grow();
  Arena& arena_;
  Value* items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  ItemTable table_;
};

class ObjectBuilder {
 public:
  explicit ObjectBuilder(Arena& arena) : arena_(arena) {}
  // False, and no change, if the key is there with another value.
  bool Insert(const Value& key, const Value& value);
  // Replaces the value of a key that is there.
  void Set(const Value& key, const Value& value);
  // The value under the key so far; undefined if none.
  Value Find(const Value& key) const;
  std::size_t size() const { return size_; }
  Value Finish();

 private:
  std::uint64_t HashOf(const Value& key) const { return table_.empty() ? 0 : key.Hash(); }
  Entry* FindEntry(const Value& key, std::uint64_t hash) const;
  void Append(const Value& key, const Value& value, std::uint64_t hash);
  Arena& arena_;
  Entry* items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  ItemTable table_;
};

// Of two sets, which are merged in their order. A member of both keeps the spelling of `a`. Each
// member that is looked at counts as a step.
Value SetUnion(Arena& arena, const Value& a, const Value& b);
Value SetIntersection(Arena& arena, const Value& a, const Value& b);
Value SetDifference(Arena& arena, const Value& a, const Value& b);

}  // namespace intentgate::rego
