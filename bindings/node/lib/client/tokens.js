// Tokens by the public SDK's names. The bytes are the library's, so that what it verifies is what was made here.
"use strict";

const { json, text } = require("../values.js");

// Loaded at the first token, so that a client for calls needs no binary.
let loaded;
const core = () => (loaded ??= require("../tokens.js"));

const CaveatType = Object.freeze({ TOOL_ALLOW: "tool_allow", TOOL_DENY: "tool_deny", EXPIRY: "exp", MAX_CALLS: "max_calls", AGENT_LOCK: "agent_lock" });
const OPTIONS = ["addTools", "denyTools", "maxCalls", "expiresAt", "expiresInSeconds", "extra"];

const NONE = [];

class AttenuationError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "AttenuationError";
  }
}

function tools(value, name) {
  if (value === undefined || value === null) return NONE;
  if (!Array.isArray(value) || !value.every((tool) => typeof tool === "string")) throw new AttenuationError(`${name} must be an array of names`);
  return value;
}

// Zero would be written as no limit, or as a token that never holds.
function whole(value, name) {
  if (!Number.isSafeInteger(value) || value < 1) throw new AttenuationError(`${name} must be a whole number of at least 1`);
  return value;
}

function extraCaveat(caveat) {
  const { type, tools: names, agent, expiry, maxCalls, ...rest } = caveat ?? {};
  if (!Object.values(CaveatType).includes(type)) throw new AttenuationError(`extra: unknown caveat type ${JSON.stringify(type)}`);
  for (const name in rest) throw new AttenuationError(`extra: unknown member ${JSON.stringify(name)}`);
  try {
    return json({ t: type, tools: names, agent, exp: expiry, max_calls: maxCalls }, "extra");
  } catch (cause) {
    throw new AttenuationError(cause.message, { cause });
  }
}

const inSeconds = (at) => (at instanceof Date ? Math.floor(at.getTime() / 1000) : at);

/** The caveats' JSON, joined. Numbers are whole by then, so writing them is quicker than making objects to be written. */
function caveatsOf({ addTools, denyTools, maxCalls, expiresAt, expiresInSeconds, extra = NONE }) {
  let caveats = "";
  const add = (caveat) => { caveats += caveats === "" ? caveat : `,${caveat}`; };
  const allowed = tools(addTools, "addTools");
  const denied = tools(denyTools, "denyTools");
  if (allowed.length > 0) add(`{"t":"tool_allow","tools":${JSON.stringify(allowed)}}`);
  if (denied.length > 0) add(`{"t":"tool_deny","tools":${JSON.stringify(denied)}}`);
  if (maxCalls !== undefined) add(`{"t":"max_calls","max_calls":${whole(maxCalls, "maxCalls")}}`);
  if (expiresAt !== undefined) add(`{"t":"exp","exp":${whole(inSeconds(expiresAt), "expiresAt")}}`);
  else if (expiresInSeconds !== undefined) add(`{"t":"exp","exp":${Math.floor(Date.now() / 1000) + whole(expiresInSeconds, "expiresInSeconds")}}`);
  if (!Array.isArray(extra)) throw new AttenuationError("extra must be an array of caveats");
  for (const caveat of extra) add(extraCaveat(caveat));
  return caveats;
}

/** A child that can do no more than its parent; needs no key and no gateway. */
function attenuate(token, options = {}) {
  for (const name in options) if (!OPTIONS.includes(name)) throw new AttenuationError(`unknown option ${JSON.stringify(name)}`);
  const caveats = caveatsOf(options);
  if (caveats === "") throw new AttenuationError("nothing to add: give at least one restriction");
  try {
    return core().attenuateJson(text(token, "token"), `[${caveats}]`);
  } catch (cause) {
    throw new AttenuationError(cause.message, { cause });
  }
}

/** What a token says. Nothing is verified. */
function decodeToken(token) {
  return core().decode(token);
}

module.exports = { attenuate, decodeToken, AttenuationError, CaveatType };
