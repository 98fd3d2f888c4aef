#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

std::string Trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<std::string> ReadAll(std::istream& in, const std::string& name, std::size_t max_bytes = kMaxInputBytes) {
  std::string text;
  char buffer[4096];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_bytes) return Error{ErrorCode::kLimitExceeded, name + ": longer than " + std::to_string(max_bytes >> 20) + " MiB"};
  }
  if (in.bad()) return Error{ErrorCode::kIo, name + ": cannot be read"};
  return text;
}

}  // namespace

int Fail(const Streams& streams, const Error& error) {
  streams.err << "intentgate: " << error.message << "\n";
  switch (error.code) {
    case ErrorCode::kInvalidArgument: return kExitUsage;
    case ErrorCode::kIo:
    case ErrorCode::kUnavailable:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kNotFound: return kExitIo;
    default: return kExitData;
  }
}

Result<std::string> ReadInput(const std::string& path, const Streams& streams, std::size_t max_bytes) {
  if (path == "-") return ReadAll(streams.in, "standard input", max_bytes);
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, path + ": " + std::strerror(errno)};
  return ReadAll(file, path, max_bytes);
}

Status WriteOutput(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  std::error_code error;
  {
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << bytes;
    file.flush();
    if (!file) {
      file.close();
      std::filesystem::remove(fresh, error);
      return Error{ErrorCode::kIo, path + ": cannot be written"};
    }
  }
  if (std::filesystem::exists(path, error)) std::filesystem::permissions(fresh, std::filesystem::status(path).permissions(), error);
  if (!error) std::filesystem::rename(fresh, path, error);
  if (!error) return Status();
  const std::string message = path + ": " + error.message();
  std::filesystem::remove(fresh, error);
  return Error{ErrorCode::kIo, message};
}

Result<std::string> ReadToken(const std::string& argument, const Streams& streams) {
  if (argument != "-") return Trimmed(argument);
  const Result<std::string> text = ReadAll(streams.in, "standard input");
  if (!text.ok()) return text;
  return Trimmed(*text);
}

Result<KeyRing> ReadKeys(const std::string& path) {
  if (path.empty()) {
    const char* master = std::getenv("INTENTGATE_MASTER_KEY");
    if (master == nullptr) {
      return Error{ErrorCode::kInvalidArgument,
                   "no keys: give --keys FILE (made by `intentgate keygen --out FILE`) or set INTENTGATE_MASTER_KEY"};
    }
    return KeyRing::FromMasterKey(master);
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return Error{ErrorCode::kIo, path + ": " + std::strerror(errno)};
  if ((info.st_mode & 077) != 0) {
    return Error{ErrorCode::kPermissionDenied, path + ": other users can read these keys; run: chmod 600 " + path};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kIo, path + ": " + std::strerror(errno)};
  const Result<std::string> text = ReadAll(file, path);
  if (!text.ok()) return text.error();
  Result<KeyRing> ring = KeyRing::Parse(*text);
  if (!ring.ok()) return Error{ring.error().code, path + ": " + ring.error().message};
  return ring;
}

}  // namespace intentgate::cli
