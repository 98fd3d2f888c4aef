// The CBOR subset has one spelling for each value: what the reader takes, the writer writes back to
// the byte, as plain items and as caveats.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "token/v5/caveat_cbor.h"
#include "token/v5/cbor.h"

namespace {

using namespace intentgate;

constexpr std::size_t kDepth = 40;

// Copies one item. The reader has passed over it before, so nothing here can fail.
void Copy(token::CborReader& in, token::CborWriter& out) {
  std::uint64_t n = 0;
  std::int64_t negative = 0;
  std::string_view text;
  std::size_t count = 0;
  bool b = false;
  switch (in.Peek()) {
    case token::CborType::kUnsigned:
      if (in.Unsigned(n)) out.Unsigned(n);
      return;
    case token::CborType::kNegative:
      if (in.Integer(negative)) out.Integer(negative);
      return;
    case token::CborType::kBytes:
      if (in.Bytes(text)) out.Bytes(text);
      return;
    case token::CborType::kText:
      if (in.Text(text)) out.Text(text);
      return;
    case token::CborType::kArray:
      if (!in.Array(count)) return;
      out.Array(count);
      for (; count > 0; --count) Copy(in, out);
      return;
    case token::CborType::kMap:
      if (!in.Map(count)) return;
      out.Map(count);
      for (count *= 2; count > 0; --count) Copy(in, out);
      return;
    case token::CborType::kFalse:
    case token::CborType::kTrue:
      if (in.Bool(b)) out.Bool(b);
      return;
    case token::CborType::kNull:
      if (in.Null()) out.Null();
      return;
    case token::CborType::kNone: return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  token::CborReader skip(bytes);
  if (skip.Skip(kDepth)) {
    const std::string_view item = bytes.substr(0, skip.offset());
    token::CborReader again(item);
    std::string copy;
    token::CborWriter writer(copy);
    Copy(again, writer);
    // Negative integers below int64 are well-formed but have no Integer().
    if (again.ok() && copy != item) std::abort();
  }
  token::CborReader in(bytes);
  Caveat caveat;
  if (token::ReadCaveat(in, caveat) && caveat.kind != CaveatKind::kUnknown) {
    std::string written;
    token::CborWriter writer(written);
    if (!token::WriteCaveat(caveat, writer).ok() || written != bytes.substr(0, in.offset())) std::abort();
  }
  return 0;
}
