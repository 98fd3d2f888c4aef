/** What every guard takes. A function is asked at each call, with what the framework hands to the tool. What is missing comes
 *  from `gate.use`. */
export interface CallGuardOptions<Call extends unknown[] = any[]> {
  token?: string | ((...call: Call) => string | undefined);
  /** What the agent was asked to do. */
  intent?: string | ((...call: Call) => string | undefined);
  sessionId?: string | ((...call: Call) => string | undefined);
  /** The upstream server's name, for `servers` caveats. */
  server?: string | ((...call: Call) => string | undefined);
}
