// The fixture's face for the revisions 2025-03-26 to 2025-11-25, on the official SDK v1: sessions, streams that can
// be resumed, questions to the client.
import { randomUUID } from 'node:crypto';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as types from '@modelcontextprotocol/sdk/types.js';
import { FIXED, LEGACY_TOOLS, PROMPTS, RESOURCES, TEMPLATES, complete, getPrompt, pause, readResource, say } from './surface.mjs';

// Events by stream, so that a client can come back for what it missed.
class Events {
  #events = [];
  async storeEvent(stream, message) {
    this.#events.push({ id: `${stream}_${this.#events.length}`, stream, message });
    return this.#events.at(-1).id;
  }
  async getStreamIdForEventId(id) {
    return this.#events.find((event) => event.id === id)?.stream;
  }
  async replayEventsAfter(last, { send }) {
    const from = this.#events.findIndex((event) => event.id === last);
    const stream = this.#events[from]?.stream ?? '';
    for (const event of this.#events.slice(from + 1)) {
      if (event.stream === stream && event.message.jsonrpc !== undefined) await send(event.id, event.message);
    }
    return stream;
  }
}

const choice = (first, word) => [1, 2, 3].map((n) => ({ const: `value${n}`, title: `${['First', 'Second', 'Third'][n - 1]} ${word}` }));
const ELICITATIONS = {
  test_elicitation_sep1034_defaults: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
  test_elicitation_sep1330_enums: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: choice(1, 'Option') },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: choice(1, 'Choice') } },
  },
};

const waiting = new Set();
let cancelled = 0;

async function callTool(request, extra) {
  const { name, arguments: args = {} } = request.params;
  if (FIXED[name]) return FIXED[name];
  const ask = (params) => extra.sendRequest({ method: 'elicitation/create', params }, types.ElicitResultSchema);
  const log = (data) => extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
  switch (name) {
    case 'test_tool_with_logging':
      await log('Tool execution started');
      await pause(50);
      await log('Tool processing data');
      await pause(50);
      await log('Tool execution completed');
      return say('logged');
    case 'test_tool_with_progress': {
      const progressToken = extra._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) {
          await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
        }
        if (progress < 100) await pause(50);
      }
      return say('done');
    }
    case 'test_sampling': {
      const content = { type: 'text', text: args.prompt };
      const params = { messages: [{ role: 'user', content }], maxTokens: 100 };
      const answer = await extra.sendRequest({ method: 'sampling/createMessage', params }, types.CreateMessageResultSchema);
      return say(`LLM response: ${answer.content.text}`);
    }
    case 'test_elicitation': {
      const field = (description) => ({ type: 'string', description });
      const properties = { username: field("User's response"), email: field("User's email address") };
      const answer = await ask({ message: args.message, requestedSchema: { type: 'object', properties, required: ['username', 'email'] } });
      return say(`User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    }
    case 'test_elicitation_sep1034_defaults':
    case 'test_elicitation_sep1330_enums': {
      const answer = await ask({ message: 'Please fill in', requestedSchema: { type: 'object', properties: ELICITATIONS[name] } });
      return say(`Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    }
    case 'test_reconnection':
      await pause(50);
      extra.closeSSEStream?.();
      await pause(100);
      return say('after the reconnection');
    case 'test_hold':
      waiting.add(extra.requestId);
      await new Promise((resolve) => extra.signal.addEventListener('abort', resolve));
      waiting.delete(extra.requestId);
      cancelled += 1;
      return say('cancelled');
    case 'test_large':
      return say('x'.repeat(args.bytes));
    default:
      throw new types.McpError(types.ErrorCode.InvalidParams, `Unknown tool: ${name}`);
  }
}

function makeServer() {
  const server = new Server(
    { name: 'fixture', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
    },
  );
  const missing = (what) => new types.McpError(types.ErrorCode.InvalidParams, `Unknown ${what}`);
  server.setRequestHandler(types.ListToolsRequestSchema, () => ({ tools: LEGACY_TOOLS }));
  server.setRequestHandler(types.CallToolRequestSchema, callTool);
  server.setRequestHandler(types.ListResourcesRequestSchema, () => ({ resources: RESOURCES }));
  server.setRequestHandler(types.ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler(types.ReadResourceRequestSchema, ({ params }) => {
    const contents = readResource(params.uri);
    if (!contents) throw new types.McpError(-32002, 'Resource not found', { uri: params.uri });
    return { contents };
  });
  server.setRequestHandler(types.SubscribeRequestSchema, ({ params }) => {
    setTimeout(() => server.sendResourceUpdated({ uri: params.uri }).catch(() => {}), 20);
    return {};
  });
  server.setRequestHandler(types.UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(types.ListPromptsRequestSchema, () => ({ prompts: PROMPTS }));
  server.setRequestHandler(types.GetPromptRequestSchema, ({ params }) => {
    const messages = getPrompt(params.name, params.arguments);
    if (!messages) throw missing('prompt');
    return { messages };
  });
  server.setRequestHandler(types.CompleteRequestSchema, ({ params }) => complete(params.argument.value));
  return server;
}

const transports = new Map();

export async function handleLegacy(request, response, body) {
  const id = request.headers['mcp-session-id'];
  let transport = id === undefined ? undefined : transports.get(id);
  if (id !== undefined && !transport) {
    const answer = { jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null };
    response.writeHead(404, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    return;
  }
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: new Events(),
      retryInterval: 200,
      onsessioninitialized: (session) => void transports.set(session, transport),
      onsessionclosed: (session) => void transports.delete(session),
    });
    await makeServer().connect(transport);
  }
  await transport.handleRequest(request, response, body);
}

// For tests that look behind the protocol.
export const legacyState = () => ({ waiting: waiting.size, cancelled, sessions: transports.size });
