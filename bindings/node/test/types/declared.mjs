// Holds the declarations against the code: what the one has and the other has not. Usage: declared.mjs PACKAGE_FOLDER
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const ts = require("typescript");
const folder = process.argv[2];
const entries = Object.entries(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).exports).filter(([, of]) => of.require);

// Members that JavaScript gives every class, or that Node's version decides.
const ignored = new Set(["constructor", "length", "name", "prototype"]);
const own = (object) => Object.getOwnPropertyNames(object).filter((name) => !ignored.has(name));

function declaredOf(file) {
  const program = ts.createProgram([file], { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node16 });
  const checker = program.getTypeChecker();
  const isValue = (symbol) => {
    const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return (real.flags & ts.SymbolFlags.Value) !== 0 ? real : undefined;
  };
  const members = (of) => [...(of ?? new Map()).values()].map((symbol) => symbol.name).filter((name) => !name.startsWith("__") && !ignored.has(name));
  const found = new Map();
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)))) {
    const real = isValue(symbol);
    if (real) found.set(symbol.name, real.flags & ts.SymbolFlags.Class ? { methods: members(real.members), statics: members(real.exports) } : undefined);
  }
  return found;
}

const wrong = [];
for (const [name, { require: of }] of entries) {
  const made = require(join(folder, of.default));
  const declared = declaredOf(join(folder, of.types));
  for (const exported of Object.keys(made)) if (!declared.has(exported)) wrong.push(`${name}: ${exported} is not declared`);
  for (const [exported, shape] of declared) {
    if (!(exported in made)) wrong.push(`${name}: ${exported} is declared and not there`);
    else if (shape) {
      for (const method of own(made[exported].prototype)) if (!shape.methods.includes(method)) wrong.push(`${name}: ${exported}.prototype.${method} is not declared`);
      for (const member of own(made[exported])) if (!shape.statics.includes(member)) wrong.push(`${name}: ${exported}.${member} is not declared`);
    }
  }
}
console.log(wrong.join("\n"));
process.exit(wrong.length === 0 && entries.length > 1 ? 0 : 1);
