/** A guard for Express routes that are tools. */
import type { Args, Gate } from "../index.js";
import type { CallGuardOptions } from "./options.js";

export interface RouteGuardOptions extends CallGuardOptions<[request: any]> {
  /** What is judged, if it is not the body. The route then reads `request.intentgate.args`. */
  args?: (request: any) => Args | undefined;
}
/** A middleware that asks before the route runs. Without a token in the options, it is the bearer token of the request.
 *  The route gets the judged snapshot as its body, and the decision as `request.intentgate`. A refusal is answered with 401, 403,
 *  429, 400 or 503 and `{error: {code, check, verdict, message, eventId, approvalId?}}`. The header `X-IntentGate-Approval-Id`
 *  names an approval, in the answer to an escalated call and in the request that comes again. */
export function guardRoute(gate: Gate, tool: string, options?: RouteGuardOptions): (request: any, response: any, next: (error?: any) => void) => Promise<any>;
