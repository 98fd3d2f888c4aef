// Express: a middleware in front of a route that is a tool.
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
  return async (request, response, next) => {
    try {
      const decision = await judged(gate, tool, given, request, response);
      if (decision === undefined) return;
      if (!decision.allowed) {
        const { status, headers, body } = answerTo(decision, tool);
        response.status(status).set(headers).json(body);
        return;
      }
      request.intentgate = decision;
      if (given.args === undefined) request.body = argsOf(decision);
      const ended = timed(gate, decision);
      response.once("close", () => ended(outcomeOf(response)));
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}

module.exports = { guardRoute };
