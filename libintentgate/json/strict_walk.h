// The strict walk over simdjson's on-demand document, for whoever makes values from it inside this module. On-demand does not validate what
// it skips, so nothing is skipped: every value is visited, every number text is checked against RFC 8259, and every
// object is searched for a second member of the same name.
//
// `Build` makes the values; texts are borrowed from the parser and the padded text:
//
//   using Out, Items, Members;                       // a value, an array and an object that grow
//   void Null(Out&); void Bool(Out&, bool); void Number(Out&, std::string_view); void String(Out&, std::string_view);
//   Items StartArray(); Out& NextItem(Items&); void EndArray(Items&, Out&);
//   Members StartObject(); Out& NextMember(Members&, std::string_view name);
//   std::optional<std::string> EndObject(Members&, Out&);   // a name that is there twice; nullopt if there is none
//
// Never recurses deeper than the limit. Tested by tests/unit/json/reader_test.cc and tests/fuzz/json_fuzz.cc.
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include <intentgate/json.h>

#include "base/utf8.h"
#include "json/numbers.h"

namespace intentgate::json {

// What a parser works on, used again: allocating it costs more than reading a small message. Thread-compatible.
struct ParserMemory {
  simdjson::ondemand::parser parser;
  std::string padded;  // the text, in brackets if it is a scalar, with room behind it
};

template <typename Build>
class StrictWalk {
 public:
  using Out = typename Build::Out;
  explicit StrictWalk(Build& build) : build_(build) {}

  // Reads exactly one value. What `out` and the build hold after an error is of no use. Borrowed texts live until
  // `memory` is used again.
  Status Read(std::string_view text, const ParseLimits& limits, ParserMemory& memory, Out& out) {
    if (text.size() > limits.max_bytes) {
      return Error{ErrorCode::kLimitExceeded, "JSON: longer than " + std::to_string(limits.max_bytes) + " bytes"};
    }
    // On-demand does not look behind a scalar document, so a scalar is read as the only element of an array.
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    const bool scalar = start == std::string_view::npos || (text[start] != '{' && text[start] != '[');
    std::string& padded = memory.padded;
    padded.assign(scalar ? "[" : "");
    padded.append(text);
    if (scalar) padded.append("]");
    const std::size_t length = padded.size();
    padded.append(simdjson::SIMDJSON_PADDING, '\0');
    escapes_ = std::memchr(padded.data(), '\\', length) != nullptr;
    max_depth_ = limits.max_depth + (scalar ? 1 : 0);
    if (const auto error = memory.parser.allocate(length, limits.max_depth + 3)) return Malformed(error);
    simdjson::ondemand::document document;
    if (const auto error = memory.parser.iterate(padded.data(), length, padded.size()).get(document)) return Malformed(error);
    if (!(scalar ? OnlyElement(document, out) : Whole(document, out))) return std::move(*error_);
    return {};
  }

 private:
  using JsonType = simdjson::ondemand::json_type;
  using Token = simdjson::ondemand::value;

  static Error Malformed(std::string what) { return Error{ErrorCode::kMalformed, "JSON: " + std::move(what)}; }
  static Error Malformed(simdjson::error_code code) { return Malformed(std::string(simdjson::error_message(code))); }
  template <typename Why>
  bool Fail(Why why) {
    error_ = Malformed(std::move(why));
    return false;
  }

  static std::string_view Trim(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t')) {
      text.remove_suffix(1);
    }
    return text;
  }

  bool AtEnd(simdjson::ondemand::document& document) {
    const char* rest = nullptr;
    return document.current_location().get(rest) || Fail("text after the value");
  }

  bool Whole(simdjson::ondemand::document& document, Out& out) {
    Token value;
    if (const auto error = document.get_value().get(value)) return Fail(error);
    return Any(value, 1, out) && AtEnd(document);
  }

  bool OnlyElement(simdjson::ondemand::document& document, Out& out) {
    simdjson::ondemand::array array;
    if (const auto error = document.get_array().get(array)) return Fail(error);
    std::size_t count = 0;
    for (auto element : array) {
      Token inner;
      if (const auto error = element.get(inner)) return Fail(error);
      if (!Any(inner, 2, out)) return false;
      ++count;
    }
    return AtEnd(document) && (count == 1 || Fail("not exactly one value"));
  }

  bool Any(Token& value, std::size_t depth, Out& out) {
    JsonType type{};
    if (const auto error = value.type().get(type)) return Fail(error);
    if (type != JsonType::object && type != JsonType::array) return Scalar(value, type, out);
    if (depth > max_depth_) {
      error_ = Error{ErrorCode::kLimitExceeded, "JSON: nested deeper than " + std::to_string(max_depth_)};
      return false;
    }
    return type == JsonType::object ? Object(value, depth, out) : Array(value, depth, out);
  }

  bool Scalar(Token& value, JsonType type, Out& out) {
    switch (type) {
      case JsonType::null:
        if (Trim(value.raw_json_token()) != "null") return Fail("not a literal");
        build_.Null(out);
        return true;
      case JsonType::boolean: {
        bool b = false;
        if (const auto error = value.get_bool().get(b)) return Fail(error);
        build_.Bool(out, b);
        return true;
      }
      case JsonType::number: {
        const std::string_view text = Trim(value.raw_json_token());
        if (!IsJsonNumber(text)) return Fail("not a number");
        build_.Number(out, text);
        return true;
      }
      case JsonType::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return Fail(error);
        // An escaped lone low surrogate comes out of simdjson as three bytes that are no UTF-8.
        if (escapes_ && !base::IsValidUtf8(text)) return Fail("a lone surrogate in a string");
        build_.String(out, text);
        return true;
      }
      default: return Fail("not a value");
    }
  }

  bool Array(Token& value, std::size_t depth, Out& out) {
    simdjson::ondemand::array array;
    if (const auto error = value.get_array().get(array)) return Fail(error);
    typename Build::Items items = build_.StartArray();
    for (auto element : array) {
      Token inner;
      if (const auto error = element.get(inner)) return Fail(error);
      if (!Any(inner, depth + 1, build_.NextItem(items))) return false;
    }
    build_.EndArray(items, out);
    return true;
  }

  bool Object(Token& value, std::size_t depth, Out& out) {
    simdjson::ondemand::object object;
    if (const auto error = value.get_object().get(object)) return Fail(error);
    typename Build::Members members = build_.StartObject();
    for (auto field : object) {
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return Fail(error);
      if (escapes_ && !base::IsValidUtf8(name)) return Fail("a lone surrogate in a member name");
      Token inner;
      if (const auto error = field.value().get(inner)) return Fail(error);
      if (!Any(inner, depth + 1, build_.NextMember(members, name))) return false;
    }
    if (const std::optional<std::string> name = build_.EndObject(members, out)) return Fail(Twice(*name));
    return true;
  }

  static std::string Twice(const std::string& name) {
    std::string shown;
    AppendTokenRuleString(name, shown);
    return "the member " + shown + " appears twice";
  }

  Build& build_;
  std::size_t max_depth_ = 0;
  bool escapes_ = true;  // without any, what stage 1 checked is all that there is to check in strings
  std::optional<Error> error_;
};

}  // namespace intentgate::json
