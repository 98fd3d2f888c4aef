// Tested by tests/unit/audit/journal_test.cc with files that fail on demand.

#include "audit/journal.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace intentgate::audit {
namespace {

constexpr std::string_view kSuffix = ".journal";
constexpr std::size_t kNumberDigits = 16;

std::string SegmentName(std::uint64_t number) {
  char digits[kNumberDigits + 1];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  return digits + std::string(kSuffix);
}

bool IsSegmentName(std::string_view name) {
  return name.size() == kNumberDigits + kSuffix.size() && name.ends_with(kSuffix) &&
         name.find_first_not_of("0123456789abcdef") == kNumberDigits;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(std::shared_ptr<JournalFiles> files, std::string folder,
                                               std::uint64_t segment_bytes, std::string producer_id) {
  std::unique_ptr<Journal> journal(
      new Journal(std::move(files), std::move(folder), segment_bytes, std::move(producer_id)));
  Result<std::unique_ptr<JournalLock>> lock = journal->files_->Lock(journal->folder_);
  if (!lock.ok()) return lock.error();
  journal->lock_ = std::move(*lock);
  if (Status s = journal->Recover(); !s.ok()) return s.error();
  return journal;
}

Journal::~Journal() {
  file_.reset();
  for (const Segment& segment : segments_) {
    if (segment.drained == segment.next && !segment.damage) Retire(segment);   // also the open one
  }
}

Status Journal::Recover() {
  Result<std::vector<std::string>> names = files_->List(folder_);
  if (!names.ok()) return names.error();
  for (const std::string& name : *names) {
    if (!IsSegmentName(name)) continue;
    if (Status s = RecoverSegment(name); !s.ok()) return s;
    next_number_ = std::stoull(name.substr(0, kNumberDigits), nullptr, 16) + 1;
  }
  JoinSegments();
  if (!segments_.empty()) next_sequence_ = segments_.back().next;
  return {};
}

Status Journal::RecoverSegment(const std::string& name) {
  Segment segment;
  segment.path = folder_ + "/" + name;
  const Result<std::uint64_t> size = files_->Size(segment.path);
  if (!size.ok()) return size.error();
  const Result<std::string> bytes = files_->Read(segment.path, 0, *size);
  if (!bytes.ok()) return bytes.error();

  std::string_view rest = *bytes;
  FrameRead frame = ReadFrame(rest);
  if (frame.kind == FrameKind::kFrame) {
    Result<std::string> producer = ReadSegmentHeader(frame.payload);
    if (!producer.ok()) return Error{producer.error().code, segment.path + ": " + producer.error().message};
    segment.producer_id = std::move(*producer);
    segment.first = segment.next = segment.drained = frame.sequence;
    segment.at = frame.size;
    rest.remove_prefix(frame.size);
    for (frame = ReadFrame(rest); frame.kind == FrameKind::kFrame && frame.sequence == segment.next;
         frame = ReadFrame(rest)) {
      ++segment.next;
      rest.remove_prefix(frame.size);
    }
  }
  segment.end = bytes->size() - rest.size();
  if (frame.kind == FrameKind::kDamaged || frame.kind == FrameKind::kFrame) {
    segment.damage = JournalDamage{segment.producer_id, std::nullopt};
  }
  segments_.push_back(std::move(segment));
  return {};
}

// The sequences of neighbours say what was acknowledged: the numbers of a group that failed were given again in the
// next segment, and a number that neither has was lost.
void Journal::JoinSegments() {
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    const std::uint64_t follows = segments_[i + 1].first;
    if (follows == 0) continue;   // its header cannot be read
    if (segment.first == 0) {
      const bool known = i > 0 && segments_[i - 1].next != 0;
      const std::uint64_t lost = known ? follows - std::min(follows, segments_[i - 1].next) : 0;
      segment.first = segment.next = segment.drained = follows;
      segment.damage.reset();
      if (!known || lost > 0) segment.damage = JournalDamage{"", known ? std::optional(lost) : std::nullopt};
    } else if (follows > segment.next) {
      segment.damage = JournalDamage{segment.producer_id, follows - segment.next};
    } else {
      segment.next = std::max(follows, segment.first);
      segment.damage.reset();
    }
  }
  if (segments_.empty() || segments_.back().first != 0) return;
  // Without a header nothing behind it was acknowledged, unless the header was whole once.
  Segment& last = segments_.back();
  const std::uint64_t follows = segments_.size() > 1 ? segments_[segments_.size() - 2].next : 1;
  last.first = last.next = last.drained = follows;
}

Status Journal::Write(std::span<const std::string> payloads) {
  const Status s = WriteGroup(payloads);
  if (!s.ok()) AbandonSegment();
  const std::lock_guard lock(mutex_);
  healthy_ = s.ok();
  return s;
}

Status Journal::WriteGroup(std::span<const std::string> payloads) {
  if (payloads.empty() && healthy()) return {};
  if (!file_) {
    if (Status s = OpenSegment(); !s.ok()) return s;
  }
  std::uint64_t sequence = 0, end = 0;
  {
    const std::lock_guard lock(mutex_);
    sequence = next_sequence_;
    end = segments_.back().end;
  }
  std::string frames;
  if (end == 0) AppendFrame(sequence, SegmentHeader(producer_id_), frames);
  const std::uint64_t header_bytes = frames.size();
  for (const std::string& payload : payloads) AppendFrame(sequence++, payload, frames);
  if (Status s = file_->Write(frames); !s.ok()) return s;
  if (Status s = file_->Sync(); !s.ok()) return s;
  if (!folder_synced_) {
    if (Status s = files_->SyncFolder(folder_); !s.ok()) return s;
    folder_synced_ = true;
  }
  if (header_bytes > 0) {
    const std::lock_guard lock(mutex_);
    segments_.back().at = header_bytes;
  }
  Publish(payloads.size(), end + frames.size());
  return {};
}

Status Journal::OpenSegment() {
  Segment segment;
  segment.path = folder_ + "/" + SegmentName(next_number_++);
  segment.producer_id = producer_id_;
  segment.sealed = false;
  Result<std::unique_ptr<JournalFile>> file = files_->Create(segment.path);
  if (!file.ok()) return file.error();
  file_ = std::move(*file);
  folder_synced_ = false;
  const std::lock_guard lock(mutex_);
  segment.first = segment.next = segment.drained = next_sequence_;
  segments_.push_back(std::move(segment));
  return {};
}

void Journal::Publish(std::size_t events, std::uint64_t end) {
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_.back();
  segment.next += events;
  segment.end = end;
  next_sequence_ = segment.next;
  if (end < segment_bytes_) return;
  segment.sealed = true;
  file_.reset();
}

// The file may hold any part of the failed group. It is cut where that helps; where it cannot be, the next segment's
// first sequence says which frames do not count.
void Journal::AbandonSegment() {
  if (!file_) return;
  file_.reset();
  std::string path;
  std::uint64_t end = 0;
  {
    const std::lock_guard lock(mutex_);
    Segment& segment = segments_.back();
    segment.sealed = true;
    path = segment.path;
    end = segment.end;
    if (end == 0) segments_.pop_back();
  }
  if (end == 0) {
    static_cast<void>(files_->Remove(path).ok());
  } else {
    static_cast<void>(files_->Truncate(path, end).ok());
  }
}

Result<std::string> Journal::ReadPage(const Segment& segment, std::uint64_t max_bytes) {
  const std::uint64_t left = segment.end - segment.at;
  Result<std::string> bytes =
      files_->Read(segment.path, segment.at, std::min(left, std::max<std::uint64_t>(max_bytes, kFrameHeaderBytes)));
  if (!bytes.ok()) return bytes;
  const FrameRead first = ReadFrame(*bytes);
  if (first.kind != FrameKind::kTorn || first.size <= bytes->size() || first.size > left) return bytes;
  return files_->Read(segment.path, segment.at, first.size);
}

// Moves `segment` past what it takes. Every frame up to segment.next was whole once, since it was acknowledged; behind
// one that is not, nothing can be trusted to start where it should.
void Journal::TakeEntries(std::string_view bytes, std::size_t max_entries, Segment& segment, JournalPage& page) {
  while (page.entries.size() < max_entries && segment.drained < segment.next) {
    const FrameRead frame = ReadFrame(bytes);
    const bool page_ends = frame.kind == FrameKind::kTorn || frame.kind == FrameKind::kEnd;
    if (page_ends && !page.entries.empty()) return;
    const bool whole = frame.kind == FrameKind::kFrame && frame.sequence == segment.drained;
    Result<JournalEntry> entry = whole ? DecodeEntry(frame.sequence, frame.payload) : Error{ErrorCode::kCorrupt, ""};
    if (!entry.ok()) {
      const bool count_known = !segment.damage;
      segment.damage = JournalDamage{segment.producer_id, std::nullopt};
      if (count_known) segment.damage->count = segment.next - segment.drained;
      segment.drained = segment.next;
      segment.at = segment.end;
      return;
    }
    page.entries.push_back(std::move(*entry));
    ++segment.drained;
    segment.at += frame.size;
    bytes.remove_prefix(frame.size);
  }
}

Result<JournalPage> Journal::Peek(std::size_t max_entries, std::uint64_t max_bytes) {
  RetireDone();
  Segment segment;
  {
    const std::lock_guard lock(mutex_);
    if (segments_.empty()) return JournalPage();
    segment = segments_.front();
  }
  JournalPage page;
  if (segment.drained < segment.next) {
    const Result<std::string> bytes = ReadPage(segment, max_bytes);
    if (!bytes.ok()) return bytes.error();
    TakeEntries(*bytes, max_entries, segment, page);
  }
  if (segment.drained == segment.next) page.damage = segment.damage;
  peeked_ = {segment.drained, segment.at, page.damage.has_value()};
  return page;
}

void Journal::Drained() {
  {
    const std::lock_guard lock(mutex_);
    if (segments_.empty()) return;
    Segment& front = segments_.front();
    front.drained = peeked_.sequence;
    front.at = peeked_.at;
    if (peeked_.damage) {
      front.damage.reset();
      front.keep = true;
    }
  }
  RetireDone();
}

void Journal::RetireDone() {
  for (;;) {
    Segment done;
    {
      const std::lock_guard lock(mutex_);
      if (segments_.empty() || !segments_.front().done()) return;
      done = std::move(segments_.front());
      segments_.pop_front();
    }
    Retire(done);
  }
}

// A file that cannot be removed is found again by the next start, whose events are in the chain already.
void Journal::Retire(const Segment& segment) {
  const Status s = segment.keep ? files_->Rename(segment.path, segment.path + ".damaged") : files_->Remove(segment.path);
  static_cast<void>(s.ok());
}

std::uint64_t Journal::bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.end - std::min(segment.end, segment.at);
  return sum;
}

std::uint64_t Journal::events() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.next - segment.drained;
  return sum;
}

bool Journal::healthy() const {
  const std::lock_guard lock(mutex_);
  return healthy_;
}

}  // namespace intentgate::audit
