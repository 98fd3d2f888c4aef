import made from "./mastra.js";

export const { guardTool, guardTools } = made;
