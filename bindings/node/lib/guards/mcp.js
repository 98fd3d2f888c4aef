// Servers of the official MCP SDK, version 1 and 2: every tools/call is asked for before its handler sees it.
"use strict";

const { checked, optionsOf } = require("./options.js");
const { refusalText } = require("./refusal.js");
const { guarded } = require("./run.js");

const CALL = "tools/call";
const done = new WeakSet();

/** The method that a request schema of version 1 is for; it may be a schema of zod 3, 4 or 4 mini. */
function methodOf(schema) {
  if (typeof schema === "string") return schema;
  const shape = schema?.shape ?? schema?._zod?.def?.shape ?? schema?._def?.shape;
  const literal = (typeof shape === "function" ? shape() : shape)?.method;
  const method = literal?.value ?? literal?._zod?.def?.values?.[0] ?? literal?._def?.value;
  if (typeof method !== "string") throw new TypeError("guardServer: the method of a request schema cannot be read");
  return method;
}

/** The bearer token that the transport was given: from the SDK's own check of it, or from the request's header. */
function bearerOf(extra) {
  const checkedToken = extra?.authInfo?.token ?? extra?.http?.authInfo?.token;
  if (typeof checkedToken === "string") return checkedToken;
  const headers = extra?.requestInfo?.headers ?? extra?.http?.req?.headers;
  const header = typeof headers?.get === "function" ? headers.get("authorization") : headers?.authorization;
  return typeof header === "string" && /^bearer /i.test(header) ? header.slice(7).trim() : undefined;
}

function refusal(decision, params) {
  const text = refusalText(decision, params.name);
  // A call that asked for a task must get a task or an error.
  if (params.task !== undefined) throw Object.assign(new Error(text), { code: -32012 });
  return { content: [{ type: "text", text }], isError: true, _meta: { "intentgate/decision": { verdict: decision.verdict, check: decision.check, code: decision.code, eventId: decision.eventId, approvalId: decision.approvalId } } };
}

function guardedHandler(gate, given, handler, paramsOnly) {
  return async function (request, extra, ...rest) {
    const params = (paramsOnly ? request : request?.params) ?? {};
    const own = optionsOf(gate, given, [params, extra], extra?.signal ?? extra?.mcpReq?.signal);
    const options = own.token === undefined ? { ...own, token: bearerOf(extra) } : own;
    return guarded(gate, params.name, params.arguments, options, {
      execute: (args) => {
        const judged = { ...params, arguments: args };
        return handler.call(this, paramsOnly ? judged : { ...request, params: judged }, extra, ...rest);
      },
      refuse: (decision) => refusal(decision, params),
      failed: (result) => result?.isError === true,
    });
  };
}

/** Guards a McpServer or a Server. Call it before tools are registered. */
function guardServer(gate, server, given = {}) {
  checked(gate, given, "guardServer");
  const inner = typeof server?.setRequestHandler === "function" ? server : server?.server;
  if (typeof inner?.setRequestHandler !== "function") throw new TypeError("guardServer: the second argument is a server of the MCP SDK");
  if (done.has(inner)) throw new TypeError("guardServer: this server is guarded already");
  try {
    inner.assertCanSetRequestHandler(CALL);
  } catch (cause) {
    throw new TypeError("guardServer: call it before tools are registered; this server has a handler for tools/call already", { cause });
  }
  const set = inner.setRequestHandler;
  inner.setRequestHandler = function (schema, ...rest) {
    const handler = rest.at(-1);
    if (methodOf(schema) === CALL && typeof handler === "function") rest[rest.length - 1] = guardedHandler(gate, given, handler, rest.length > 1);
    return set.call(this, schema, ...rest);
  };
  refuseFallback(inner);
  done.add(inner);
  return server;
}

// What has no handler of its own goes to the fallback, and that may be anything.
function refuseFallback(inner) {
  let fallback = inner.fallbackRequestHandler;
  const withoutCalls = (handler) => handler && async function (request, ...rest) {
    if (request?.method === CALL) throw new Error("guardServer: tools/call needs a handler of its own");
    return handler.call(this, request, ...rest);
  };
  Object.defineProperty(inner, "fallbackRequestHandler", {
    get: () => withoutCalls(fallback), set: (handler) => { fallback = handler; }, configurable: true, enumerable: true,
  });
}

module.exports = { guardServer };
