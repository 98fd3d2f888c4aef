import made from "./mcp.js";

export const { guardServer } = made;
