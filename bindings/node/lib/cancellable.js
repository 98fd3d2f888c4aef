// Promise forms whose work an AbortSignal ends.
"use strict";

const { signalOf } = require("./approvals.js");
const { call, translated } = require("./errors.js");
const { refuseOthers } = require("./tokens.js");

const NONE = Object.freeze({});

/** The AbortSignal of a promise form's options. */
function signalIn({ signal, ...rest } = NONE, name) {
  refuseOthers(rest, name);
  return signalOf(signal);
}

/** What a native promise form gives; the signal ends the work, and its reason is what is thrown then. */
async function cancellable(start, signal) {
  signal?.throwIfAborted();
  const [answer, cancel] = call(start);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const made = await answer;
    signal?.throwIfAborted();
    return made;
  } catch (error) {
    throw signal?.aborted ? signal.reason : translated(error);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

module.exports = { signalIn, cancellable };
