// LangChain.js and LangGraph: a tool whose call asks first. A refusal is the tool's message with status "error".
"use strict";

const { Denied } = require("../errors.js");
const { checked, optionsOf } = require("./options.js");
const { refusalText } = require("./refusal.js");
const { guarded } = require("./run.js");

const isToolCall = (input) => typeof input === "object" && input !== null && input.type === "tool_call";

/** The answer to a refused call, made by the tool's own class, so that the graph and its traces see one tool message. */
async function refuse(tool, decision, arg, config) {
  const text = refusalText(decision, tool.name);
  const calledById = isToolCall(arg) ? arg.id : config?.toolCall?.id;
  if (calledById === undefined) throw new Denied(decision, text);
  const refusing = Object.create(tool, {
    schema: { value: {} }, responseFormat: { value: "content" }, _call: { value: async () => text },
  });
  const message = await tool.call.call(refusing, arg, config);
  message.status = "error";
  return message;
}

/** A tool like this one that asks before every call. */
function guardTool(gate, tool, given = {}) {
  checked(gate, given, "guardTool");
  if (typeof tool?.call !== "function" || typeof tool._call !== "function" || typeof tool.name !== "string") {
    throw new TypeError("guardTool: the tool must be a StructuredTool, such as tool() makes; what runs elsewhere cannot be guarded here");
  }
  const call = async (arg, config, tags) => {
    const input = isToolCall(arg) ? arg.args : arg;
    // A tool of one text takes it bare.
    const bare = typeof input === "string" || input === undefined || input === null;
    const unwrap = (judged) => (bare ? judged.input : judged);
    return guarded(gate, tool.name, bare ? { input } : input, optionsOf(gate, given, [input, config], config?.signal), {
      execute: (judged) => tool.call(isToolCall(arg) ? { ...arg, args: unwrap(judged) } : unwrap(judged), config, tags),
      refuse: (decision) => refuse(tool, decision, arg, config),
      failed: (result) => result?.status === "error",
    });
  };
  return Object.create(tool, { call: { value: call, writable: true, configurable: true } });
}

function guardTools(gate, tools, given) {
  return [...tools].map((tool) => guardTool(gate, tool, given));
}

module.exports = { guardTool, guardTools };
