// Metadata blocks ("# METADATA" comments) and what rego.metadata.rule() and rego.metadata.chain() say of a rule.
//
// A block belongs to the package or the rule behind it. Its scope is `package` or `rule` unless it says `subpackages`, or
// `document` (all rules of that path, in all modules). The calls become constants when the policy is compiled, so
// evaluation knows nothing of them; blocks are read only where some module calls one of the two.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "rego/compile/diagnostics.h"
#include "rego/syntax/ast.h"
#include "rego/value.h"

namespace intentgate::rego {

class Annotations {
 public:
  // Values live in `arena`. Blocks that are no YAML object, or name what does not exist, are diagnostics.
  Annotations(Arena& arena, std::span<const ModuleAst> modules, Diagnostics& diagnostics);

  // The constants that stand for the two calls in `rule` of `module`.
  Term Rule(const ModuleAst& module, const rego::Rule& rule) const;
  Term Chain(const ModuleAst& module, const rego::Rule& rule) const;

  // An annotation as it stands in the text; `rule`: of the rule behind it, null for a package's.
  struct Standing {
    const rego::Rule* rule;
    bool document;  // its scope
    Value content;
  };
  const std::vector<Standing>& all() const { return all_; }

 private:
  struct Block {
    Location at;
    Value content;  // the annotation as rego.metadata.rule() gives it
  };
  void AddModule(const ModuleAst& module, Diagnostics& diagnostics);
  void Attach(const ModuleAst& module, const Block& block, std::uint32_t last_line, Diagnostics& diagnostics);
  Value ReadBlock(const std::string& yaml, std::string& problem);
  // The constant of a call. Throws EvalAbort when those of all calls are more than the arena has room for.
  Term Constant(const Value& value, Location at) const;
  Value ChainItem(const std::vector<std::string>& path, const Block* block) const;

  Arena& arena_;
  mutable std::size_t constants_ = 0;  // bytes
  std::vector<Standing> all_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Block>> rules_;  // by file and line of the rule
  std::map<std::vector<std::string>, Block> documents_;
  std::map<std::vector<std::string>, Block> packages_;
  std::map<std::vector<std::string>, Block> subpackages_;
};

}  // namespace intentgate::rego
