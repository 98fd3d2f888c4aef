// What the HTTP middlewares share: where the token is, and how a refusal is answered.
"use strict";

const { optionsOf } = require("./options.js");
const { refusalText } = require("./refusal.js");

/** The token of an `Authorization: Bearer` header. */
function bearerOf(request) {
  const header = request.headers?.authorization;
  return typeof header === "string" && /^bearer /i.test(header) ? header.slice(7).trim() : undefined;
}

// As the gateway has them.
const APPROVAL_HEADER = "X-IntentGate-Approval-Id";
const RETRY_SECONDS = "5";

/** What is judged, and with which options. */
function asked(gate, given, request) {
  const own = optionsOf(gate, given, [request]);
  const approvalId = request.headers?.[APPROVAL_HEADER.toLowerCase()];
  const options = { ...own, token: own.token ?? bearerOf(request) };
  if (typeof approvalId === "string") options.approvalId = approvalId;
  return [given.args === undefined ? request.body : given.args(request), options];
}

const UNAVAILABLE = /([._]unavailable|^gate\.shutting_down)$/;

function statusOf({ code, check }) {
  if (UNAVAILABLE.test(code)) return 503;
  if (code === "gate.invalid_request") return 400;
  if (code === "capability.no_token" || code.startsWith("capability.token_")) return 401;
  return check === "budget" ? 429 : 403;
}

/** The decision on a request, or undefined when the client has left meanwhile: then nobody waits for a person any more, and an
 *  allow that came too late is recorded as not used. */
async function judged(gate, tool, given, request, response) {
  const left = new AbortController();
  response.once("close", () => left.abort());
  if (response.destroyed) left.abort();
  const [args, options] = asked(gate, given, request);
  let decision;
  try {
    decision = await gate.authorize(tool, args, { ...options, signal: left.signal });
  } catch (error) {
    if (left.signal.aborted) return undefined;
    throw error;
  }
  if (!left.signal.aborted) return decision;
  if (decision.allowed) gate.recordOutcome(decision, "cancelled");
  return undefined;
}

/** {status, headers, body} of a refusal. */
function answerTo(decision, tool) {
  const status = statusOf(decision);
  const headers = status !== 401 ? {}
    : { "WWW-Authenticate": decision.code === "capability.no_token" ? "Bearer" : 'Bearer error="invalid_token"' };
  const { code, check, verdict, eventId, approvalId } = decision;
  const error = { code, check, verdict, message: refusalText(decision, tool), eventId };
  if (verdict === "escalate" && approvalId !== "") {
    headers[APPROVAL_HEADER] = approvalId;
    headers["Retry-After"] = RETRY_SECONDS;
    error.approvalId = approvalId;
  }
  return { status, headers, body: { error } };
}

/** The chain's word for an answered request. */
const outcomeOf = (response) => (!response.writableFinished ? "cancelled" : response.statusCode >= 500 ? "tool_error" : "success");

module.exports = { answerTo, judged, outcomeOf };
