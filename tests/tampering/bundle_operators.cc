// Tampering with an auditor's bundle on its way. Digests and counts of the files are made to fit unless an operator
// says otherwise; the checkpoint cannot be.

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "audit/export_format.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "evidence/bundle_format.h"
#include "evidence/ustar.h"
#include "tampering/operators.h"

namespace intentgate::test {
namespace {

std::string Digest(const std::string& text) { return base::HexEncode(crypto::Sha256(base::AsBytes(text))); }

// The files of a bundle.
struct Files final : evidence::UstarVisitor {
  struct Member {
    std::string name, bytes;
  };
  std::vector<Member> all;
  std::int64_t seconds = 0;

  explicit Files(const std::string& bytes) {
    evidence::UstarReader reader;
    REQUIRE(reader.Feed(bytes, *this).ok());
  }
  Status BeginFile(const evidence::UstarEntry& entry) override {
    all.push_back({entry.name, {}});
    seconds = entry.modified_seconds;
    return {};
  }
  Status FileBytes(std::string_view bytes) override { return (all.back().bytes += bytes, Status()); }
  Status EndFile() override { return {}; }

  std::size_t IndexOf(std::string_view name) const {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Member& file) { return file.name == name; });
    REQUIRE(found != all.end());
    return static_cast<std::size_t>(found - all.begin());
  }
  std::string& File(std::string_view name) { return all[IndexOf(name)].bytes; }

  std::vector<std::string> Events() {
    std::vector<std::string> lines;
    const std::string& text = File(evidence::SegmentName(0));
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t end = text.find('\n', from) + 1;
      lines.push_back(text.substr(from, end - from));
      from = end;
    }
    return lines;
  }
  void SetEvents(const std::vector<std::string>& lines) {
    std::string& text = File(evidence::SegmentName(0));
    text.clear();
    for (const std::string& line : lines) text += line;
    evidence::BundleEnd end = *evidence::ReadBundleEnd(File(evidence::kEndFile));
    end.events = static_cast<std::int64_t>(lines.size());
    const std::string& last = lines.back();
    const auto parts = audit::ReadEventLine(std::string_view(last).substr(0, last.size() - 1));
    if (parts.ok()) end.last_hash = parts->hash;
    File(evidence::kEndFile) = evidence::WriteBundleEnd(end);
  }
  void SetManifest(evidence::BundleManifest manifest) {
    for (auto& [name, digest] : manifest.files) digest = Digest(File(name));
    File(evidence::kManifestFile) = evidence::WriteManifest(manifest);
    evidence::BundleEnd end = *evidence::ReadBundleEnd(File(evidence::kEndFile));
    end.manifest_sha256 = Digest(File(evidence::kManifestFile));
    File(evidence::kEndFile) = evidence::WriteBundleEnd(end);
  }
  evidence::BundleManifest Manifest() { return *evidence::ReadManifest(File(evidence::kManifestFile)); }

  std::string Pack() const {
    std::string out;
    for (const Member& file : all) {
      out += *evidence::UstarHeader({file.name, file.bytes.size(), seconds});
      out += file.bytes;
      out += evidence::UstarPadding(file.bytes.size());
    }
    return out + std::string(evidence::UstarEnd());
  }
};

Must FlipBit(std::string& bytes, Dice& dice) {
  char& byte = bytes[dice.Below(bytes.size())];
  byte = static_cast<char>(byte ^ (1 << dice.Below(8)));
  return Find();
}

Must CutAnywhere(std::string& bytes, Dice& dice) {
  bytes.resize(dice.Below(bytes.size()));
  return Find();
}

Must BytesBehind(std::string& bytes, Dice& dice) {
  bytes += dice.OneIn(2) ? bytes : std::string(512, '\0');
  return Find();
}

Must RemoveFile(std::string& bytes, Dice& dice) {
  Files files(bytes);
  files.all.erase(files.all.begin() + static_cast<std::ptrdiff_t>(dice.Below(files.all.size())));
  bytes = files.Pack();
  return Find();
}

Must SwapFiles(std::string& bytes, Dice& dice) {
  Files files(bytes);
  const std::size_t at = dice.Below(files.all.size() - 1);
  std::swap(files.all[at], files.all[at + 1]);
  bytes = files.Pack();
  return Find();
}

Must DoubleFile(std::string& bytes, Dice& dice) {
  Files files(bytes);
  const std::size_t at = dice.Below(files.all.size());
  files.all.insert(files.all.begin() + static_cast<std::ptrdiff_t>(at), files.all[at]);
  bytes = files.Pack();
  return Find();
}

Must RenameFile(std::string& bytes, Dice& dice) {
  Files files(bytes);
  files.all[dice.Below(files.all.size())].name += "x";
  bytes = files.Pack();
  return Find();
}

