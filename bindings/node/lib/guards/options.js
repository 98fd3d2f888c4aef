// A guard's options: fixed values, or functions of the framework's call.
"use strict";

const { seconds } = require("../approvals.js");

const NAMES = ["token", "intent", "sessionId", "server"];
const WAIT = "waitForApproval";

/** Throws for a gate that is none and for options that do not exist: a misspelt one must not skip a check. */
function checked(gate, given, where, more = []) {
  if (typeof gate?.authorize !== "function") throw new TypeError(`${where}: the first argument is a Gate`);
  if (typeof given !== "object" || given === null) throw new TypeError(`${where}: options must be an object such as {token}`);
  for (const name in given) if (!NAMES.includes(name) && name !== WAIT && !more.includes(name)) throw new TypeError(`${where}: unknown option ${JSON.stringify(name)}`);
  seconds(given[WAIT]);
  return given;
}

/** The options of one call; what is missing comes from `gate.use`. A call that was approved meanwhile goes on, also without
 *  waiting. `signal` is the framework's for this call. */
function optionsOf(gate, given, callArgs, signal) {
  const own = {};
  for (const name of NAMES) {
    const value = given[name];
    const found = typeof value === "function" ? value(...callArgs) : value;
    if (found !== undefined) own[name] = found;
  }
  if (given[WAIT] !== undefined) own[WAIT] = given[WAIT];
  if (signal instanceof AbortSignal) own.signal = signal;
  return { [WAIT]: 0, ...gate.current, ...own };
}

module.exports = { checked, optionsOf };
