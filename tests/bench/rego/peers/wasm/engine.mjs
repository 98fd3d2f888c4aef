// OPA-Wasm behind the benchmark's line protocol (see rego_engine.cc): `engine.mjs OPA FOLDER WORK`. OPA compiles
// each policy. The package takes the input as an object that it turns into JSON, or as the bytes of JSON, which need no
// work on this side: both modes give it those.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import wasm from "@open-policy-agent/opa-wasm";

const [opa, folder, work] = process.argv.slice(2);
const loaded = new Map();

async function load(name) {
  const file = JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));
  const at = `${work}/${name}`;
  mkdirSync(at, { recursive: true });
  writeFileSync(`${at}/bench.rego`, file.module);
  execFileSync(opa, ["build", "-t", "wasm", "-e", "bench/answer", "-o", `${at}/bundle.tar.gz`, `${at}/bench.rego`], { stdio: "pipe" });
  execFileSync("tar", ["-xzf", `${at}/bundle.tar.gz`, "-C", at, "/policy.wasm"]);
  const policy = await wasm.loadPolicy(readFileSync(`${at}/policy.wasm`), { initial: 64, maximum: 32768 });
  policy.setData(file.data);
  loaded.set(name, { policy, bytes: new TextEncoder().encode(JSON.stringify(file.input)).buffer });
}

function time({ policy, bytes }, runs) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < runs; ++i) policy.evaluate(bytes);
  return Number(process.hrtime.bigint() - start);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, name, , runs] = line.split(" ");
  let reply = "no measure";
  try {
    if (command === "load") {
      await load(name);
      reply = "ok";
    } else if (command === "drop") {
      loaded.delete(name);
      reply = "ok";
    } else if (command === "answer") {
      const found = loaded.get(name).policy.evaluate(loaded.get(name).bytes);
      reply = found.length ? JSON.stringify(found[0].result) : "undefined";
    } else if (command === "time") {
      reply = String(time(loaded.get(name), Number(runs)));
    }
  } catch (error) {
    reply = `no ${String(error.message).replaceAll("\n", " ").slice(0, 200)}`;
  }
  process.stdout.write(reply + "\n");
}
