#include "budget/wording.h"

namespace intentgate::budget {
namespace {

std::string Next(const Counter& counter, const Refusal& refusal) {
  if (refusal.retry_after_seconds) {
    const std::string what = counter.measure == Measure::kCalls ? "the next is possible in " : "it is possible in ";
    return what + std::to_string(*refusal.retry_after_seconds) + " s";
  }
  if (counter.measure == Measure::kCalls) return "no more are possible";
  return refusal.asked > refusal.limit ? "a call of this cost is never possible" : "that is not possible any more";
}

}  // namespace

Reason ReasonFor(const Counter& counter) {
  if (counter.measure == Measure::kCost) return Reason::kBudgetCost;
  return counter.window_seconds > 0 ? Reason::kBudgetRate : Reason::kBudgetExhausted;
}

std::string Sentence(const Counter& counter, const Refusal& refusal) {
  const bool calls = counter.measure == Measure::kCalls;
  std::string text = counter.owner + (calls ? " made " : " spent ") + std::to_string(refusal.used) + " of " +
                     std::to_string(refusal.limit) + (calls ? " calls" : "");
  if (counter.window_seconds > 0) text += " in " + std::to_string(counter.window_seconds) + " s";
  if (!calls) text += " and this call costs " + std::to_string(refusal.asked);
  return text + "; " + Next(counter, refusal);
}

}  // namespace intentgate::budget
