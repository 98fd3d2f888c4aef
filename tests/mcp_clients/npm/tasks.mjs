// Two callers and their tasks, with the official SDK's version 1: arguments are the URL and a token for each. Prints one JSON line.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';

const [url, ...tokens] = process.argv.slice(2);
const capabilities = { tasks: { requests: { tools: { call: {} } } } };

async function connect(token) {
  const client = new Client({ name: 'test', version: '1' }, { capabilities });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }));
  await client.listTools();
  return client;
}

// The call's messages, as they come.
const begin = (client, topic) =>
  client.experimental.tasks.callToolStream({ name: 'simulate-research-query', arguments: { topic } }, CallToolResultSchema, { task: { ttl: 60_000 } });
const created = async (stream) => {
  for await (const message of stream) if (message.type === 'taskCreated') return message.task.taskId;
  throw new Error('no task was created');
};
const refusal = (promise) => promise.then(() => 'allowed', (error) => error.code);
const idsOf = async (client) => (await client.experimental.tasks.listTasks()).tasks.map(({ taskId }) => taskId);

const [owner, other] = await Promise.all(tokens.map(connect));
const out = { capabilities: owner.getServerCapabilities().tasks, types: [] };
const id = await created(begin(owner, 'foreign'));
out.foreign = [];
for (const method of ['getTask', 'getTaskResult', 'cancelTask']) out.foreign.push(await refusal(other.experimental.tasks[method](id)));
out.listed = { owner: (await idsOf(owner)).includes(id), other: await idsOf(other) };
out.status = (await owner.experimental.tasks.cancelTask(id)).status;
for await (const message of begin(owner, 'whole')) {
  out.types.push(message.type);
  if (message.type === 'result') out.text = message.result.content[0].text;
}
console.log(JSON.stringify(out));
process.exit(0);
