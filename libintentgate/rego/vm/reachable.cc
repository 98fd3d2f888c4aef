#include "rego/vm/reachable.h"

#include "rego/vm/plan_visit.h"

namespace intentgate::rego {
namespace {

class Collector : public PlanVisitor<Collector> {
 public:
  void VisitBranch(const Branch& branch) {
    places_.push_back(branch.at);
    PlanVisitor::VisitBranch(branch);
  }
  void VisitStep(const Step& step) {
    if (step.at.line > 0) places_.push_back(step.at);
    PlanVisitor::VisitStep(step);
  }
  std::vector<Location> Take() { return std::move(places_); }

 private:
  std::vector<Location> places_;
};

}  // namespace

std::vector<Location> ReachablePlaces(std::span<const RuleSet* const> sets) {
  Collector collector;
  for (const RuleSet* set : sets) {
    for (const PlanRule& rule : set->rules) collector.VisitRule(rule);
    if (set->fallback != nullptr) collector.VisitRule(*set->fallback);
  }
  return collector.Take();
}

}  // namespace intentgate::rego
