// The strict walk over simdjson's on-demand document. On-demand does not validate what it skips, so
// nothing is skipped: every value is visited, every number text is checked against RFC 8259, and
// every object is searched for a second member of the same name.
// Tested by tests/unit/json/reader_test.cc and tests/fuzz/json_fuzz.cc.

#include <intentgate/json.h>

#include <simdjson.h>

#include <string>
#include <unordered_set>

#include "base/utf8.h"
#include "json/numbers.h"

namespace intentgate::json {
namespace {

namespace sj = simdjson;
namespace od = simdjson::ondemand;

// From here on a hash set finds duplicates faster than comparing all pairs.
constexpr std::size_t kLinearMembers = 16;

Error Malformed(std::string what) { return Error{ErrorCode::kMalformed, "JSON: " + std::move(what)}; }
Error Malformed(sj::error_code code) { return Malformed(std::string(sj::error_message(code))); }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

class Reader {
 public:
  explicit Reader(std::size_t max_depth) : max_depth_(max_depth) {}

  // REQUIRES: the text starts with a bracket.
  Result<Value> Document(od::document& document) {
    od::value value;
    if (const auto error = document.get_value().get(value)) return Malformed(error);
    Result<Value> out = Any(value, 1);
    const char* rest = nullptr;
    if (out.ok() && !document.current_location().get(rest)) return Malformed("text after the value");
    return out;
  }

 private:
  Result<Value> Any(od::value value, std::size_t depth) {
    od::json_type type{};
    if (const auto error = value.type().get(type)) return Malformed(error);
    if (type == od::json_type::object || type == od::json_type::array) {
      if (depth > max_depth_) {
        return Error{ErrorCode::kLimitExceeded, "JSON: nested deeper than " + std::to_string(max_depth_)};
      }
      return type == od::json_type::object ? ReadObject(value, depth) : ReadArray(value, depth);
    }
    return Scalar(value, type);
  }

  Result<Value> Scalar(od::value& value, od::json_type type) {
    Value out;
    switch (type) {
      case od::json_type::null: {
        if (Trim(value.raw_json_token()) != "null") return Malformed("not a literal");
        return out;
      }
      case od::json_type::boolean: {
        bool b = false;
        if (const auto error = value.get_bool().get(b)) return Malformed(error);
        out.v_ = b;
        return out;
      }
      case od::json_type::number: {
        const std::string_view text = Trim(value.raw_json_token());
        if (!IsJsonNumber(text)) return Malformed("not a number");
        out.v_ = Number{std::string(text)};
        return out;
      }
      case od::json_type::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return Malformed(error);
        // An escaped lone low surrogate comes out of simdjson as three bytes that are no UTF-8.
        if (!base::IsValidUtf8(text)) return Malformed("a lone surrogate in a string");
        out.v_ = std::string(text);
        return out;
      }
      default: return Malformed("not a value");
    }
  }

  Result<Value> ReadArray(od::value& value, std::size_t depth) {
    od::array array;
    if (const auto error = value.get_array().get(array)) return Malformed(error);
    Array out;
    for (auto element : array) {
      od::value inner;
      if (const auto error = element.get(inner)) return Malformed(error);
      Result<Value> read = Any(inner, depth + 1);
      if (!read.ok()) return read;
      out.push_back(std::move(*read));
    }
    return Value(std::move(out));
  }

  Result<Value> ReadObject(od::value& value, std::size_t depth) {
    od::object object;
    if (const auto error = value.get_object().get(object)) return Malformed(error);
    Object out;
    std::unordered_set<std::string_view> seen;
    for (auto field : object) {
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return Malformed(error);
      if (!base::IsValidUtf8(name)) return Malformed("a lone surrogate in a member name");
      std::string owned(name);
      for (std::size_t i = 0; i < out.size() && out.size() < kLinearMembers; ++i) {
        if (out[i].name == owned) return Duplicate(owned);
      }
      od::value inner;
      if (const auto error = field.value().get(inner)) return Malformed(error);
      Result<Value> read = Any(inner, depth + 1);
      if (!read.ok()) return read;
      out.push_back({std::move(owned), std::move(*read)});
    }
    if (out.size() > kLinearMembers) {
      for (const Member& member : out) {
        if (!seen.insert(member.name).second) return Duplicate(member.name);
      }
    }
    return Value(std::move(out));
  }

  static Error Duplicate(const std::string& name) {
    std::string shown;
    AppendTokenRuleString(name, shown);
    return Malformed("the member " + shown + " appears twice");
  }

  std::size_t max_depth_;
};

Result<Value> Parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error{ErrorCode::kLimitExceeded, "JSON: longer than " + std::to_string(limits.max_bytes) + " bytes"};
  }
  // Reused buffers: allocating a parser costs more than reading a small message.
  static thread_local od::parser parser;
  static thread_local std::string padded;
  // On-demand does not look behind a scalar document, so a scalar is read as the only element of an array.
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  const bool scalar = start == std::string_view::npos || (text[start] != '{' && text[start] != '[');
  padded.assign(scalar ? "[" : "");
  padded.append(text);
  if (scalar) padded.append("]");
  const std::size_t length = padded.size();
  padded.append(sj::SIMDJSON_PADDING, '\0');
  if (const auto error = parser.allocate(length, limits.max_depth + 3)) return Malformed(error);
  od::document document;
  if (const auto error = parser.iterate(padded.data(), length, padded.size()).get(document)) return Malformed(error);
  Result<Value> read = Reader(limits.max_depth + (scalar ? 1 : 0)).Document(document);
  if (!read.ok() || !scalar) return read;
  if (read->array().size() != 1) return Malformed("not exactly one value");
  return std::move(read->array().front());
}

Status RefuseCaseVariants(const Value& object, std::span<const std::string_view> protocol_members) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const Member& member : object.object()) {
    for (const std::string_view wanted : protocol_members) {
      if (member.name == wanted || member.name.size() != wanted.size()) continue;
      bool same = true;
      for (std::size_t i = 0; i < wanted.size() && same; ++i) same = lower(member.name[i]) == lower(wanted[i]);
      if (same) {
        return Malformed("the member \"" + member.name + "\" differs only by case from \"" + std::string(wanted) + "\"");
      }
    }
  }
  return {};
}

}  // namespace intentgate::json
