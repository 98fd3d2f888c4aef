/** What every guard takes. A function is asked at each call, with what the framework hands to the tool. What is missing comes
 *  from `gate.use`. */
export interface CallGuardOptions<Call extends unknown[] = any[]> {
  token?: string | ((...call: Call) => string | undefined);
  /** What the agent was asked to do. */
  intent?: string | ((...call: Call) => string | undefined);
  sessionId?: string | ((...call: Call) => string | undefined);
  /** The upstream server's name, for `servers` caveats. */
  server?: string | ((...call: Call) => string | undefined);
  /** Seconds that an escalated call waits for a person; 0 unless it is given. Then the refusal names the approval, and the same
   *  call made again goes on once it is approved. */
  waitForApproval?: number;
}
