/** A guard for Fastify routes that are tools. */
import type { Args, Gate } from "../index.js";
import type { CallGuardOptions } from "./options.js";

export interface RouteGuardOptions extends CallGuardOptions<[request: any]> {
  /** What is judged, if it is not the body. The route then reads `request.intentgate.args`. */
  args?: (request: any) => Args | undefined;
}
/** A preHandler hook that asks before the route runs. Without a token in the options, it is the bearer token of the request.
 *  The route gets the judged snapshot as its body, and the decision as `request.intentgate`. A refusal is answered with 401, 403,
 *  429, 400 or 503 and `{error: {code, check, verdict, message, eventId}}`. */
export function guardRoute(gate: Gate, tool: string, options?: RouteGuardOptions): (request: any, reply: any) => Promise<any>;
