// Drives one public client: argument 1 is its file in clients/, with an option after a colon, 2 the URL, 3 the token, 4 the plan
// as JSON: calls by name, each [tool, arguments], of which "hold" is one that does not end by itself. Prints a JSON line of what became
// of them; before the call that is held comes a line "holding". A line on the input aborts it, and the input's end ends all.
import { createInterface } from 'node:readline';

const [which, url, token, plan] = process.argv.slice(2);
const [file, option] = which.split(':');
const { open } = await import(`./clients/${file}.mjs`);

let progress = [];
const to = { url: new URL(url), headers: { Authorization: `Bearer ${token}` }, option, onProgress: (value) => progress.push(value) };
const client = await open(to);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const out = { names: await client.names() };
const { hold, ...calls } = JSON.parse(plan);
for (const [name, [tool, args]] of Object.entries(calls)) {
  progress = [];
  const told = await client.call(tool, args).then((result) => ({ result }), (error) => ({ error: `${error} ${error.cause ?? ''}` }));
  out[name] = { ...told, progress };
}
if (hold) {
  const abort = new AbortController();
  const held = client.call(...hold, abort.signal).then(() => 'ended', () => 'aborted');
  console.log('holding');
  await lines.next();
  abort.abort();
  out.held = await held;
}
console.log(JSON.stringify(out));
await lines.next();
await client.close();
process.exit(0);
