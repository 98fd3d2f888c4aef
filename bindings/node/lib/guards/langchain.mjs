import made from "./langchain.js";

export const { guardTool, guardTools } = made;
