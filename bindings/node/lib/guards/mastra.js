// Mastra: tools whose execute asks first. A refusal is a tool error, which the agent shows to the model.
"use strict";

const { Denied } = require("../errors.js");
const { checked, optionsOf } = require("./options.js");
const { refusalText } = require("./refusal.js");
const { guarded } = require("./run.js");

/** A tool like this one, judged by its id. */
function guardTool(gate, tool, given = {}) {
  checked(gate, given, "guardTool");
  if (typeof tool?.execute !== "function" || typeof tool.id !== "string") {
    throw new TypeError("guardTool: the tool must have an id and an execute, such as createTool() makes; what runs elsewhere cannot be guarded here");
  }
  const execute = async (input, context) => guarded(gate, tool.id, input, optionsOf(gate, given, [input, context], context?.abortSignal), {
    execute: (judged) => tool.execute(judged, context),
    refuse: (decision) => { throw new Denied(decision, refusalText(decision, tool.id)); },
  });
  return Object.assign(Object.create(Object.getPrototypeOf(tool)), tool, { execute });
}

/** The same for an object of tools by name. */
function guardTools(gate, tools, given) {
  return Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, guardTool(gate, tool, given)]));
}

module.exports = { guardTool, guardTools };
