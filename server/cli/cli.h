// The command line: everything `intentgate` does when it is typed, but serving, which main hands in.
//
//   int main(int argc, char** argv) { return cli::Run({argv, argv + argc}, streams, hooks); }
//
// Exit codes are the same for every command (docs/cli.md), but that `audit verify` has its own for every "no":
//   0   done, or the answer is yes
//   1   the answer is no: a token or a call is refused, events were altered, a policy has errors
//   2   `audit verify`: it was cut short, or does not reach what it was to be held against
//   3   `audit verify`: the log signed two histories
//   4   `audit verify`: no given key signed it
//   5   `audit verify`: it cannot be read, or the command line is wrong
//   64  the command line is wrong
//   65  an input is malformed
//   74  a file or a store could not be read or written
// The policy commands have opa's: 1 policies or files have errors, 2 a test or a query failed (policy_common.h).
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitNo = 1;
inline constexpr int kExitTruncated = 2;
inline constexpr int kExitForked = 3;
inline constexpr int kExitUnknownKey = 4;
inline constexpr int kExitCannotVerify = 5;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitData = 65;
inline constexpr int kExitIo = 74;

struct ServeArguments {
  std::string config;                            // path of the YAML file; empty: none
  std::map<std::string, std::string> overrides;  // setting path -> text, from flags such as --listen
  bool check = false;                            // report every mistake, start nothing
};

// One request to the admin API of a running gateway.
struct AdminRequest {
  std::string gateway;                           // its URL
  std::string token, ca_file, method, path, body;
};
struct AdminReply {
  std::int64_t status = 0;
  std::string body;
};

// What main supplies: the composition root's own work.
struct Hooks {
  std::function<int(const ServeArguments&)> serve;
  std::string version;
  std::function<Result<AdminReply>(const AdminRequest&)> admin;
};

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// Thread-compatible. Never throws.
int Run(const std::vector<std::string>& arguments, const Streams& streams, const Hooks& hooks);

}  // namespace intentgate::cli
