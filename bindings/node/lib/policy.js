// Rego policies: compile, ask, test.
"use strict";

const { readFileSync } = require("node:fs");
const { readFile } = require("node:fs/promises");

const native = require("./native.js");
const { cancellable, signalIn } = require("./cancellable.js");
const { IntentGateError, call, later, translated } = require("./errors.js");
const { partialAnswer, partialRequest } = require("./partial.js");
const { refuseOthers } = require("./tokens.js");
const { integer, json, text } = require("./values.js");

const NONE = Object.freeze({});

/** [[name, text], ...] of a text, or of an object of texts by name. */
function sources(of) {
  if (typeof of === "string") return [["policy.rego", text(of, "policy")]];
  if (typeof of !== "object" || of === null || Array.isArray(of) || Object.keys(of).length === 0) {
    throw new TypeError("a policy is Rego text, or an object of texts by file name");
  }
  return Object.entries(of).map(([name, source]) => [text(name, "file name"), text(source, name)]);
}

/** What the native half compiles: the texts, the data and the limits, each as JSON. */
function compileRequest(of, { data = null, maxSteps, maxMemoryBytes, ...rest } = NONE, name) {
  refuseOthers(rest, name);
  const limits = json({ maxSteps: integer(maxSteps, "maxSteps"), maxMemoryBytes: integer(maxMemoryBytes, "maxMemoryBytes") }, "limits");
  return [JSON.stringify(sources(of)), json(data, "data"), limits];
}

// A number would be an open file: 0 waits for what somebody types.
function pathList(paths) {
  return (typeof paths === "string" ? [paths] : [...paths]).map((path) => text(path, "a policy's path"));
}

function report(results) {
  const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
  const failed = count("fail") + count("error");
  return { ok: failed === 0 && results.length > 0, passed: count("pass"), failed, skipped: count("skip"), results };
}

class Policy {
  #native;

  constructor(made) {
    if (!(made instanceof native.Policy)) throw new TypeError("a Policy is made by Policy.compile or Policy.load");
    this.#native = made;
  }

  static compile(of, options) {
    return new Policy(call(() => new native.Policy(...compileRequest(of, options, "Policy.compile"))));
  }

  static async compileAsync(of, options) {
    const asked = compileRequest(of, options, "Policy.compileAsync");
    const [answer, take] = call(() => native.Policy.compileAsync(...asked));
    const { code, message, details } = JSON.parse(await later(() => answer));
    if (code !== undefined) throw translated(Object.assign(new Error(message), { code, details }));
    return new Policy(take());
  }

  static load(paths, options) {
    return Policy.compile(Object.fromEntries(pathList(paths).map((path) => [path, readFileSync(path, "utf8")])), options);
  }

  static async loadAsync(paths, options) {
    const read = await Promise.all(pathList(paths).map(async (path) => [path, await readFile(path, "utf8")]));
    return Policy.compileAsync(Object.fromEntries(read), options);
  }

  static nativeOf(policy) {
    if (typeof policy !== "object" || policy === null || !(#native in policy)) throw new TypeError("policy must be a Policy");
    return policy.#native;
  }

  get digest() {
    return this.#native.digest;
  }

  get ruleNames() {
    return this.#native.ruleNames;
  }

  evaluate(input) {
    return JSON.parse(call(() => this.#native.evaluate(json(input, "input"))));
  }

  query(reference, input) {
    const made = call(() => this.#native.query(text(reference, "reference"), input === undefined ? undefined : json(input, "input")));
    return made === undefined ? undefined : JSON.parse(made);
  }

  partial(query, options) {
    const asked = partialRequest(query, options, "partial");
    return partialAnswer(call(() => this.#native.partial(...asked)));
  }

  async evaluateAsync(input, options) {
    const asked = json(input, "input"), signal = signalIn(options, "evaluateAsync");
    return JSON.parse(await cancellable(() => this.#native.evaluateAsync(asked), signal));
  }

  async queryAsync(reference, input, options) {
    const asked = [text(reference, "reference"), input === undefined ? undefined : json(input, "input")];
    const signal = signalIn(options, "queryAsync");
    const made = JSON.parse(await cancellable(() => this.#native.queryAsync(...asked), signal));
    if (made.code === undefined) return made.value;
    throw translated(Object.assign(new Error(made.message), { code: made.code }));
  }

  async partialAsync(query, { signal, ...options } = NONE) {
    const asked = partialRequest(query, options, "partialAsync"), aborting = signalIn({ signal }, "partialAsync");
    return partialAnswer(await cancellable(() => this.#native.partialAsync(...asked), aborting));
  }

  test(pattern) {
    return report(this.#tests(pattern).map((name) => this.#runTest(name)));
  }

  async testAsync(pattern, options) {
    const results = [];
    for (const name of this.#tests(pattern)) results.push(await this.#runTestAsync(name, options));
    return report(results);
  }

  #tests(pattern = /(?:)/) {
    const wanted = pattern instanceof RegExp ? (name) => name.search(pattern) >= 0 : (name) => name.includes(text(pattern, "pattern"));
    return this.ruleNames.filter((name) => /\.(todo_)?test_[^.]*$/.test(name) && wanted(name));
  }

  async #runTestAsync(name, options) {
    if (/\.todo_test_[^.]*$/.test(name)) return { name, outcome: "skip" };
    try {
      const made = await this.queryAsync(name, undefined, options);
      return { name, outcome: made === undefined || made === false ? "fail" : "pass" };
    } catch (error) {
      if (!(error instanceof IntentGateError) || options?.signal?.aborted) throw error;
      return { name, outcome: "error", message: error.message };
    }
  }

  #runTest(name) {
    if (/\.todo_test_[^.]*$/.test(name)) return { name, outcome: "skip" };
    let made;
    try {
      made = this.#native.query(name, undefined);
    } catch (error) {
      return { name, outcome: "error", message: translated(error).message };
    }
    return { name, outcome: made === undefined || made === "false" ? "fail" : "pass" };
  }
}
const { nativeOf } = Policy;
delete Policy.nativeOf;

module.exports = { Policy, policyOf: nativeOf, sources };
