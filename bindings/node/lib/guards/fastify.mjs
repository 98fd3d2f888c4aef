import made from "./fastify.js";

export const { guardRoute } = made;
