// audit verify: an export, a bundle or the proof of one event, without the server and without the store.

#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <memory>
#include <ostream>
#include <sstream>
#include <utility>

#include <sys/stat.h>

#include <intentgate/bundle.h>

#include "cli/audit_common.h"

namespace intentgate::cli {
namespace {

using Outcome = ExportVerifier::Report::Outcome;

constexpr std::size_t kPiece = 1 << 16;
constexpr std::string_view kProofStart = "c2sp.org/tlog-proof@";
constexpr std::string_view kBundleStart = "README.txt";
constexpr std::size_t kMaxProofBytes = std::size_t{2} << 20;

int FailVerify(const Streams& streams, const Error& error) {
  streams.err << "intentgate: " << error.message << "\n";
  if (error.code == ErrorCode::kUnknownKey) return kExitUnknownKey;
  return error.code == ErrorCode::kBadMac ? kExitNo : kExitCannotVerify;
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kIntact: return "intact";
    case Outcome::kTampered: return "tampered";
    case Outcome::kTruncated: return "truncated";
    case Outcome::kMalformed: return "malformed";
  }
  return "malformed";
}

int ExitFor(Outcome outcome) {
  switch (outcome) {
    case Outcome::kIntact: return kExitOk;
    case Outcome::kTampered: return kExitNo;
    case Outcome::kTruncated: return kExitTruncated;
    case Outcome::kMalformed: return kExitCannotVerify;
  }
  return kExitCannotVerify;
}

int ExitFor(BundleVerdict verdict) {
  switch (verdict) {
    case BundleVerdict::kIntact: return kExitOk;
    case BundleVerdict::kTampered: return kExitNo;
    case BundleVerdict::kTruncated:
    case BundleVerdict::kNotCovered: return kExitTruncated;
    case BundleVerdict::kForked: return kExitForked;
    case BundleVerdict::kUnknownKey: return kExitUnknownKey;
    case BundleVerdict::kMalformed: return kExitCannotVerify;
  }
  return kExitCannotVerify;
}

void PrintExport(const ExportVerifier::Report& report, bool as_json, std::ostream& out) {
  if (as_json) {
    json::Array heads;
    for (const auto& [tenant, head] : report.heads) {
      heads.push_back(json::MakeObject({{"tenant", tenant}, {"next_seq", head.next_seq}, {"hash", head.hash}}));
    }
    json::Value value = json::MakeObject({{"result", OutcomeName(report.outcome)},
                                          {"events", report.events},
                                          {"complete", report.complete},
                                          {"message", report.message},
                                          {"heads", json::Value(std::move(heads))}});
    if (!report.pruned.empty()) {
      json::Array pruned;
      for (const ExportVerifier::Report::Beginning& one : report.pruned) {
        pruned.push_back(json::MakeObject({{"tenant", one.tenant}, {"first_seq", one.first_seq}, {"prev_hash", one.prev_hash}}));
      }
      value.Set("pruned", json::Value(std::move(pruned)));
    }
    if (report.bad_line) value.Set("bad_line", *report.bad_line);
    if (report.bad_seq) value.Set("bad_seq", *report.bad_seq);
    out << json::Write(value) << "\n";
    return;
  }
  out << OutcomeName(report.outcome) << ": " << report.message << "\n";
  for (const ExportVerifier::Report::Beginning& one : report.pruned) {
    out << "  tenant " << one.tenant << ": begins at " << one.first_seq << ", behind " << one.prev_hash << "\n";
  }
  for (const auto& [tenant, head] : report.heads) {
    out << "  tenant " << tenant << ": next sequence number " << head.next_seq << ", head " << head.hash << "\n";
  }
}

json::Value Names(const std::vector<std::string>& names) {
  json::Array out;
  for (const std::string& name : names) out.emplace_back(name);
  return json::Value(std::move(out));
}

json::Value ToJson(const BundleReport& report) {
  json::Value value = json::MakeObject({{"result", BundleVerdictName(report.verdict)},
                                        {"message", report.message},
                                        {"tenant", report.tenant},
                                        {"events", report.events},
                                        {"first_seq", report.first_seq},
                                        {"next_seq", report.next_seq},
                                        {"covered", report.covered},
                                        {"uncovered_events", report.uncovered_events},
                                        {"filtered", report.filtered},
                                        {"complete", report.complete},
                                        {"last_hash", report.last_hash},
                                        {"origin", report.origin},
                                        {"root", report.root_hex},
                                        {"signed_by", Names(report.signed_by)}});
  if (report.bad_seq) value.Set("bad_seq", *report.bad_seq);
  if (!report.bad_event_id.empty()) value.Set("bad_event_id", report.bad_event_id);
  return value;
}

void Print(const BundleReport& report, std::ostream& out) {
  out << BundleVerdictName(report.verdict) << ": " << report.message << "\n";
  if (report.bad_seq) {
    out << "  first bad event: " << *report.bad_seq;
    if (!report.bad_event_id.empty()) out << " (" << report.bad_event_id << ")";
    out << "\n";
  }
  if (!report.origin.empty()) {
    out << "  checkpoint: " << report.origin << ", " << report.covered << " events, root " << report.root_hex << "\n";
    for (const std::string& name : report.signed_by) out << "  signed by: " << name << "\n";
  }
}

// Two signed statements that contradict each other are evidence themselves.
void PrintFork(const std::optional<BundleFork>& fork, bool as_json, std::ostream& out) {
  if (!fork || as_json) return;
  out << "\nKeep both of these; together they prove it.\n\n" << fork->older_note << "\n" << fork->newer_note;
}

// A key's text, or a file that holds one.
Result<std::string> KeyText(const std::string& given, const Streams& streams) {
  if (given.find('+') != std::string::npos) return given;
  Result<std::string> text = ReadInput(given, streams);
  if (!text.ok()) return Error{text.error().code, "--key wants a verifier key, \"name+id+key\", or a file with one: " + text.error().message};
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) text->pop_back();
  return text;
}

