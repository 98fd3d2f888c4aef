// The findings of all passes, in one list. Thread-compatible.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/rego.h>

#include "rego/syntax/ast.h"

namespace intentgate::rego {

class Diagnostics {
 public:
  // Places count their files from `first_file`.
  Diagnostics(std::span<const SourceFile> files, std::size_t max_errors, std::uint32_t first_file = 0)
      : files_(files), max_errors_(max_errors), first_file_(first_file) {}

  void Add(std::string_view code, Location at, std::string message, std::string suggestion = {});
  void Parse(Location at, std::string message, std::string suggestion = {}) {
    Add("rego_parse_error", at, std::move(message), std::move(suggestion));
  }
  void Compile(Location at, std::string message, std::string suggestion = {}) {
    Add("rego_compile_error", at, std::move(message), std::move(suggestion));
  }
  void Type(Location at, std::string message, std::string suggestion = {}) {
    Add("rego_type_error", at, std::move(message), std::move(suggestion));
  }

  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  bool full() const { return list_.size() >= max_errors_; }
  // Sorted by place.
  std::vector<Diagnostic> Take();
  std::string_view FileName(std::uint32_t file) const {
    const SourceFile* source = Source(file);
    return source != nullptr ? source->name : std::string_view();
  }

 private:
  const SourceFile* Source(std::uint32_t file) const {
    return file >= first_file_ && file - first_file_ < files_.size() ? &files_[file - first_file_] : nullptr;
  }

  std::span<const SourceFile> files_;
  std::size_t max_errors_;
  std::uint32_t first_file_;
  std::vector<Diagnostic> list_;
};

}  // namespace intentgate::rego
