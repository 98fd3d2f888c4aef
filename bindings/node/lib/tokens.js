// Keys and tokens.
"use strict";

const native = require("./native.js");
const { call, translated } = require("./errors.js");
const { text, integer, snapshot, json } = require("./values.js");

const NONE = Object.freeze([]);

class KeyRing {
  #native;

  constructor(made) {
    if (!(made instanceof native.KeyRing)) throw new TypeError("a KeyRing is made by KeyRing.parse or KeyRing.fromMasterKey");
    this.#native = made;
  }

  static parse(keys) {
    return new KeyRing(call(() => new native.KeyRing(text(keys, "the key file's text"), false)));
  }

  static fromMasterKey(key) {
    return new KeyRing(call(() => new native.KeyRing(text(key, "the master key"), true)));
  }

  static nativeOf(ring) {
    if (typeof ring !== "object" || ring === null || !(#native in ring)) throw new TypeError("keys must be a KeyRing");
    return ring.#native;
  }

  get ids() {
    return this.#native.ids;
  }

  get activeId() {
    return this.#native.activeId;
  }
}
const { nativeOf } = KeyRing;
delete KeyRing.nativeOf;

function mint(keys, request) {
  const ring = nativeOf(keys);
  if (typeof request !== "object" || request === null) throw new TypeError("the request must be an object with at least a subject");
  const { subject, caveats = [], ttl, format, tenant, issuer, zone, audience, notBefore, maxDepth, ...rest } = request;
  refuseOthers(rest, "mint");
  const asked = json({
    subject: text(subject, "subject"), caveats: listed(caveats), ttl: integer(ttl, "ttl"), format: integer(format, "format"),
    tenant: optional(tenant, "tenant"), issuer: optional(issuer, "issuer"), zone: optional(zone, "zone"),
    audience: optional(audience, "audience"), notBefore: integer(notBefore, "notBefore"), maxDepth: integer(maxDepth, "maxDepth"),
  }, "the request");
  return withHiddenToken(JSON.parse(call(() => native.mint(ring, asked))));
}

/** The same object, whose token `console.log` does not show. */
function withHiddenToken(minted) {
  const value = (depth, options, inspect) => inspect({ ...minted, token: "(not shown)" }, options);
  return Object.defineProperty(minted, Symbol.for("nodejs.util.inspect.custom"), { value });
}

function attenuate(token, caveats = NONE, options) {
  const parent = text(token, "token"), asked = json(listed(caveats), "the caveats");
  if (options === undefined) return attenuateJson(parent, asked);
  const { expiresIn, seal = false, label, ...rest } = options;
  refuseOthers(rest, "attenuate");
  if (typeof seal !== "boolean") throw new TypeError("seal must be true or false");
  const seconds = integer(expiresIn, "expiresIn"), name = text(label, "label", "");
  return call(() => native.attenuate(parent, asked, seconds, seal, name));
}

/** For this package: a checked token, and caveats as JSON. */
function attenuateJson(token, caveats) {
  try {
    return native.attenuate(token, caveats);
  } catch (error) {
    throw translated(error);
  }
}

function decode(token) {
  return JSON.parse(call(() => native.decode(text(token, "token"))));
}

const MEMBERS = ["v", "kid", "jti", "root_jti", "iss", "tenant", "zone", "sub", "aud", "iat", "nbf", "exp", "max_depth", "sealed", "cav", "hops"];

/** What a verified token says, read when it is asked for. */
class TokenContent {
  #token;
  #fields;

  constructor(token, key) {
    if (key !== VERIFIED) throw new TypeError("a TokenContent is made by verify");
    this.#token = token;
  }

  toJSON() {
    return { ...TokenContent.#of(this) };
  }

  [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) {
    return `TokenContent ${inspect(this.toJSON(), options)}`;
  }

  static #of(content) {
    return (content.#fields ??= JSON.parse(call(() => native.decode(content.#token))));
  }

  static {
    for (const name of MEMBERS) {
      Object.defineProperty(this.prototype, name, { get() { return TokenContent.#of(this)[name]; }, enumerable: true });
    }
  }
}
const VERIFIED = Symbol("verified");

function verify(token, keys, options) {
  let audience;
  if (options !== undefined) {
    const { audience: wanted, ...rest } = options;
    refuseOthers(rest, "verify");
    audience = wanted;
  }
  const given = text(token, "token"), ring = nativeOf(keys), forWhom = text(audience, "audience", "");
  call(() => native.verify(given, ring, forWhom));
  return new TokenContent(given, VERIFIED);
}

function check(token, keys, tool, args, { now, agent, ...rest } = {}) {
  refuseOthers(rest, "check");
  call(() => native.check(text(token, "token"), nativeOf(keys), text(tool, "tool"), snapshot(args), integer(now, "now"), text(agent, "agent", "")));
}

/** What every caveat says of a call; String(it) is for people. */
class Explanation {
  constructor(fields) {
    Object.assign(this, fields);
    Object.freeze(this);
  }

  toString() {
    const place = ({ caveat, hop }) => (caveat === undefined ? "" : `caveat ${caveat}${hop > 0 ? ` of hop ${hop}` : ""}: `);
    const lines = this.caveats.map((answer) => `  ${answer.holds ? "pass" : "FAIL"}  ${place(answer)}${answer.text}`);
    return [`${this.allowed ? "allowed" : `refused (${this.code})`}: ${this.reason}`, ...lines].join("\n");
  }
}

function explain(token, keys, tool, args, { now, agent, ...rest } = {}) {
  refuseOthers(rest, "explain");
  return new Explanation(JSON.parse(call(() =>
    native.explain(text(token, "token"), nativeOf(keys), text(tool, "tool"), snapshot(args), integer(now, "now"), text(agent, "agent", "")))));
}

function generateKeyLine(id) {
  return call(() => native.generateKeyLine(text(id, "id", "default")));
}

const optional = (value, name) => (value === undefined || value === null ? undefined : text(value, name));

function listed(caveats) {
  if (!Array.isArray(caveats)) throw new TypeError("caveats must be an array");
  return caveats;
}

// A misspelt option must not silently widen what is meant.
function refuseOthers(rest, where) {
  for (const name in rest) throw new TypeError(`${where}: unknown option ${JSON.stringify(name)}`);
}

module.exports = { KeyRing, nativeOf, refuseOthers, mint, attenuate, attenuateJson, decode, verify, check, explain, Explanation, generateKeyLine, TokenContent };
