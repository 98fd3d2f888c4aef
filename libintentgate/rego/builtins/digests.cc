// crypto.md5, sha1, sha256 and crypto.hmac.*: lower-case hex of OpenSSL's results.
#include <string>

#include "base/encoding.h"
#include "crypto/digests.h"
#include "crypto/secret_bytes.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;
using crypto::DigestKind;

Value HexOf(BuiltinContext& context, const Result<std::vector<std::uint8_t>>& digest) {
  if (!digest.ok()) return context.Error(digest.error().message);
  return builtins::MakeString(context, base::HexEncode(*digest));
}

template <DigestKind kKind>
Value Digest(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size());
  return HexOf(context, crypto::DigestOf(kKind, base::AsBytes(args[0].string())));
}

template <DigestKind kKind>
Value Hmac(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size() + args[1].string().size());
  return HexOf(context, crypto::HmacOf(kKind, base::AsBytes(args[1].string()), base::AsBytes(args[0].string())));
}

Value HmacEqual(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size());
  return Value::Bool(crypto::ConstantTimeEqual(base::AsBytes(args[0].string()), base::AsBytes(args[1].string())));
}

constexpr Builtin kTable[] = {
    MakeBuiltin("crypto.md5", Digest<DigestKind::kMd5>, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("crypto.sha1", Digest<DigestKind::kSha1>, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("crypto.sha256", Digest<DigestKind::kSha256>, ty::String, kBuiltinPlain, ty::String),
    MakeBuiltin("crypto.hmac.md5", Hmac<DigestKind::kMd5>, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("crypto.hmac.sha1", Hmac<DigestKind::kSha1>, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("crypto.hmac.sha256", Hmac<DigestKind::kSha256>, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("crypto.hmac.sha512", Hmac<DigestKind::kSha512>, ty::String, kBuiltinPlain, ty::String, ty::String),
    MakeBuiltin("crypto.hmac.equal", HmacEqual, ty::Boolean, kBuiltinPlain, ty::String, ty::String),
};

}  // namespace

std::span<const Builtin> DigestBuiltins() { return kTable; }

}  // namespace intentgate::rego
