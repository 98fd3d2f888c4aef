// keygen, mint, attenuate, decode, verify.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

#include <intentgate/clock.h>
#include <intentgate/token.h>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

// Creates the file, and only creates: a key file is never overwritten.
Status WriteNewSecretFile(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) {
    return Error{ErrorCode::kIo, path + ": exists already and is not overwritten; choose another name"};
  }
  if (fd < 0) return Error{ErrorCode::kIo, path + ": " + std::strerror(errno)};
  const ssize_t written = write(fd, text.data(), text.size());
  const bool good = written == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  if (close(fd) != 0 || !good) {
    unlink(path.c_str());
    return Error{ErrorCode::kIo, path + ": could not be written whole"};
  }
  return {};
}

Result<TokenFormat> ParseFormat(const std::string& text) {
  if (text == "v3" || text == "3") return TokenFormat::kV3;
  if (text == "v4" || text == "4") return TokenFormat::kV4;
  if (text == "v5" || text == "5") return TokenFormat::kV5;
  return Error{ErrorCode::kInvalidArgument, "--format '" + text + "': v3, v4 or v5"};
}

json::Value Refusal(const TokenRefusal& refusal) {
  json::Value out = json::MakeObject({{"ok", false}, {"code", ReasonName(refusal.reason)}, {"reason", refusal.message}});
  if (refusal.caveat_index) out.Set("caveat", static_cast<std::int64_t>(*refusal.caveat_index));
  if (refusal.hop) out.Set("hop", static_cast<std::int64_t>(*refusal.hop));
  return out;
}

int Refuse(const TokenRefusal& refusal, bool as_json, const Streams& streams) {
  if (as_json) {
    streams.out << json::Write(Refusal(refusal)) << "\n";
  } else {
    streams.out << "refused (" << ReasonName(refusal.reason) << "): " << refusal.message << "\n";
  }
  return kExitNo;
}

// Of a stranger's number: beyond the year 9999 it stays a number.
std::string TimeText(std::int64_t unix_seconds) {
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (unix_seconds < 0 || unix_seconds >= kYear10000) return std::to_string(unix_seconds);
  return FormatTime(unix_seconds * 1'000'000);
}

void Print(const TokenContent& content, std::ostream& out) {
  out << "format    v" << static_cast<int>(content.format) << "\n"
      << "subject   " << content.subject << "\n"
      << "tenant    " << content.tenant << "\n"
      << "issuer    " << content.issuer << "\n"
      << "jti       " << content.jti << "\n"
      << "root      " << content.root_jti << "\n";
  if (!content.key_id.empty()) out << "key       " << content.key_id << "\n";
  if (!content.audience.empty()) out << "audience  " << content.audience << "\n";
  out << "issued    " << TimeText(content.issued_at) << "\n";
  if (content.expires_at) out << "expires   " << TimeText(*content.expires_at) << "\n";
  for (std::size_t hop = 0; hop < content.hops.size(); ++hop) {
    const Hop& at = content.hops[hop];
    out << (hop == 0 ? "root" : "hop " + std::to_string(hop)) << (at.label.empty() ? "" : " \"" + at.label + "\"") << "\n";
    for (std::size_t i = at.first_caveat; i < at.first_caveat + at.caveat_count; ++i) {
      out << "  " << i << "  " << content.caveats[i].Describe() << "\n";
    }
  }
  if (content.sealed) out << "sealed: nothing can be added\n";
}

}  // namespace

int Keygen(const KeygenOptions& options, const Streams& streams) {
  const auto random = SystemRandom();
  const Result<std::string> line = GenerateKeyLine(options.id, *random);
  if (!line.ok()) return Fail(streams, line.error());
  if (options.out.empty()) {
    streams.out << *line << "\n";
    return kExitOk;
  }
  if (Status written = WriteNewSecretFile(options.out, *line + "\n"); !written.ok()) return Fail(streams, written.error());
  streams.err << "intentgate: key \"" << options.id << "\" written to " << options.out << " (mode 0600)\n";
  return kExitOk;
}

