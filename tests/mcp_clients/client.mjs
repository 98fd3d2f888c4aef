// Drives an official npm SDK: argument 1 is "v1", "v2" or "v2-modern", 2 the URL, 3 the token. Prints one JSON line, and
// leaves when its input ends.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [which, url, token] = process.argv.slice(2);
const require = createRequire(`${process.env.FIXTURE}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const sdk = which === 'v1' ? '@modelcontextprotocol/sdk/client/index.js' : '@modelcontextprotocol/client';
const transports = which === 'v1' ? '@modelcontextprotocol/sdk/client/streamableHttp.js' : sdk;
const { Client } = await load(sdk);
const { StreamableHTTPClientTransport } = await load(transports);

const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } });
const options = which === 'v2-modern' ? { versionNegotiation: { mode: 'auto' } } : {};
const client = new Client({ name: 'test', version: '1' }, options);
await client.connect(transport);
const call = (name, more) => {
  const params = { name, arguments: {} };
  return which === 'v1' ? client.callTool(params, undefined, more) : client.callTool(params, more);
};

const out = { tools: (await client.listTools()).tools.map((tool) => tool.name) };
out.resources = (await client.listResources()).resources.map((resource) => resource.uri);
out.text = (await call('test_simple_text')).content[0].text;
out.resource = (await client.readResource({ uri: 'test://static-text' })).contents[0].text;
const refusal = (promise) => promise.then(() => null, (error) => error.code);
out.refused = await refusal(call('test_image_content'));
out.refusedResource = await refusal(client.readResource({ uri: 'test://watched-resource' }));
out.progress = [];
await call('test_tool_with_progress', { onprogress: ({ progress }) => out.progress.push(progress) });
const abort = new AbortController();
const held = call('test_hold', { signal: abort.signal }).catch(() => 'aborted');
setTimeout(() => abort.abort(), 300);
out.held = await held;
console.log(JSON.stringify(out));
// Whoever started it looks whether the abort has arrived, then ends the input.
for await (const _ of process.stdin);
await client.close();
process.exit(0);
