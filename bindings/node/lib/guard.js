// Functions that ask a gate before every call.
"use strict";

const { seconds } = require("./approvals.js");
const { Denied } = require("./errors.js");
const { optionsOf } = require("./guards/options.js");
const { refusalText } = require("./guards/refusal.js");

// What is judged, and how the callee gets it back.
function binding(params) {
  if (params === undefined) {
    return { judged: (callArgs) => callArgs[0], callWith: (callee, self, args, callArgs) => callee.call(self, args, ...callArgs.slice(1)) };
  }
  if (!Array.isArray(params) || !params.every((name) => typeof name === "string")) throw new TypeError("params must be an array of names");
  if (new Set(params).size !== params.length) throw new TypeError("params names one parameter twice");
  return {
    judged(callArgs) {
      if (callArgs.length > params.length) throw new TypeError(`called with ${callArgs.length} arguments, but only ${params.length} are named and can be judged`);
      return Object.fromEntries(params.slice(0, callArgs.length).map((name, i) => [name, callArgs[i]]));
    },
    callWith: (callee, self, args, callArgs) => callee.apply(self, params.slice(0, callArgs.length).map((name) => args[name])),
  };
}

function prepared(tool, callee, given) {
  if (typeof tool !== "string" || tool === "") throw new TypeError("guard: the first argument is the tool's name");
  if (typeof callee !== "function") throw new TypeError(`guard: ${tool} must be a function`);
  const { token, intent, sessionId, server, params, onDenied, waitForApproval, ...rest } = given;
  for (const name in rest) throw new TypeError(`guard: unknown option ${JSON.stringify(name)}`);
  if (onDenied !== undefined && typeof onDenied !== "function") throw new TypeError("guard: onDenied must be a function");
  seconds(waitForApproval);
  return binding(params);
}

const named = (wrapper, callee) => Object.defineProperty(wrapper, "name", { value: callee.name, configurable: true });

// A refusal of this call; one from inside the callee is the callee's own error.
const isRefusal = (error, ran) => error instanceof Denied && !ran;

function guard(gate, tool, callee, given = {}) {
  const { judged, callWith } = prepared(tool, callee, given);
  return named(async function (...callArgs) {
    let ran = false;
    const run = (args) => {
      ran = true;
      return callWith(callee, this, args, callArgs);
    };
    try {
      return await gate.run(tool, judged(callArgs), optionsOf(gate, given, callArgs), run);
    } catch (error) {
      if (given.onDenied && isRefusal(error, ran)) return given.onDenied(error.decision);
      throw error;
    }
  }, callee);
}

function guardSync(gate, tool, callee, given = {}) {
  if (given.waitForApproval > 0) throw new TypeError("guardSync cannot wait for a person; use guard");
  const { judged, callWith } = prepared(tool, callee, given);
  return named(function (...callArgs) {
    let ran = false;
    const run = (args) => {
      ran = true;
      return callWith(callee, this, args, callArgs);
    };
    try {
      return gate.runSync(tool, judged(callArgs), { ...optionsOf(gate, given, callArgs), waitForApproval: 0 }, run);
    } catch (error) {
      if (given.onDenied && isRefusal(error, ran)) return given.onDenied(error.decision);
      throw error;
    }
  }, callee);
}

module.exports = { guard, guardSync, refusalText };
