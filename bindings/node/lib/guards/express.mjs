import made from "./express.js";

export const { guardRoute } = made;
