// A call of a tool that the client may make a task, with the official SDK's version 1, which decides by what the server and the tool say:
// arguments are the URL, a token, a tool and its arguments as JSON. Prints each message of the call as a JSON line, then the list of tasks.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';

const [url, token, name, given] = process.argv.slice(2);
const client = new Client({ name: 'test', version: '1' }, { capabilities: {} });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }));
await client.listTools();
for await (const message of client.experimental.tasks.callToolStream({ name, arguments: JSON.parse(given) }, CallToolResultSchema)) {
  if (message.type === 'error') console.log(JSON.stringify({ type: 'error', code: message.error.code }));
  else if (message.type !== 'taskStatus') console.log(JSON.stringify(message));
}
console.log(JSON.stringify(await client.experimental.tasks.listTasks()));
await client.close();
process.exit(0);
