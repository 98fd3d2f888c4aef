// Input as text: it is refused where json::Parse refuses it, with the same words, and otherwise a policy sees the value
// that the tree gives.
#include <cstdlib>
#include <string_view>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace json = intentgate::json;
namespace rego = intentgate::rego;

namespace {

std::shared_ptr<const rego::CompiledPolicy> Policy() {
  const rego::SourceFile file{"p.rego", "package t\np := [input.a, input, [k | some k, _ in input]]\nq := [input]\n"};
  return rego::CompiledPolicy::Compile({&file, 1}).policy;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const auto policy = Policy();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = json::Parse(text);
  for (const char* entrypoint : {"data.t.p", "data.t.q"}) {
    const rego::EvalResult from_text = policy->Eval(entrypoint, rego::JsonText{text});
    if (!tree.ok()) {
      if (from_text.ok() || from_text.error->message != tree.error().message) std::abort();
      continue;
    }
    const rego::EvalResult from_tree = policy->Eval(entrypoint, *tree);
    // Only the one that keeps its input in the evaluation's memory can run out of it.
    if (!from_text.ok() && from_text.error->code == "eval_limit_error") continue;
    if (from_text.ok() != from_tree.ok() || from_text.defined != from_tree.defined || !(from_text.value == from_tree.value)) std::abort();
  }
  return 0;
}
