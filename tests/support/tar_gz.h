// Small gzipped tar archives for tests, also wrong ones.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace intentgate::testing {

struct TarEntry {
  std::string name;
  std::string bytes;
  char type = '0';
  std::string prefix;
};

inline std::string TarOf(const TarEntry& entry) {
  std::string block(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { block.replace(at, text.size(), text); };
  const auto octal = [](std::uint64_t n, int width) {
    char text[24];
    std::snprintf(text, sizeof text, "%0*llo", width, static_cast<unsigned long long>(n));
    return std::string(text);
  };
  put(0, std::string_view(entry.name).substr(0, 100));
  put(100, "0000644");
  put(124, octal(entry.bytes.size(), 11));
  put(136, octal(0, 11));
  put(148, "        ");
  block[156] = entry.type;
  put(257, std::string_view("ustar\0" "00", 8));
  put(345, entry.prefix);
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + std::string(1, '\0'));
  const std::size_t over = entry.bytes.size() % 512;
  return block + entry.bytes + std::string(over == 0 ? 0 : 512 - over, '\0');
}

// "27 path=a/name\n"
inline std::string PaxRecord(const std::string& key, const std::string& value) {
  std::size_t length = key.size() + value.size() + 3;
  while (std::to_string(length).size() + key.size() + value.size() + 3 != length) ++length;
  return std::to_string(length) + " " + key + "=" + value + "\n";
}

inline std::string Gzip(const std::string& bytes) {
  z_stream stream{};
  std::string out(bytes.size() + bytes.size() / 100 + 1024, '\0');
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return "";
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string TarGz(std::initializer_list<TarEntry> entries) {
  std::string tar;
  for (const TarEntry& entry : entries) tar += TarOf(entry);
  return Gzip(tar + std::string(1024, '\0'));
}

}  // namespace intentgate::testing
