// Rego by itself: modules that are parsed once and compiled often, queries that are compiled once and asked often.
"use strict";

const native = require("./native.js");
const { IntentGateError, call } = require("./errors.js");
const { cancellable, signalIn } = require("./cancellable.js");
const { refuseOthers } = require("./tokens.js");
const { integer, json, text } = require("./values.js");

const NONE = Object.freeze({});
const SECRET = Symbol("made by an Engine");

function madeHere(secret, name, maker) {
  if (secret !== SECRET) throw new TypeError(`a ${name} is made by ${maker}`);
}

class Module {
  #native;

  constructor(secret, made, name, source) {
    madeHere(secret, "Module", "Engine.parse");
    this.#native = made;
    this.name = name;
    this.text = source;
    Object.freeze(this);
  }

  static nativeOf(module) {
    if (typeof module !== "object" || module === null || !(#native in module)) throw new TypeError("a module must be a Module");
    return module.#native;
  }

  get package() {
    return call(() => native.rego.package(this.#native));
  }

  tree() {
    return JSON.parse(call(() => native.rego.tree(this.#native)));
  }

  annotations() {
    return JSON.parse(call(() => native.rego.annotations(this.#native)));
  }

  format() {
    return call(() => native.rego.format(this.#native));
  }
}
const { nativeOf } = Module;
delete Module.nativeOf;

class Query {
  #native;

  constructor(secret, made, source) {
    madeHere(secret, "Query", "CompiledPolicy.prepare");
    this.#native = made;
    this.text = source;
    Object.freeze(this);
  }

  get isReference() {
    return call(() => native.rego.isReference(this.#native));
  }

  evalSync(input) {
    return answered(call(() => native.rego.ask(this.#native, given(input), false)));
  }

  answersSync(input) {
    return answered(call(() => native.rego.ask(this.#native, given(input), true)));
  }

  eval(input, options) {
    return this.#ask(input, false, options, "eval");
  }

  answers(input, options) {
    return this.#ask(input, true, options, "answers");
  }

  async #ask(input, all, options, name) {
    const asked = given(input), signal = signalIn(options, name);
    return answered(await cancellable(() => native.rego.askAsync(this.#native, asked, all), signal));
  }
}

const given = (input) => (input === undefined ? undefined : json(input, "input"));

function answered(made) {
  const { code, message, value } = JSON.parse(made);
  if (code !== undefined) throw new IntentGateError(code, message);
  return value;
}

class CompiledPolicy {
  #engine;
  #native;

  constructor(secret, engine, made) {
    madeHere(secret, "CompiledPolicy", "Engine.compile");
    this.#engine = engine;
    this.#native = made;
  }

  get ruleNames() {
    return call(() => native.rego.ruleNames(this.#native));
  }

  prepare(query) {
    return new Query(SECRET, call(() => native.rego.prepare(this.#engine, this.#native, text(query, "query"))), query);
  }
}

class Engine {
  #native;

  constructor({ v0 = false, maxSteps, maxMemoryBytes, strictBuiltinErrors = false, builtins, ...rest } = NONE) {
    refuseOthers(rest, "Engine");
    const options = {
      v0: v0 === true, maxSteps: integer(maxSteps, "maxSteps"), maxMemoryBytes: integer(maxMemoryBytes, "maxMemoryBytes"),
      strictBuiltinErrors: strictBuiltinErrors === true,
      builtins: builtins === undefined ? undefined : [...builtins].map((name) => text(name, "a builtin's name")),
    };
    this.#native = call(() => native.rego.engine(json(options, "options")));
  }

  parse(name, source) {
    const asked = [text(name, "name"), text(source, "text")];
    return new Module(SECRET, call(() => native.rego.parse(this.#native, ...asked)), ...asked);
  }

  compile(modules, { data = null, ...rest } = NONE) {
    refuseOthers(rest, "compile");
    const asked = [[...modules].map(nativeOf), json(data, "data")];
    return new CompiledPolicy(SECRET, this.#native, call(() => native.rego.compile(this.#native, ...asked)));
  }
}

module.exports = { Engine, Module, CompiledPolicy, Query };
