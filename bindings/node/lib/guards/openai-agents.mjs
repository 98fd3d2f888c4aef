import made from "./openai-agents.js";

export const { guardTool, guardTools } = made;
