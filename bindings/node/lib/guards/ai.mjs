import made from "./ai.js";

export const { guardTool, guardTools } = made;
