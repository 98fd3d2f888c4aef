// Go's text/template, read: a template becomes a tree of nodes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rego/builtins/registry.h"

namespace intentgate::rego::text_template {

inline constexpr int kMaxTemplateNesting = 100;

struct TemplateError {
  std::string message;
};

// A value of the policy, or a number that the template made.
struct Item {
  Value value;
  bool native = false;
};

struct Pipeline;

struct Operand {
  enum class Kind : std::uint8_t { kDot, kVariable, kConstant, kFunction, kPipeline } kind = Kind::kDot;
  std::string name;                 // kVariable, kFunction
  Item constant;                    // kConstant
  std::shared_ptr<Pipeline> inner;  // kPipeline
  std::vector<std::string> fields;
};

struct Command {
  std::vector<Operand> operands;
};

struct Pipeline {
  std::vector<std::string> variables;
  bool declares = false;
  std::vector<Command> commands;
};

struct Node {
  enum class Kind : std::uint8_t { kText, kAction, kIf, kRange, kWith, kBreak, kContinue, kTemplate } kind = Kind::kText;
  std::string text;  // kTemplate: its name
  Pipeline pipeline;
  std::vector<Node> body;
  std::vector<Node> otherwise;
};

// By name: what {{define}} and {{block}} make.
using Templates = std::map<std::string, std::vector<Node>, std::less<>>;

struct Template {
  std::vector<Node> nodes;
  Templates named;
};

// Throws TemplateError.
Template ParseTemplate(BuiltinContext& context, std::string_view text);

}  // namespace intentgate::rego::text_template
