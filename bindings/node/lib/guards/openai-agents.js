// OpenAI Agents JS: function tools whose invoke asks first. A refusal is the tool's output, in words for the model.
"use strict";

const { checked, optionsOf } = require("./options.js");
const { refusalText } = require("./refusal.js");
const { guarded } = require("./run.js");

const notJson = (name) => `The call of ${JSON.stringify(name)} was not executed: its arguments are not a JSON object.`;

function argumentsOf(input) {
  try {
    const parsed = input === "" ? {} : JSON.parse(input);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** A tool like this one that asks before every call. */
function guardTool(gate, tool, given = {}) {
  checked(gate, given, "guardTool");
  if (tool?.type !== "function" || typeof tool.invoke !== "function" || typeof tool.name !== "string") {
    throw new TypeError("guardTool: the tool must be a function tool, such as tool() makes; what runs elsewhere cannot be guarded here");
  }
  const invoke = async (context, input, details) => {
    const args = argumentsOf(input);
    if (args === undefined) return notJson(tool.name);
    return guarded(gate, tool.name, args, optionsOf(gate, given, [args, context, details], details?.signal), {
      execute: (judged) => tool.invoke(context, JSON.stringify(judged), details),
      refuse: (decision) => refusalText(decision, tool.name),
    });
  };
  return { ...tool, invoke };
}

function guardTools(gate, tools, given) {
  return [...tools].map((tool) => guardTool(gate, tool, given));
}

module.exports = { guardTool, guardTools };