Must AddFile(std::string& bytes, Dice& dice) {
  Files files(bytes);
  files.all.insert(files.all.begin() + static_cast<std::ptrdiff_t>(dice.Below(files.all.size() + 1)), {"note.txt", "see above"});
  bytes = files.Pack();
  return Find();
}

Must OtherTime(std::string& bytes, Dice&) {
  Files files(bytes);
  ++files.seconds;
  bytes = files.Pack();
  return Find();
}

Must EditReadme(std::string& bytes, Dice&) {
  Files files(bytes);
  files.File(evidence::kReadmeFile) += "All is well.\n";
  bytes = files.Pack();
  return Find();
}

Must EditEvent(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  const std::size_t at = dice.Below(lines.size());
  lines[at].replace(lines[at].find("\"ig1\""), 5, "\"ig0\"");
  files.SetEvents(lines);
  bytes = files.Pack();
  return Name(at);
}

Must EditLastEventAndHash(std::string& bytes, Dice&) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  std::string& line = lines.back();
  line.replace(line.find("\"ig1\""), 5, "\"ig0\"");
  const audit::EventLine parts = *audit::ReadEventLine(std::string_view(line).substr(0, line.size() - 1));
  audit::StoredEvent event;
  event.record = {"acme", parts.seq, "", std::string(parts.prev_hash), "", std::string(parts.canonical)};
  Rehash(event);
  line.clear();
  audit::AppendEventLine(event.record, line);
  files.SetEvents(lines);
  bytes = files.Pack();
  return Find();
}

Must RemoveEvent(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  const std::size_t at = dice.Below(lines.size());
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
  files.SetEvents(lines);
  bytes = files.Pack();
  return Name(at);
}

Must SwapEvents(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  const std::size_t at = dice.Below(lines.size() - 1);
  std::swap(lines[at], lines[at + 1]);
  files.SetEvents(lines);
  bytes = files.Pack();
  return Name(at);
}

Must DoubleEvent(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  const std::size_t at = dice.Below(lines.size());
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[at]);
  files.SetEvents(lines);
  bytes = files.Pack();
  return Name(at);
}

// The manifest speaks for fewer events, and they are not there.
Must ShortenRange(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  lines.resize(dice.From(1, lines.size() - 1));
  files.SetEvents(lines);
  evidence::BundleManifest manifest = files.Manifest();
  manifest.next_seq = static_cast<std::int64_t>(lines.size());
  files.SetManifest(manifest);
  bytes = files.Pack();
  return Name(lines.size());
}

Must ShortenRangeAndCover(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  lines.resize(dice.From(1, lines.size() - 1));
  files.SetEvents(lines);
  evidence::BundleManifest manifest = files.Manifest();
  manifest.next_seq = manifest.covered = static_cast<std::int64_t>(lines.size());
  const auto size = static_cast<std::uint64_t>(lines.size());
  files.File(evidence::kRangeProofFile) = evidence::WriteRangeProof({0, size, size, {}});
  files.SetManifest(manifest);
  bytes = files.Pack();
  return Find();
}

Must BeginLater(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  const std::size_t first = dice.From(1, lines.size() - 1);
  const audit::EventLine parts = *audit::ReadEventLine(std::string_view(lines[first]).substr(0, lines[first].size() - 1));
  evidence::BundleManifest manifest = files.Manifest();
  manifest.first_seq = static_cast<std::int64_t>(first);
  const std::string anchor = evidence::WriteAnchor({manifest.first_seq, std::string(parts.prev_hash)});
  const std::size_t behind = files.IndexOf(evidence::SegmentName(0));
  files.all.insert(files.all.begin() + static_cast<std::ptrdiff_t>(behind), {std::string(evidence::kAnchorFile), anchor});
  manifest.files[std::string(evidence::kAnchorFile)] = "";
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(first));
  files.SetEvents(lines);
  // The left hashes that belong there are in nobody's hands but the log's; any will do.
  evidence::BundleRange range{first, static_cast<std::uint64_t>(manifest.covered), static_cast<std::uint64_t>(manifest.covered), {}};
  range.proof.left.resize(static_cast<std::size_t>(__builtin_popcountll(first)));
  files.File(evidence::kRangeProofFile) = evidence::WriteRangeProof(range);
  files.SetManifest(manifest);
  bytes = files.Pack();
  return Find();
}

Must OtherTenantInManifest(std::string& bytes, Dice&) {
  Files files(bytes);
  evidence::BundleManifest manifest = files.Manifest();
  manifest.tenant = manifest.filter.tenant = "globex";
  files.SetManifest(manifest);
  bytes = files.Pack();
  return Name(0);
}

Must OtherCheckpoint(std::string& bytes, Dice& dice) {
  Files files(bytes);
  const std::size_t size = static_cast<std::size_t>(files.Manifest().covered);
  files.File(evidence::kCheckpointFile) = SignFor(RandomChain(dice, "acme", size), size, LogKey()).note;
  files.SetManifest(files.Manifest());
  bytes = files.Pack();
  return Find();
}

