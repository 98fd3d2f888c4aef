// Fastify: a preHandler hook in front of a route that is a tool.
"use strict";

const { argsOf } = require("../decision.js");
const { timed } = require("../outcome.js");
const { answerTo, judged, outcomeOf } = require("./http.js");
const { checked } = require("./options.js");

/** Asks for `tool` with the parsed body as its arguments. The route gets the judged snapshot as its body, or with `args` as
 *  `request.intentgate.args`. */
function guardRoute(gate, tool, given = {}) {
  checked(gate, given, "guardRoute", ["args"]);
  if (typeof tool !== "string" || tool === "") throw new TypeError("guardRoute: the second argument is the tool's name");
  return async (request, reply) => {
    const decision = await judged(gate, tool, given, request, reply.raw);
    // There is no connection left for Fastify to answer on.
    if (decision === undefined) return reply.hijack();
    if (!decision.allowed) {
      const { status, headers, body } = answerTo(decision, tool);
      return reply.code(status).headers(headers).send(body);
    }
    request.intentgate = decision;
    if (given.args === undefined) request.body = argsOf(decision);
    const ended = timed(gate, decision);
    reply.raw.once("close", () => ended(outcomeOf(reply.raw)));
  };
}

module.exports = { guardRoute };
