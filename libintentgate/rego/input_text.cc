#include "rego/input_text.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace intentgate::rego {
namespace {

class Builder final : public json::EventSink {
 public:
  Builder(Arena& arena, std::vector<Value>& pending, std::vector<std::size_t>& opened) : arena_(arena), pending_(pending), opened_(opened) {
    pending_.clear();
    opened_.clear();
  }

  void Null() override { pending_.push_back(Value::Null()); }
  void Bool(bool b) override { pending_.push_back(Value::Bool(b)); }
  void Number(std::string_view text) override { pending_.push_back(Value::NumberRef(text)); }
  void String(std::string_view text) override { pending_.push_back(Value::StringRef(text)); }
  void Name(std::string_view name) override { pending_.push_back(Value::StringRef(name)); }
  void StartArray() override { opened_.push_back(pending_.size()); }
  void StartObject() override { opened_.push_back(pending_.size()); }

  void EndArray() override { Close(Value::Array(arena_, Inside())); }

  std::optional<std::string> EndObject() override {
    const std::span<const Value> inside = Inside();
    const std::size_t size = inside.size() / 2;
    Entry* entries = arena_.NewArray<Entry>(size);
    for (std::size_t i = 0; i < size; ++i) entries[i] = {inside[2 * i], inside[2 * i + 1]};
    const Entry* twice = nullptr;
    const Value object = Value::ObjectOver(arena_, {entries, size}, &twice);
    if (twice != nullptr) return FirstTwice(inside);
    Close(object);
    return std::nullopt;
  }

 private:
  // The name that json::Parse tells: the first one that was there before, in the order of the text. Sorted entries no longer know it.
  static std::string FirstTwice(std::span<const Value> names_and_values) {
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < names_and_values.size(); i += 2) {
      if (!seen.insert(names_and_values[i].string()).second) return std::string(names_and_values[i].string());
    }
    return {};
  }
  std::span<const Value> Inside() const { return std::span<const Value>(pending_).subspan(opened_.back()); }
  void Close(const Value& value) {
    pending_.resize(opened_.back());
    opened_.pop_back();
    pending_.push_back(value);
  }

  Arena& arena_;
  std::vector<Value>& pending_;
  std::vector<std::size_t>& opened_;
};

}  // namespace

Result<Value> InputText::Read(Arena& arena, std::string_view text, const json::ParseLimits& limits) {
  constexpr std::size_t kKeptFor = std::size_t{2} << 20;  // memory for larger texts is given back at the next small one
  if (reader_ == nullptr || (largest_ > kKeptFor && text.size() <= kKeptFor)) {
    reader_ = std::make_unique<json::EventReader>();
    pending_ = {};
    largest_ = 0;
  }
  largest_ = std::max(largest_, text.size());
  Builder builder(arena, pending_, opened_);
  if (const Status read = reader_->Read(text, limits, builder); !read.ok()) return read.error();
  return pending_.front();
}

}  // namespace intentgate::rego
