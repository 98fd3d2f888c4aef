// One guarded call in a framework's hands: asked right before it runs, and its outcome recorded.
"use strict";

const { argsOf } = require("../decision.js");
const { outcomeOf, timed } = require("../outcome.js");

const succeeded = () => false;

/** Runs `execute` with the judged snapshot, or gives what `refuse(decision)` gives. `failed` tells a tool's error that is a
 *  result and not an exception. */
async function guarded(gate, tool, args, options, { execute, refuse, failed = succeeded }) {
  const decision = await gate.authorize(tool, args, options);
  if (!decision.allowed) return refuse(decision);
  const ended = timed(gate, decision);
  let result;
  try {
    result = await execute(argsOf(decision));
  } catch (error) {
    ended(outcomeOf(error));
    throw error;
  }
  ended(failed(result) ? "tool_error" : "success");
  return result;
}

/** The same for a tool that gives its result in pieces. `refuse` throws. */
async function* guardedStream(gate, tool, args, options, { execute, refuse }) {
  const decision = await gate.authorize(tool, args, options);
  if (!decision.allowed) return refuse(decision);
  const ended = timed(gate, decision);
  // Whoever stops listening cancels.
  let outcome = "cancelled";
  try {
    yield* execute(argsOf(decision));
    outcome = "success";
  } catch (error) {
    outcome = outcomeOf(error);
    throw error;
  } finally {
    ended(outcome);
  }
}

module.exports = { guarded, guardedStream };
