/** Guards for servers of `@modelcontextprotocol/sdk` and `@modelcontextprotocol/server`. */
import type { Gate } from "../index.js";
import type { CallGuardOptions } from "./options.js";

/** Asks before every tools/call; a refusal is a result with `isError`. Call it before tools are registered. Without a token in
 *  the options, it is the bearer token of the request. Functions in the options get the call's params and the SDK's context. */
export function guardServer<Server extends object>(gate: Gate, server: Server, options?: CallGuardOptions<[params: any, context: any]>): Server;
