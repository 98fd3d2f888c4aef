import made from "./guard.js";

export const { guard, guardSync, refusalText } = made;
