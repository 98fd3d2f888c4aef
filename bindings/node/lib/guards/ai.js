// Vercel AI SDK: tools whose execute asks first. A refusal is a tool error, which the SDK shows to the model.
"use strict";

const { Denied } = require("../errors.js");
const { checked, optionsOf } = require("./options.js");
const { refusalText } = require("./refusal.js");
const { guarded, guardedStream } = require("./run.js");

const AsyncGeneratorFunction = Object.getPrototypeOf(async function* () {}).constructor;

async function last(result) {
  const made = await result;
  if (typeof made?.[Symbol.asyncIterator] !== "function") return made;
  let piece;
  for await (piece of made);
  return piece;
}

/** A tool like this one under its name. A generator stays one, so that its pieces are shown as they come. */
function guardTool(gate, name, tool, given = {}) {
  checked(gate, given, "guardTool");
  if (typeof name !== "string" || name === "") throw new TypeError("guardTool: the second argument is the tool's name");
  if (typeof tool?.execute !== "function") throw new TypeError(`guardTool: ${name} has no execute: it runs elsewhere and cannot be guarded here`);
  const original = tool.execute;
  const refuse = (decision) => { throw new Denied(decision, refusalText(decision, name)); };
  const call = (input, options) => [gate, name, input, optionsOf(gate, given, [input, options], options?.abortSignal)];
  const execute = original instanceof AsyncGeneratorFunction
    ? (input, options) => guardedStream(...call(input, options), { execute: (args) => original.call(tool, args, options), refuse })
    : async (input, options) => guarded(...call(input, options), { execute: (args) => last(original.call(tool, args, options)), refuse });
  return { ...tool, execute };
}

/** The same for an object of tools by name. */
function guardTools(gate, tools, given) {
  return Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, guardTool(gate, name, tool, given)]));
}

module.exports = { guardTool, guardTools };
