// Partial evaluation: the options of Policy.partial on their way in, and what is left on its way out.
"use strict";

const { translated } = require("./errors.js");
const { refuseOthers } = require("./tokens.js");
const { integer, json, snapshot, text } = require("./values.js");

const NONE = Object.freeze({});

function names(list, name) {
  if (list === undefined) return undefined;
  // The characters of a string are strings as well, which nobody means.
  if (!Array.isArray(list)) throw new TypeError(`${name} must be an array of strings`);
  return Array.from(list, (each) => text(each, `each of ${name}`));
}

function flag(value, name) {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false`);
  return value;
}

function limit(value, name) {
  const most = integer(value, name);
  if (most !== undefined && most < 1) throw new RangeError(`${name} must be at least 1`);
  return most;
}

/** [query, JSON of the options]: what the native half wants. */
function partialRequest(query, {
  input, unknowns, disableInlining, shallowInlining = false, nondeterministicBuiltins = false, supportNamespace, maxQueries, maxRules,
  maxTextBytes, maxAlternatives, ...rest
} = NONE, name) {
  refuseOthers(rest, name);
  const known = snapshot(input, "input");
  const options = json({
    unknowns: names(unknowns, "unknowns"), disableInlining: names(disableInlining, "disableInlining"),
    shallowInlining: flag(shallowInlining, "shallowInlining"),
    nondeterministicBuiltins: flag(nondeterministicBuiltins, "nondeterministicBuiltins"),
    supportNamespace: supportNamespace === undefined ? undefined : text(supportNamespace, "supportNamespace"),
    maxQueries: limit(maxQueries, "maxQueries"), maxRules: limit(maxRules, "maxRules"), maxTextBytes: limit(maxTextBytes, "maxTextBytes"),
    maxAlternatives: limit(maxAlternatives, "maxAlternatives"),
  }, "the options");
  return [text(query, "query"), known === undefined ? options : `{"input":${known},${options.slice(1)}`];
}

function partialAnswer(made) {
  const { code, message, details, value } = JSON.parse(made);
  if (code !== undefined) throw translated(Object.assign(new Error(message), { code, details }));
  return value;
}

module.exports = { partialRequest, partialAnswer };
