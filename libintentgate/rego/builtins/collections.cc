// Whole arrays and sets: array.*, union, intersection, set_diff, graph.reachable(_paths).
#include <algorithm>
#include <vector>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"

namespace intentgate::rego {
namespace {

using builtins::ElementError;
using builtins::IntOperand;

Value ArrayConcat(BuiltinContext& context, std::span<const Value> args) {
  context.Charge(args[0].size() + args[1].size());
  ArrayBuilder out(context.arena);
  for (const Value& v : args[0].elements()) out.Add(v);
  for (const Value& v : args[1].elements()) out.Add(v);
  return out.Finish();
}

// One level only.
Value ArrayFlatten(BuiltinContext& context, std::span<const Value> args) {
  ArrayBuilder out(context.arena);
  for (const Value& v : args[0].elements()) {
    context.Charge(1);
    if (!v.is_array()) {
      out.Add(v);
      continue;
    }
    context.Charge(v.size());
    for (const Value& inner : v.elements()) out.Add(inner);
  }
  return out.Finish();
}

Value ArrayReverse(BuiltinContext& context, std::span<const Value> args) {
  const std::span<const Value> items = args[0].elements();
  context.Charge(items.size());
  ArrayBuilder out(context.arena);
  for (std::size_t i = items.size(); i-- > 0;) out.Add(items[i]);
  return out.Finish();
}

// Bounds beyond the array are moved to its ends.
Value ArraySlice(BuiltinContext& context, std::span<const Value> args) {
  const std::optional<std::int64_t> from = IntOperand(context, 2, args[1]);
  const std::optional<std::int64_t> to = from ? IntOperand(context, 3, args[2]) : std::nullopt;
  if (!to) return {};
  const std::span<const Value> items = args[0].elements();
  const auto size = static_cast<std::int64_t>(items.size());
  const std::int64_t stop = std::clamp<std::int64_t>(*to, 0, size);
  const std::int64_t start = std::clamp<std::int64_t>(*from, 0, stop);
  context.Charge(static_cast<std::uint64_t>(stop - start));
  return Value::Array(context.arena, items.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(stop - start)));
}

Value Union(BuiltinContext& context, std::span<const Value> args) {
  SetBuilder out(context.arena);
  for (const Value& set : args[0].elements()) {
    if (!set.is_set()) return ElementError(context, 1, args[0], "set", set);
    context.Charge(1 + set.size());
    for (const Value& v : set.elements()) out.Add(v);
  }
  return out.Finish();
}

Value Intersection(BuiltinContext& context, std::span<const Value> args) {
  const std::span<const Value> sets = args[0].elements();
  for (const Value& set : sets) {
    if (!set.is_set()) return ElementError(context, 1, args[0], "set", set);
  }
  if (sets.empty()) return Value::EmptySet();
  Value out = sets[0];
  for (const Value& set : sets.subspan(1)) {
    context.Charge(1);
    out = SetIntersection(context.arena, out, set);
  }
  return out;
}

Value SetDiff(BuiltinContext& context, std::span<const Value> args) {
  return SetDifference(context.arena, args[0], args[1]);
}

bool IsNodeList(const Value& v) { return v.is_array() || v.is_set(); }

Value Reachable(BuiltinContext& context, std::span<const Value> args) {
  const Value& graph = args[0];
  context.arena.CheckRoom(args[1].size() * sizeof(Value));
  std::vector<Value> queue(args[1].elements().begin(), args[1].elements().end());
  SetBuilder reached(context.arena);
  while (!queue.empty()) {
    context.Charge(3);
    const Value node = queue.back();
    queue.pop_back();
    const Value edges = graph.Get(node);
    if (!edges.defined() || !reached.Add(node)) continue;
    if (!IsNodeList(edges)) continue;
    context.Charge(edges.size());
    context.arena.CheckRoom(3 * (queue.size() + edges.size()) * sizeof(Value));
    queue.insert(queue.end(), edges.elements().begin(), edges.elements().end());
  }
  return reached.Finish();
}

// All paths from one root, depth first with a stack of our own. A path is reported where it meets a
// node without edges, a node that the graph does not describe, or one that it has passed. The root may follow itself once, as in OPA.
class PathWalker {
 public:
  PathWalker(BuiltinContext& context, const Value& graph, SetBuilder& paths)
      : context_(context), graph_(graph), paths_(paths) {}

  void WalkFrom(const Value& root) {
    if (!graph_.Contains(root)) return;
    Push(root);
    while (!stack_.empty()) {
      Frame& top = stack_.back();
      context_.Charge(1);
      if (top.next == top.edges.size()) {
        if (top.edges.empty()) Report();
        stack_.pop_back();
        path_.pop_back();
        continue;
      }
      const Value node = top.edges[top.next++];
      if (graph_.Contains(node) && !PassedBefore(node)) {
        Push(node);
      } else {
        Report();
      }
    }
  }

 private:
  struct Frame {
    std::span<const Value> edges;
    std::size_t next = 0;
  };
  void Push(const Value& node) {
    const Value edges = graph_.Get(node);
    context_.arena.CheckRoom(path_.size() * (sizeof(Frame) + sizeof(Value)));
    path_.push_back(node);
    stack_.push_back({IsNodeList(edges) ? edges.elements() : std::span<const Value>(), 0});
  }
  bool PassedBefore(const Value& node) {
    context_.Charge(path_.size());
    return path_.size() > 1 && std::find(path_.begin(), path_.end(), node) != path_.end();
  }
  void Report() {
    context_.Charge(path_.size());
    paths_.Add(Value::Array(context_.arena, path_));
  }

  BuiltinContext& context_;
  const Value& graph_;
  SetBuilder& paths_;
  std::vector<Frame> stack_;
  std::vector<Value> path_;
};

Value ReachablePaths(BuiltinContext& context, std::span<const Value> args) {
  SetBuilder paths(context.arena);
  PathWalker walker(context, args[0], paths);
  for (const Value& root : args[1].elements()) {
    context.Charge(1);
    walker.WalkFrom(root);
  }
  return paths.Finish();
}

constexpr TypeSpec kNodes = ty::OneOf(ty::kArray | ty::kSet);

constexpr Builtin kTable[] = {
    MakeBuiltin("array.concat", ArrayConcat, ty::Array, kBuiltinPlain, ty::Array, ty::Array),
    MakeBuiltin("array.flatten", ArrayFlatten, ty::Array, kBuiltinPlain, ty::Array),
    MakeBuiltin("array.reverse", ArrayReverse, ty::Array, kBuiltinPlain, ty::Array),
    MakeBuiltin("array.slice", ArraySlice, ty::Array, kBuiltinPlain, ty::Array, ty::Number, ty::Number),
    MakeBuiltin("union", Union, ty::Set, kBuiltinPlain, ty::SetOf(ty::kSet)),
    MakeBuiltin("intersection", Intersection, ty::Set, kBuiltinPlain, ty::SetOf(ty::kSet)),
    MakeBuiltin("set_diff", SetDiff, ty::Set, kBuiltinDeprecated, ty::Set, ty::Set),
    MakeBuiltin("graph.reachable", Reachable, ty::Set, kBuiltinPlain, ty::Object, kNodes),
    MakeBuiltin("graph.reachable_paths", ReachablePaths, ty::SetOf(ty::kArray), kBuiltinPlain, ty::Object, kNodes),
};

}  // namespace

std::span<const Builtin> CollectionBuiltins() { return kTable; }

}  // namespace intentgate::rego
