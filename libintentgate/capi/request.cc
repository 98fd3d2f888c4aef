#include "capi/request.h"

#include <algorithm>
#include <utility>

namespace intentgate::capi {

namespace {

Result<json::Value> ReadRequest(std::string_view text, std::initializer_list<std::string_view> known_members,
                                const json::ParseLimits& limits) {
  Result<json::Value> parsed = json::Parse(text, limits);
  if (!parsed.ok()) return Error{parsed.error().code, "the request: " + parsed.error().message};
  if (!parsed->is_object()) return Error{ErrorCode::kInvalidArgument, "the request must be a JSON object"};
  for (const json::Member& member : parsed->object()) {
    if (std::find(known_members.begin(), known_members.end(), member.name) != known_members.end()) continue;
    std::string list;
    for (const std::string_view name : known_members) list.append(list.empty() ? "" : ", ").append(name);
    return Error{ErrorCode::kInvalidArgument, "the request has no member \"" + member.name + "\"; known are " + list};
  }
  return parsed;
}

}  // namespace

Request::Request(std::string_view text, std::initializer_list<std::string_view> known_members, const json::ParseLimits& limits) {
  Result<json::Value> read = ReadRequest(text.empty() ? "{}" : text, known_members, limits);
  if (read.ok()) {
    value_ = *std::move(read);
  } else {
    status_ = read.error();
  }
}

const json::Value* Request::Member(std::string_view name, json::Kind kind, const char* wanted) {
  const json::Value* member = value_.Find(name);
  if (member == nullptr || member->kind() == kind) return member;
  Refuse({ErrorCode::kInvalidArgument, std::string(name) + " must be " + wanted});
  return nullptr;
}

std::string Request::Text(std::string_view name, std::string_view absent) {
  const json::Value* member = Member(name, json::Kind::kString, "a string");
  return member == nullptr ? std::string(absent) : member->string_value();
}

std::optional<std::int64_t> Request::Integer(std::string_view name) {
  const json::Value* member = Member(name, json::Kind::kNumber, "an integer");
  if (member == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = member->AsInt64();
  if (!number) Refuse({ErrorCode::kInvalidArgument, std::string(name) + " must be an integer of 64 bits"});
  return number;
}

bool Request::Flag(std::string_view name) {
  const json::Value* member = Member(name, json::Kind::kBool, "true or false");
  return member != nullptr && member->bool_value();
}

std::vector<std::string> Request::Texts(std::string_view name) {
  std::vector<std::string> out;
  const json::Value* member = Member(name, json::Kind::kArray, "an array of strings");
  if (member == nullptr) return out;
  for (const json::Value& entry : member->array()) {
    if (!entry.is_string()) {
      Refuse({ErrorCode::kInvalidArgument, std::string(name) + " must be an array of strings"});
      return {};
    }
    out.push_back(entry.string_value());
  }
  return out;
}

json::Value Request::Object(std::string_view name) {
  const json::Value* member = Member(name, json::Kind::kObject, "an object");
  return member == nullptr ? json::Value() : *member;
}

std::vector<Caveat> Request::Caveats(std::string_view name) {
  std::vector<Caveat> out;
  const json::Value* member = Member(name, json::Kind::kArray, "an array of caveats");
  if (member == nullptr) return out;
  for (std::size_t i = 0; i < member->array().size(); ++i) {
    Result<Caveat> caveat = Caveat::FromJson(member->array()[i]);
    if (!caveat.ok()) {
      Refuse({caveat.error().code, std::string(name) + "[" + std::to_string(i) + "]: " + caveat.error().message});
      return {};
    }
    out.push_back(*std::move(caveat));
  }
  return out;
}

void Request::Refuse(Error error) {
  if (status_.ok()) status_ = std::move(error);
}

Result<std::optional<json::Value>> ReadArguments(std::string_view text) {
  if (text.empty()) return std::optional<json::Value>();
  Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) return Error{parsed.error().code, "arguments_json: " + parsed.error().message};
  if (!parsed->is_object()) return Error{ErrorCode::kInvalidArgument, "arguments_json must be a JSON object, or empty"};
  return std::optional<json::Value>(*std::move(parsed));
}

}  // namespace intentgate::capi
