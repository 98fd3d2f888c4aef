// One HTTP exchange on the platform's fetch: a time limit over headers and body, the caller's signal, a limit on the
// answer's size.
"use strict";

const { UnavailableError } = require("./errors.js");

// The connection was never there, so nothing was sent.
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

function codesOf(error) {
  const codes = [];
  for (let at = error, depth = 0; at && depth < 5; at = at.cause, depth++) codes.push(at.code, ...(at.errors ?? []).map((one) => one.code));
  return codes.filter((code) => typeof code === "string");
}

const neverSent = (error) => {
  const codes = codesOf(error);
  return codes.length > 0 && codes.every((code) => NOT_SENT.has(code));
};

async function textOf(response, maxBytes) {
  if (typeof response.body?.getReader !== "function") return response.text();
  const reader = response.body.getReader();
  const pieces = [];
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(pieces).toString("utf8");
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel().catch(() => {});
      throw new UnavailableError(`the answer is longer than ${maxBytes} bytes (maxResponseBytes)`, { status: response.status });
    }
    pieces.push(value);
  }
}

/** {status, headers, text}. Throws the signal's reason when the caller aborted, else UnavailableError. */
async function exchange(fetch, url, init, { timeoutMs, signal, maxResponseBytes }) {
  signal?.throwIfAborted();
  const limit = new AbortController();
  const abort = () => limit.abort(signal.reason);
  signal?.addEventListener("abort", abort, { once: true });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    limit.abort();
  }, timeoutMs);
  try {
    // A redirect would carry the arguments and the prompt elsewhere.
    const response = await fetch(url, { ...init, redirect: "error", signal: limit.signal });
    return { status: response.status, headers: response.headers, text: await textOf(response, maxResponseBytes) };
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    if (cause instanceof UnavailableError) throw cause;
    if (timedOut) throw new UnavailableError(`no answer from the gateway within ${timeoutMs} ms`, { cause });
    throw new UnavailableError(`the gateway cannot be reached: ${[cause?.message ?? cause, ...codesOf(cause)].join(", ")}`, { cause, notSent: neverSent(cause) });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

module.exports = { exchange };
