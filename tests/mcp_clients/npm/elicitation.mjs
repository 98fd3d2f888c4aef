// A call that waits for a person, with the official SDK's version 1: arguments are the URL, a token, a tool and its arguments as JSON.
// Prints the elicitation that the client was told as a JSON line; when it is complete, what the same call gives then.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitationCompleteNotificationSchema, UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js';

const [url, token, name, given] = process.argv.slice(2);
const call = { name, arguments: JSON.parse(given) };

const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: { url: {} } } });
const completed = new Promise((resolve) =>
  client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => resolve(params.elicitationId)));
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }));
const refused = await client.callTool(call).then(() => undefined, (error) => error);
if (!(refused instanceof UrlElicitationRequiredError)) throw refused ?? new Error('the call was not refused');
const [elicitation] = refused.elicitations;
console.log(JSON.stringify(elicitation));
if ((await completed) !== elicitation.elicitationId) throw new Error('another elicitation is complete');
const again = await client.callTool(call).then((result) => ({ result }), (error) => ({ code: error.code }));
console.log(JSON.stringify(again));
await client.close();
process.exit(0);