Must NoCheckpoint(std::string& bytes, Dice&) {
  Files files(bytes);
  evidence::BundleManifest manifest = files.Manifest();
  manifest.covered = 0;
  for (const std::string_view name : {evidence::kCheckpointFile, evidence::kRangeProofFile}) {
    files.all.erase(files.all.begin() + static_cast<std::ptrdiff_t>(files.IndexOf(name)));
    manifest.files.erase(std::string(name));
  }
  files.SetManifest(manifest);
  bytes = files.Pack();
  return Find();
}

Must EditEnd(std::string& bytes, Dice& dice) {
  Files files(bytes);
  evidence::BundleEnd end = *evidence::ReadBundleEnd(files.File(evidence::kEndFile));
  switch (dice.Below(3)) {
    case 0: ++end.events; break;
    case 1: ++end.segments; break;
    default: end.last_hash[dice.Below(64)] ^= 1;
  }
  files.File(evidence::kEndFile) = evidence::WriteBundleEnd(end);
  bytes = files.Pack();
  return Find();
}

// Of a filtered bundle.

Must EditProof(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  std::size_t at = dice.Below(lines.size());
  while (lines[at].find("\"proof\":\"\"") != std::string::npos) --at;   // nothing new in it; the first one has hashes
  std::string& line = lines[at];
  const std::size_t begin = line.find("\"proof\":\"") + 9, end = line.find('"', begin);
  std::vector<std::uint8_t> proof = *base::Base64Decode(std::string_view(line).substr(begin, end - begin));
  proof[dice.Below(proof.size())] ^= static_cast<std::uint8_t>(1 << dice.Below(8));
  line.replace(begin, end - begin, base::Base64Encode(proof));
  files.SetEvents(lines);
  bytes = files.Pack();
  return Name(at);
}

Must RemoveProof(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  const std::size_t at = dice.Below(lines.size());
  const std::size_t begin = lines[at].find(",\"proof\":\"");
  lines[at].erase(begin, lines[at].find('"', begin + 10) + 1 - begin);
  files.SetEvents(lines);
  bytes = files.Pack();
  return Name(at);
}

Must ForgeFiltered(std::string& bytes, Dice& dice) {
  Files files(bytes);
  std::vector<std::string> lines = files.Events();
  const std::size_t at = dice.Below(lines.size());
  const std::size_t begin = lines[at].find("\"proof\":\"") + 9;
  const std::string proof = lines[at].substr(begin, lines[at].find('"', begin) - begin);
  AuditRecord forged = RandomChain(dice, "acme", lines.size()).events[at].record;
  if (at > 0) {
    const audit::EventLine before = *audit::ReadEventLine(std::string_view(lines[at - 1]).substr(0, lines[at - 1].size() - 1));
    audit::StoredEvent event;
    event.record = std::move(forged);
    event.record.prev_hash = before.hash;
    Rehash(event);
    forged = std::move(event.record);
  }
  lines[at].clear();
  audit::AppendEventLine(forged, lines[at], proof);
  files.SetEvents(lines);
  bytes = files.Pack();
  return Name(at);
}

constexpr BundleOperator kOperators[] = {
    {"bundle_flip_bit", false, FlipBit},
    {"bundle_cut_anywhere", false, CutAnywhere},
    {"bundle_bytes_behind", false, BytesBehind},
    {"bundle_remove_file", false, RemoveFile},
    {"bundle_swap_files", false, SwapFiles},
    {"bundle_double_file", false, DoubleFile},
    {"bundle_rename_file", false, RenameFile},
    {"bundle_add_file", false, AddFile},
    {"bundle_other_time", false, OtherTime},
    {"bundle_edit_readme", false, EditReadme},
    {"bundle_edit_event", false, EditEvent},
    {"bundle_edit_last_event_and_hash", false, EditLastEventAndHash},
    {"bundle_remove_event", false, RemoveEvent},
    {"bundle_swap_events", false, SwapEvents},
    {"bundle_double_event", false, DoubleEvent},
    {"bundle_shorten_range", false, ShortenRange},
    {"bundle_shorten_range_and_cover", false, ShortenRangeAndCover},
    {"bundle_begin_later", false, BeginLater},
    {"bundle_other_tenant_in_manifest", false, OtherTenantInManifest},
    {"bundle_other_checkpoint", false, OtherCheckpoint},
    {"bundle_no_checkpoint", false, NoCheckpoint},
    {"bundle_edit_end", false, EditEnd},
    {"filtered_flip_bit", true, FlipBit},
    {"filtered_edit_event", true, EditEvent},
    {"filtered_edit_proof", true, EditProof},
    {"filtered_remove_proof", true, RemoveProof},
    {"filtered_forge_event", true, ForgeFiltered},
};

}  // namespace

std::span<const BundleOperator> BundleOperators() { return kOperators; }

}  // namespace intentgate::test
