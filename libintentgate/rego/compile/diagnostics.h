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
  Diagnostics(std::span<const SourceFile> files, std::size_t max_errors) : files_(files), max_errors_(max_errors) {}

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
  std::string_view FileName(std::uint32_t file) const { return file < files_.size() ? files_[file].name : std::string_view(); }

 private:
  std::span<const SourceFile> files_;
  std::size_t max_errors_;
  std::vector<Diagnostic> list_;
};

}  // namespace intentgate::rego
