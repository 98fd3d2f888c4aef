// A small file system of a test's own, to be filled. Needs the right to mount, as root in a container may have it:
//
//   TEST_CASE("..." * doctest::skip(!SmallDisk::Allowed()))
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "support/scratch_folder.h"

namespace intentgate::test {

class SmallDisk {
 public:
  // Says once why tests on a full disk are skipped.
  static bool Allowed() {
    static const bool allowed = [] {
      const ScratchFolder folder;
      const std::string path = folder.File("try");
      std::filesystem::create_directory(path);
      const bool mounted = ::mount("none", path.c_str(), "tmpfs", 0, "size=64k") == 0;
      if (mounted) ::umount(path.c_str());
      if (!mounted) std::fprintf(stderr, "no right to mount: tests on a full disk are skipped, not passed\n");
      return mounted;
    }();
    return allowed;
  }

  explicit SmallDisk(int mebibytes) : path_(folder_.File("disk")) {
    std::filesystem::create_directory(path_);
    const std::string size = "mode=0777,size=" + std::to_string(mebibytes) + "m";
    REQUIRE(::mount("none", path_.c_str(), "tmpfs", 0, size.c_str()) == 0);
  }
  // Detached even if a process of the test still uses it.
  ~SmallDisk() { ::umount2(path_.c_str(), MNT_DETACH); }
  SmallDisk(const SmallDisk&) = delete;   // unmounts once
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // Takes all room that others leave.
  void Fill() {
    const int file = ::open(File("balloon").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    const std::string page(4'096, 'x');
    while (::write(file, page.data(), page.size()) > 0) {
    }
    CHECK(errno == ENOSPC);
    ::close(file);
  }
  void Free() { std::filesystem::remove(File("balloon")); }

 private:
  ScratchFolder folder_;
  std::string path_;
};

}  // namespace intentgate::test
