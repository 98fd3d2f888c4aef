// What the gateway's answer says: a result, or an error of the class that its code stands for.
"use strict";

const { ApprovalPendingError, GatewayError, ProtocolError, UnavailableError, forCode } = require("./errors.js");

const POLICY_REFUSED = -32012;
const SHOWN_CHARACTERS = 500;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const textOr = (value, otherwise) => (typeof value === "string" ? value : otherwise);

/** Seconds, or undefined; a date is as far away as it is now. */
function retryAfterOf(headers) {
  const value = headers?.get?.("Retry-After") ?? undefined;
  if (value === undefined) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

function metadataOf(value) {
  if (!isObject(value)) return null;
  const { decision, reason, check, latency_ms: latency } = value;
  return { decision: textOr(decision, ""), reason: textOr(reason, ""), check: textOr(check, ""), latencyMs: typeof latency === "number" ? latency : 0 };
}

function resultOf(result) {
  if (!isObject(result)) throw new ProtocolError("the answer has neither a result nor an error", { data: result });
  const content = Array.isArray(result.content) ? result.content.filter(isObject).map((block) => ({ ...block, type: textOr(block.type, "") })) : [];
  const made = { content, isError: result.isError === true, intentgate: metadataOf(result._intentgate) };
  if (result.structuredContent !== undefined) made.structuredContent = result.structuredContent;
  if (isObject(result._meta)) made.meta = result._meta;
  return made;
}

function errorOf(error, headers, resume) {
  if (!isObject(error) || !Number.isInteger(error.code)) return new ProtocolError("the answer's error is not a JSON-RPC error", { data: error });
  const message = textOr(error.message, "the call was refused");
  const about = { code: error.code, data: error.data };
  const approvalId = headers?.get?.("X-IntentGate-Approval-Id");
  if (error.code === POLICY_REFUSED && approvalId) {
    return new ApprovalPendingError(message, { ...about, approvalId, retryAfter: retryAfterOf(headers), resume: (options) => resume(approvalId, options) });
  }
  return new (forCode(error.code))(message, about);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The call's result; throws what the answer says instead. `resume(approvalId, options)` repeats the call. */
function read({ status, headers, text }, resume) {
  const answer = parsed(text);
  const error = isObject(answer) ? answer.error ?? undefined : undefined;
  // A call without a good token is answered with 401 and the JSON-RPC error.
  const readable = (status >= 200 && status <= 299) || (status === 401 && isObject(error) && Number.isInteger(error.code));
  const shown = text.slice(0, SHOWN_CHARACTERS);
  if (!readable) throw new GatewayError(`the gateway answered HTTP ${status}`, { status, retryAfter: retryAfterOf(headers), data: shown });
  if (answer === undefined) throw new UnavailableError("the gateway's answer is not JSON", { status, data: shown });
  if (!isObject(answer)) throw new ProtocolError("the gateway's answer is not a JSON-RPC object", { data: answer });
  if (error !== undefined) throw errorOf(error, headers, resume);
  return resultOf(answer.result);
}

module.exports = { read };
