// What became of an allowed call, for the chain.
"use strict";

/** The chain's word for what a tool threw. */
function outcomeOf(error) {
  if (error?.name === "AbortError") return "cancelled";
  return error?.name === "TimeoutError" ? "timeout" : "tool_error";
}

/** Starts the clock of an allowed call; the function it gives records the outcome. */
function timed(gate, decision) {
  const started = process.hrtime.bigint();
  return (outcome) => {
    try {
      gate.recordOutcome(decision, outcome, Number((process.hrtime.bigint() - started) / 1000n));
    } catch (error) {
      // The tool has run: a gate that was closed meanwhile must not change what it said.
      process.emitWarning(`the outcome of ${decision.eventId} was not recorded: ${error.message}`, "IntentGateWarning");
    }
  };
}

module.exports = { outcomeOf, timed };
