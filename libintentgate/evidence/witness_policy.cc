// Tested by tests/unit/evidence/witness_policy_test.cc and tests/fuzz/witness_policy_fuzz.cc.

#include "evidence/witness_policy.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace intentgate::evidence {
namespace {

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// What two keys that are the same have in common, whatever their names: the text behind the last plus sign.
std::string Material(const tlog::VerifierKey& key) {
  const std::string text = key.ToString();
  return text.substr(text.rfind('+') + 1);
}

}  // namespace

class PolicyReader {
 public:
  Result<WitnessPolicy> Read(std::string_view text) {
    if (text.size() > kMaxPolicyBytes) {
      return Error{ErrorCode::kLimitExceeded, "the policy is larger than " + std::to_string(kMaxPolicyBytes) + " bytes"};
    }
    for (; !text.empty(); ++line_) {
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) return Bad("the line does not end");
      if (Status s = Line(text.substr(0, end)); !s.ok()) return s.error();
      text.remove_prefix(end + 1);
    }
    if (!quorum_seen_) return Error{ErrorCode::kMalformed, "the policy has no line `quorum`; `quorum none` asks for nobody"};
    return std::move(policy_);
  }

 private:
  Error Bad(const std::string& what) const { return {ErrorCode::kMalformed, "line " + std::to_string(line_) + ": " + what}; }

  Status Line(std::string_view line) {
    for (const char c : line) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return Bad("a control character");
    }
    const std::vector<std::string_view> words = Words(line);
    if (words.empty() || words[0].starts_with('#')) return {};
    if (words[0] == "log") return Log(words);
    if (words[0] == "witness") return AddWitness(words);
    if (words[0] == "group") return AddGroup(words);
    if (words[0] == "quorum") return SetQuorum(words);
    return Bad("begins with neither log, witness, group nor quorum");
  }

  Status Log(const std::vector<std::string_view>& words) {
    if (words.size() < 2 || words.size() > 3) return Bad("wants: log KEY [URL]");
    const Result<tlog::VerifierKey> key = tlog::VerifierKey::Parse(words[1]);
    if (!key.ok()) return Bad(key.error().message);
    if (key->type() != tlog::KeyType::kEd25519) return Bad("the key is none that a log signs with");
    if (!logs_.insert(Material(*key)).second) return Bad("the log's key stands here twice");
    return {};
  }

  Status AddWitness(const std::vector<std::string_view>& words) {
    if (words.size() < 3 || words.size() > 4) return Bad("wants: witness NAME KEY [URL]");
    Result<tlog::VerifierKey> key = tlog::VerifierKey::Parse(words[2]);
    if (!key.ok()) return Bad(key.error().message);
    if (key->type() != tlog::KeyType::kCosignature) return Bad("the key is none that a witness cosigns with");
    if (!keys_.insert(Material(*key)).second) return Bad("the witness's key stands here twice");
    std::string url(words.size() == 4 ? words[3] : std::string_view());
    if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) return Bad("the URL is neither http nor https");
    while (url.ends_with('/')) url.pop_back();
    if (Status s = Name(words[1]); !s.ok()) return s;
    WitnessPolicy::Node node;
    node.name = words[1];
    node.witness = policy_.witnesses_.size();
    policy_.nodes_.push_back(std::move(node));
    policy_.witnesses_.push_back({std::string(words[1]), *std::move(key), std::move(url)});
    return {};
  }

  Status AddGroup(const std::vector<std::string_view>& words) {
    if (words.size() < 4) return Bad("wants: group NAME all|any|K MEMBER...");
    WitnessPolicy::Node node;
    node.name = words[1];
    for (std::size_t i = 3; i < words.size(); ++i) {
      const std::optional<std::size_t> member = Find(words[i]);
      if (!member) return Bad("the member " + std::string(words[i]) + " is not defined before");
      if (!grouped_.insert(*member).second) return Bad("the member " + std::string(words[i]) + " is in a group already");
      node.members.push_back(*member);
    }
    if (words[2] == "any") node.threshold = 1;
    else if (words[2] == "all") node.threshold = node.members.size();
    else if (!Threshold(words[2], node)) return Bad("the threshold is none of all, any and 1 to the number of members");
    if (Status s = Name(words[1]); !s.ok()) return s;
    policy_.nodes_.push_back(std::move(node));
    return {};
  }

  static bool Threshold(std::string_view text, WitnessPolicy::Node& node) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), node.threshold);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() && node.threshold >= 1 &&
           node.threshold <= node.members.size();
  }

  Status SetQuorum(const std::vector<std::string_view>& words) {
    if (words.size() != 2) return Bad("wants: quorum NAME");
    if (std::exchange(quorum_seen_, true)) return Bad("there is a quorum already");
    if (words[1] == "none") return {};
    const std::optional<std::size_t> node = Find(words[1]);
    if (!node) return Bad(std::string(words[1]) + " is not defined before");
    policy_.quorum_ = static_cast<int>(*node);
    return {};
  }

  // Whether a new witness or group may have this name.
  Status Name(std::string_view name) const {
    if (name == "none") return Bad("the name `none` is taken");
    if (Find(name)) return Bad("the name " + std::string(name) + " stands here twice");
    if (policy_.nodes_.size() >= kMaxPolicyNames) return Error{ErrorCode::kLimitExceeded, "the policy has too many names"};
    return {};
  }

  std::optional<std::size_t> Find(std::string_view name) const {
    for (std::size_t i = 0; i < policy_.nodes_.size(); ++i) {
      if (policy_.nodes_[i].name == name) return i;
    }
    return std::nullopt;
  }

  WitnessPolicy policy_;
  std::set<std::string> logs_, keys_;
  std::set<std::size_t> grouped_;
  bool quorum_seen_ = false;
  std::size_t line_ = 1;
};

Result<WitnessPolicy> WitnessPolicy::Parse(std::string_view text) { return PolicyReader().Read(text); }

std::vector<tlog::VerifierKey> WitnessPolicy::keys() const {
  std::vector<tlog::VerifierKey> out;
  for (const Witness& witness : witnesses_) out.push_back(witness.key);
  return out;
}

bool WitnessPolicy::Reached(std::span<const tlog::VerifierKey> cosigned) const {
  if (quorum_ < 0) return true;
  // Members stand before their groups, so one pass settles all.
  std::vector<bool> witnessed;
  for (const Node& node : nodes_) {
    if (node.threshold == 0) {
      const std::string key = witnesses_[node.witness].key.ToString();
      witnessed.push_back(std::any_of(cosigned.begin(), cosigned.end(), [&](const auto& one) { return one.ToString() == key; }));
      continue;
    }
    const auto count = static_cast<std::size_t>(
        std::count_if(node.members.begin(), node.members.end(), [&](std::size_t member) { return witnessed[member]; }));
    witnessed.push_back(count >= node.threshold);
  }
  return witnessed[static_cast<std::size_t>(quorum_)];
}

}  // namespace intentgate::evidence
