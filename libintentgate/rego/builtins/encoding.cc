// base64, base64url, hex, urlquery. Decoding is as lenient as OPA's: line ends inside base64, unused bits
// in its last letter, both cases of hex. (base/encoding.h is strict and for our own formats.)
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/go_base64.h"
#include "rego/builtins/url_text.h"

namespace intentgate::rego {
namespace {

using base::AsBytes;
using builtins::MakeString;

using Args = std::span<const Value>;

Value Decoded(BuiltinContext& context, const Result<std::string>& bytes) {
  return bytes.ok() ? MakeString(context, *bytes) : context.Error(bytes.error().message);
}

Value Base64Encode(BuiltinContext& context, Args args) {
  context.arena.CheckRoom(args[0].string().size() * 3);
  return MakeString(context, base::Base64Encode(AsBytes(args[0].string())));
}
Value Base64Decode(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size());
  return Decoded(context, builtins::DecodeBase64(args[0].string(), false));
}
Value Base64IsValid(BuiltinContext& context, Args args) {
  if (!args[0].is_string()) return Value::Bool(false);
  builtins::ChargeBytes(context, args[0].string().size());
  return Value::Bool(builtins::DecodeBase64(args[0].string(), false).ok());
}

Value Base64UrlEncodeNoPad(BuiltinContext& context, Args args) {
  context.arena.CheckRoom(args[0].string().size() * 3);
  return MakeString(context, base::Base64UrlEncode(AsBytes(args[0].string())));
}
Value Base64UrlEncode(BuiltinContext& context, Args args) {
  context.arena.CheckRoom(args[0].string().size() * 3);
  std::string out = base::Base64UrlEncode(AsBytes(args[0].string()));
  out.append((4 - out.size() % 4) % 4, '=');
  return MakeString(context, out);
}
Value Base64UrlDecode(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size());
  return Decoded(context, builtins::DecodeBase64Url(args[0].string()));
}

Value HexEncode(BuiltinContext& context, Args args) {
  context.arena.CheckRoom(args[0].string().size() * 4);  // the text and its copy
  return MakeString(context, base::HexEncode(AsBytes(args[0].string())));
}

Value BadHexByte(BuiltinContext& context, char byte) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  const std::string hex = {kHex[value >> 4U], kHex[value & 15U]};
  const bool visible = byte > ' ' && byte < 0x7F;
  return context.Error("encoding/hex: invalid byte: U+00" + hex + (visible ? " '" + std::string(1, byte) + "'" : ""));
}

Value HexDecode(BuiltinContext& context, Args args) {
  const std::string_view text = args[0].string();
  builtins::ChargeBytes(context, text.size());
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = builtins::HexDigit(text[i]);
    if (high < 0) return BadHexByte(context, text[i]);
    if (i + 1 == text.size()) return context.Error("encoding/hex: odd length hex string");
    const int low = builtins::HexDigit(text[i + 1]);
    if (low < 0) return BadHexByte(context, text[i + 1]);
    out += static_cast<char>(high * 16 + low);
  }
  return MakeString(context, out);
}

Value UrlEncode(BuiltinContext& context, Args args) {
  context.arena.CheckRoom(args[0].string().size() * 3);
  return MakeString(context, builtins::EscapeQuery(args[0].string()));
}

Value UrlDecode(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size());
  const Result<std::string> text = builtins::UnescapeUrl(args[0].string(), true);
  return text.ok() ? MakeString(context, *text) : context.Error(text.error().message);
}

// Keys and the values of sets in sorted order, arrays in theirs.
Value UrlEncodeObject(BuiltinContext& context, Args args) {
  std::string out;
  for (const Entry& entry : args[0].entries()) {
    if (!entry.key.is_string()) return context.TypeError("operand 1 must be object with string keys");
    const std::string key = builtins::EscapeQuery(entry.key.string());
    bool good = true;
    builtins::ForEachOrOne(entry.value, [&](const Value& value) {
      if (!value.is_string()) {
        good = false;
        return;
      }
      builtins::ChargeRunes(context, 4 * (key.size() + value.string().size()));
      context.arena.CheckRoom(3 * out.size() + 6 * (key.size() + value.string().size()));
      if (!out.empty()) out += '&';
      out.append(key).append("=").append(builtins::EscapeQuery(value.string()));
    });
    if (!good) return context.TypeError("operand 1 must be object with values that are strings, or arrays or sets of strings");
  }
  return MakeString(context, out);
}

Value UrlDecodeObject(BuiltinContext& context, Args args) {
  std::string_view rest = args[0].string();
  builtins::ChargeBytes(context, rest.size());
  ObjectBuilder out(context.arena);
  while (!rest.empty()) {
    context.Charge(1);
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.find(';') != std::string_view::npos) return context.Error("invalid semicolon separator in query");
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const Result<std::string> key = builtins::UnescapeUrl(pair.substr(0, equals), true);
    if (!key.ok()) return context.Error(key.error().message);
    const Result<std::string> value = builtins::UnescapeUrl(equals < pair.size() ? pair.substr(equals + 1) : "", true);
    if (!value.ok()) return context.Error(value.error().message);
    const Value name = MakeString(context, *key);
    ArrayBuilder list(context.arena);
    const Value before = out.Find(name);
    if (before.defined()) {
      context.Charge(before.size());
      for (const Value& v : before.elements()) list.Add(v);
    }
    list.Add(MakeString(context, *value));
    out.Set(name, list.Finish());
  }
  return out.Finish();
}

constexpr Builtin kTable[] = {
    MakeBuiltin("base64.encode", Base64Encode, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("base64.decode", Base64Decode, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("base64.is_valid", Base64IsValid, ty::Boolean, kBuiltinUncheckedArgs, ty::String),
    MakeBuiltin("base64url.encode", Base64UrlEncode, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("base64url.encode_no_pad", Base64UrlEncodeNoPad, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("base64url.decode", Base64UrlDecode, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("hex.encode", HexEncode, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("hex.decode", HexDecode, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("urlquery.encode", UrlEncode, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("urlquery.decode", UrlDecode, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("urlquery.encode_object", UrlEncodeObject, ty::String, kBuiltinPlain, ty::Object),
    MakeBuiltin("urlquery.decode_object", UrlDecodeObject, TypeSpec{ty::kObject, ty::kArray}, kBuiltinPlain, ty::String),
};

}  // namespace

std::span<const Builtin> EncodingBuiltins() { return kTable; }

}  // namespace intentgate::rego
