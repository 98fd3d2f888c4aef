// A witness of C2SP tlog-witness in this process, behind the interface of the HTTP client. It keeps the rules: it follows a
// log from size to size, checks each proof, and cosigns nothing else.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/http_fetch.h"
#include "tlog/checkpoint.h"
#include "tlog/lines.h"
#include "tlog/note.h"

namespace intentgate::test {

class FakeWitness final : public base::HttpFetcher {
 public:
  FakeWitness(tlog::SigningKey key, std::vector<tlog::VerifierKey> logs) : key_(std::move(key)), logs_(std::move(logs)) {}

  struct Followed {
    std::uint64_t size = 0;
    tlog::Hash root = tlog::EmptyRoot();
  };
  std::map<std::string, Followed> followed;     // by origin
  std::vector<base::HttpFetchRequest> requests;
  std::vector<std::int64_t> statuses;
  bool down = false;
  bool lies = false;                            // signs with another text

  std::string PolicyLine(const std::string& name) const {
    return "witness " + name + " " + key_.verifier().ToString() + " http://" + name + ".test/w/\n";
  }
  const tlog::VerifierKey& verifier() const { return key_.verifier(); }

  Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override {
    requests.push_back(request);
    if (down) return Error{ErrorCode::kUnavailable, "no connection"};
    base::HttpFetchReply reply = Answer(request.body);
    statuses.push_back(reply.status);
    return reply;
  }

 private:
  base::HttpFetchReply Answer(const std::string& body) {
    const std::size_t cut = body.find("\n\n");
    REQUIRE(cut != std::string::npos);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at <= cut;) {
      const std::size_t end = std::min(body.find('\n', at), cut);
      lines.push_back(body.substr(at, end - at));
      at = end + 1;
    }
    REQUIRE(lines[0].rfind("old ", 0) == 0);
    const std::uint64_t old_size = std::stoull(lines[0].substr(4));
    const auto note = tlog::ParseNote(body.substr(cut + 2));
    REQUIRE(note.ok());
    if (!tlog::VerifyNote(*note, logs_).ok()) return {403, "invalid signature\n"};
    const auto checkpoint = tlog::ParseCheckpoint(note->text);
    REQUIRE(checkpoint.ok());
    Followed& log = followed[checkpoint->origin];
    if (log.size != old_size) return {409, std::to_string(log.size) + "\n"};
    std::vector<tlog::Hash> proof;
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const auto bytes = base::Base64Decode(lines[i]);
      REQUIRE(bytes.ok());
      tlog::Hash hash{};
      REQUIRE(bytes->size() == hash.size());
      std::copy(bytes->begin(), bytes->end(), hash.begin());
      proof.push_back(hash);
    }
    if (!tlog::VerifyConsistency(old_size, log.root, checkpoint->size, checkpoint->root, proof).ok()) return {422, "bad proof\n"};
    log = {checkpoint->size, checkpoint->root};
    tlog::Note cosigned{lies ? note->text + "more\n" : note->text, {}};
    REQUIRE(tlog::SignNote(cosigned, key_, 1'700'000'000).ok());
    const std::string text = tlog::WriteNote(cosigned);
    return {200, text.substr(text.rfind("\n\n") + 2)};
  }

  const tlog::SigningKey key_;
  const std::vector<tlog::VerifierKey> logs_;
};

}  // namespace intentgate::test
