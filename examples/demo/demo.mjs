// Drives the gateway with the official MCP TypeScript client, once through every check, and verifies the
// audit log offline. Started by examples/gateway/demo.sh, which says where everything is by environment.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { GATEWAY, BINARY, STATE, FILES } = process.env;
const adminToken = readFileSync(join(STATE, "admin-token"), "utf8").trim();

const intentgate = (...args) => execFileSync(BINARY, args, { encoding: "utf8" }).trim();
const mint = (...flags) =>
  intentgate("mint", "--keys", join(STATE, "keys"), "--subject", "demo-agent", "--ttl", "10m", ...flags);

/** Connects a client that presents `token`, and the prompt if there is one. */
async function connect(token, prompt) {
  const headers = { Authorization: `Bearer ${token}`, ...(prompt ? { "X-Intent-Prompt": prompt } : {}) };
  const client = new Client({ name: "intentgate-demo", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${GATEWAY}/v1/mcp`), { requestInit: { headers } }));
  return client;
}

/** Calls a tool; answers {answer: "allowed" | "refused CODE", detail}. */
async function call(token, tool, args, prompt) {
  const client = await connect(token, prompt);
  try {
    const result = await client.callTool({ name: tool, arguments: args });
    const text = result.content?.[0]?.text ?? "";
    return { answer: result.isError ? "tool error" : "allowed", detail: text };
  } catch (error) {
    return { answer: `refused ${error.code}`, detail: String(error.data ?? error.message) };
  } finally {
    await client.close();
  }
}

async function admin(method, path, body) {
  const response = await fetch(`${GATEWAY}${path}`, {
    method,
    headers: { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${await response.text()}`);
  return response;
}

const rows = [];
function expect(asked, wanted, { answer, detail }) {
  rows.push({ asked, wanted, answer, detail, good: answer === wanted });
}

const underFiles = (...tools) => tools.flatMap((tool) => ["--where", `${tool} /path subpath ${FILES}`]);
const worker = mint("--tools", "read_text_file,write_file,list_directory,move_file",
  ...underFiles("read_text_file", "write_file", "list_directory"));
const notes = join(FILES, "notes");
const welcome = join(notes, "welcome.txt");

// What the token does not name is not even listed.
{
  const client = await connect(worker);
  const { tools } = await client.listTools();
  await client.close();
  const names = tools.map((tool) => tool.name).sort().join(",");
  expect("list the tools", "allowed", {
    answer: names === "list_directory,move_file,read_text_file,write_file" ? "allowed" : "wrong list",
    detail: names,
  });
}

expect("read notes/welcome.txt", "allowed", await call(worker, "read_text_file", { path: welcome }));
expect("write outside the token's path", "refused -32010",
  await call(worker, "write_file", { path: "/etc/motd", content: "x" }));
expect("write with a path that climbs out", "refused -32010",
  await call(worker, "write_file", { path: `${FILES}/../keys`, content: "x" }));
expect("write, though asked only to read", "refused -32011",
  await call(worker, "write_file", { path: join(notes, "new.txt"), content: "x" },
    "Read the text file welcome.txt in notes and summarize it"));
expect("read, as asked", "allowed",
  await call(worker, "read_text_file", { path: welcome }, "Read the text file welcome.txt in notes and summarize it"));
expect("read secrets/salaries.txt", "refused -32012",
  await call(worker, "read_text_file", { path: join(FILES, "secrets", "salaries.txt") }));
expect("move a file (needs a human)", "refused -32012",
  await call(worker, "move_file", { source: welcome, destination: join(notes, "moved.txt") }));

const twoCalls = mint("--tools", "read_text_file", "--max-calls", "2");
expect("budget of two calls: first", "allowed", await call(twoCalls, "read_text_file", { path: welcome }));
expect("budget of two calls: second", "allowed", await call(twoCalls, "read_text_file", { path: welcome }));
expect("budget of two calls: third", "refused -32013", await call(twoCalls, "read_text_file", { path: welcome }));

const child = intentgate("attenuate", worker, "--tools", "read_text_file",
  "--where", `read_text_file /path subpath ${notes}`, "--label", "researcher");
expect("attenuated: read in notes/", "allowed", await call(child, "read_text_file", { path: welcome }));
expect("attenuated: write in notes/", "refused -32010",
  await call(child, "write_file", { path: join(notes, "new.txt"), content: "x" }));

const { jti } = JSON.parse(intentgate("decode", "--json", child));
await admin("POST", "/v1/admin/revoke", { jti, reason: "demo" });
expect("attenuated, then revoked: read in notes/", "refused -32010",
  await call(child, "read_text_file", { path: welcome }));
expect("its parent: read in notes/", "allowed", await call(worker, "read_text_file", { path: welcome }));

// The evidence: exported over the admin API, verified without the server.
const exported = join(STATE, "audit.ndjson");
writeFileSync(exported, await (await admin("GET", "/v1/admin/audit/export?format=json")).text());
try {
  const report = JSON.parse(intentgate("audit", "verify", "--json", exported));
  expect("verify the exported audit log", "allowed",
    { answer: report.result === "intact" ? "allowed" : report.result, detail: `${report.events} events, ${report.message}` });
} catch (error) {
  expect("verify the exported audit log", "allowed", { answer: "not verified", detail: String(error.stdout || error) });
}

const width = (key) => Math.max(key.length, ...rows.map((row) => row[key].length));
const line = (row, mark) =>
  `${mark} ${row.asked.padEnd(width("asked"))}  ${row.answer.padEnd(width("answer"))}  ${row.detail.split("\n")[0].slice(0, 110)}`;
console.log(`\n${line({ asked: "asked", answer: "answer", detail: "detail" }, "  ")}`);
for (const row of rows) console.log(line(row, row.good ? "ok" : "NO"));
const wrong = rows.filter((row) => !row.good);
for (const row of wrong) console.error(`\n${row.asked}: wanted ${row.wanted}, got ${row.answer}: ${row.detail}`);
console.log(`\n${rows.length - wrong.length} passed, ${wrong.length} failed`);
process.exit(wrong.length === 0 ? 0 : 1);