Result<BundleTrust> ReadTrust(const AuditVerifyOptions& options, const Streams& streams) {
  BundleTrust trust;
  for (const std::string& given : options.keys) {
    Result<std::string> key = KeyText(given, streams);
    if (!key.ok()) return key.error();
    trust.keys.push_back(std::move(*key));
  }
  if (!options.witnesses.empty()) {
    Result<std::string> policy = ReadInput(options.witnesses, streams);
    if (!policy.ok()) return policy.error();
    trust.witness_policy = *std::move(policy);
  }
  for (const auto& [files, notes] : {std::pair{&options.against, &trust.older_checkpoints}, {&options.receipts, &trust.receipts}}) {
    for (const std::string& file : *files) {
      Result<std::string> note = ReadInput(file, streams);
      if (!note.ok()) return note.error();
      notes->push_back(std::move(*note));
    }
  }
  return trust;
}

// Feeds a verifier piece by piece; the first piece was read to see what it is.
template <typename Verifier>
Status FeedAll(Verifier& verifier, std::string first, std::istream& in, const std::string& name, const Streams& streams) {
  Progress progress(streams, "read");
  for (std::string piece = std::move(first); !piece.empty();) {
    verifier.Feed(piece);
    progress.Add(static_cast<std::int64_t>(piece.size()));
    piece.resize(kPiece);
    in.read(piece.data(), kPiece);
    piece.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return Error{ErrorCode::kIo, name + ": cannot be read"};
  return {};
}

int VerifyExport(const AuditVerifyOptions& options, std::string first, std::istream& in, const Streams& streams) {
  ExportVerifier verifier;
  if (Status s = FeedAll(verifier, std::move(first), in, options.file, streams); !s.ok()) return FailVerify(streams, s.error());
  ExportVerifier::Report report = verifier.Finish();
  const bool asked = !options.keys.empty() || !options.against.empty() || !options.receipts.empty() || !options.witnesses.empty();
  if (report.outcome == Outcome::kIntact && asked) {
    report.message += " An export has no checkpoint, so that there is nothing for a key to check: ask for a bundle.";
    PrintExport(report, options.json, streams.out);
    return kExitTruncated;
  }
  PrintExport(report, options.json, streams.out);
  return ExitFor(report.outcome);
}

int VerifyBundle(const AuditVerifyOptions& options, std::string first, std::istream& in, const Streams& streams) {
  const Result<BundleTrust> trust = ReadTrust(options, streams);
  if (!trust.ok()) return FailVerify(streams, trust.error());
  Result<BundleVerifier> verifier = BundleVerifier::Create(*trust);
  if (!verifier.ok()) return FailVerify(streams, verifier.error());
  if (Status s = FeedAll(*verifier, std::move(first), in, options.file, streams); !s.ok()) return FailVerify(streams, s.error());
  const BundleReport report = verifier->Finish();
  if (options.json) streams.out << json::Write(ToJson(report)) << "\n";
  else Print(report, streams.out);
  PrintFork(report.fork, options.json, streams.out);
  return ExitFor(report.verdict);
}

int VerifyProof(const AuditVerifyOptions& options, std::string text, std::istream& in, const Streams& streams) {
  const Result<BundleTrust> trust = ReadTrust(options, streams);
  if (!trust.ok()) return FailVerify(streams, trust.error());
  std::string piece(kPiece, '\0');
  while (text.size() <= kMaxProofBytes && (in.read(piece.data(), kPiece) || in.gcount() > 0)) {
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return FailVerify(streams, Error{ErrorCode::kIo, options.file + ": cannot be read"});
  if (options.hash.empty() && options.receipts.size() != 1) {
    return FailVerify(streams, Error{ErrorCode::kInvalidArgument, "a proof is of one event: name the event's hash with --hash, "
                                                                  "or give its receipt with --receipt"});
  }
  const Result<ProofReport> report = VerifyEventProof(text, options.hash, *trust);
  if (!report.ok()) return FailVerify(streams, report.error());
  if (options.json) {
    streams.out << json::Write(json::MakeObject({{"result", BundleVerdictName(report->verdict)},
                                                 {"message", report->message},
                                                 {"seq", report->seq},
                                                 {"covered", report->covered},
                                                 {"origin", report->origin},
                                                 {"signed_by", Names(report->signed_by)}}))
                << "\n";
  } else {
    streams.out << BundleVerdictName(report->verdict) << ": " << report->message << "\n";
  }
  PrintFork(report->fork, options.json, streams.out);
  return ExitFor(report->verdict);
}

}  // namespace

int AuditVerify(const AuditVerifyOptions& options, const Streams& streams) {
  std::ifstream file;
  std::istream* in = &streams.in;
  if (options.file != "-") {
    file.open(options.file, std::ios::binary);
    if (!file) return FailVerify(streams, Error{ErrorCode::kIo, options.file + ": " + std::strerror(errno)});
    in = &file;
  }
  std::string first(kPiece, '\0');
  in->read(first.data(), kPiece);
  first.resize(static_cast<std::size_t>(in->gcount()));
  if (in->bad()) return FailVerify(streams, Error{ErrorCode::kIo, options.file + ": cannot be read"});
  if (first.starts_with(kBundleStart)) return VerifyBundle(options, std::move(first), *in, streams);
  if (first.starts_with(kProofStart)) return VerifyProof(options, std::move(first), *in, streams);
  return VerifyExport(options, std::move(first), *in, streams);
}

}  // namespace intentgate::cli