int MintToken(const MintOptions& options, const Streams& streams) {
  const Result<KeyRing> ring = ReadKeys(options.keys);
  if (!ring.ok()) return Fail(streams, ring.error());
  const Result<TokenFormat> format = ParseFormat(options.format);
  if (!format.ok()) return Fail(streams, format.error());
  Result<std::vector<Caveat>> caveats = ParseCaveats(options.caveats);
  if (!caveats.ok()) return Fail(streams, caveats.error());
  MintRequest request;
  request.format = *format;
  request.subject = options.subject;
  request.tenant = options.tenant;
  request.issuer = options.issuer;
  request.audience = options.audience;
  request.max_depth = options.max_depth;
  request.caveats = std::move(*caveats);
  if (!options.ttl.empty()) {
    const Result<std::int64_t> ttl = ParseDuration(options.ttl);
    if (!ttl.ok()) return Fail(streams, ttl.error());
    request.ttl_seconds = *ttl;
  }
  const auto random = SystemRandom();
  const Result<MintedToken> minted = Mint(*ring, request, *SystemClock(), *random);
  if (!minted.ok()) return Fail(streams, minted.error());
  if (!options.json) {
    streams.out << minted->token << "\n";
    return kExitOk;
  }
  json::Value out = json::MakeObject({{"token", minted->token}, {"jti", minted->jti}, {"subject", options.subject}});
  if (minted->expires_at) out.Set("expires_at", *minted->expires_at);
  streams.out << json::Write(out) << "\n";
  return kExitOk;
}

int AttenuateToken(const AttenuateCommandOptions& options, const Streams& streams) {
  const Result<std::string> parent = ReadToken(options.token, streams);
  if (!parent.ok()) return Fail(streams, parent.error());
  Result<std::vector<Caveat>> caveats = ParseCaveats(options.caveats);
  if (!caveats.ok()) return Fail(streams, caveats.error());
  AttenuateOptions narrowing;
  narrowing.seal = options.seal;
  narrowing.label = options.label;
  if (!options.ttl.empty()) {
    const Result<std::int64_t> ttl = ParseDuration(options.ttl);
    if (!ttl.ok()) return Fail(streams, ttl.error());
    narrowing.expires_in_seconds = *ttl;
  }
  const auto random = SystemRandom();
  const Result<std::string> child = Attenuate(*parent, *caveats, narrowing, *SystemClock(), *random);
  if (!child.ok()) return Fail(streams, child.error());
  if (!options.json) {
    streams.out << *child << "\n";
    return kExitOk;
  }
  json::Value out = json::MakeObject({{"token", *child}});
  if (const Result<TokenContent> content = Decode(*child); content.ok()) {
    out.Set("jti", content->jti);
    if (content->expires_at) out.Set("expires_at", *content->expires_at);
  }
  streams.out << json::Write(out) << "\n";
  return kExitOk;
}

int DecodeToken(const DecodeOptions& options, const Streams& streams) {
  const Result<std::string> token = ReadToken(options.token, streams);
  if (!token.ok()) return Fail(streams, token.error());
  const Result<TokenContent> content = Decode(*token);
  if (!content.ok()) return Fail(streams, content.error());
  if (options.json) {
    streams.out << json::Write(content->ToJson()) << "\n";
  } else {
    Print(*content, streams.out);
    streams.err << "intentgate: not verified; `intentgate verify` checks the signature\n";
  }
  return kExitOk;
}

int VerifyToken(const VerifyOptionsCli& options, const Streams& streams) {
  const Result<KeyRing> ring = ReadKeys(options.keys);
  if (!ring.ok()) return Fail(streams, ring.error());
  const Result<std::string> token = ReadToken(options.token, streams);
  if (!token.ok()) return Fail(streams, token.error());
  json::Value arguments = json::Object{};
  if (!options.arguments.empty()) {
    Result<json::Value> parsed = json::Parse(options.arguments);
    if (!parsed.ok()) return Fail(streams, Error{parsed.error().code, "--args: " + parsed.error().message});
    if (!parsed->is_object()) return Fail(streams, Error{ErrorCode::kInvalidArgument, "--args: wants a JSON object"});
    arguments = std::move(*parsed);
  }
  const auto clock = SystemClock();
  VerifyOptions verify;
  verify.audience = options.audience;
  const VerifyResult result = Verify(*token, *ring, verify, *clock);
  if (!result.ok()) return Refuse(result.refusal(), options.json, streams);
  const TokenContent& content = result.token().content();
  CaveatContext context;
  context.tool = options.tool;
  context.arguments = &arguments;
  context.agent = content.subject;
  context.now = clock->UnixSeconds();
  if (!options.tool.empty()) {
    if (const auto refusal = CheckCaveats(result.token(), context)) return Refuse(*refusal, options.json, streams);
  } else if (content.expires_at && context.now >= *content.expires_at) {
    return Refuse({Reason::kTokenExpired, "the token expired", {}, {}}, options.json, streams);
  }
  if (options.json) {
    streams.out << json::Write(json::MakeObject({{"ok", true}, {"token", content.ToJson()}})) << "\n";
  } else {
    streams.out << "good: " << content.subject << " of tenant " << content.tenant;
    if (!options.tool.empty()) streams.out << " may call " << options.tool;
    streams.out << "\n";
  }
  return kExitOk;
}

}  // namespace intentgate::cli
