// The fixture's face for the revision 2026-07-28, on the official SDK v2.
import { randomBytes } from 'node:crypto';
import {
  MissingRequiredClientCapabilityError, ProtocolError, ProtocolErrorCode, ResourceNotFoundError, Server, acceptedContent,
  createMcpHandler, createRequestStateCodec, inputRequired,
} from '@modelcontextprotocol/server';
import { FIXED, MODERN_PROMPTS, MODERN_TOOLS, RESOURCES, TEMPLATES, complete, getPrompt, pause, readResource, say } from './surface.mjs';

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const codec = createRequestStateCodec({ key: randomBytes(32) });
const PREFIX = 'test_input_required_result_';

const elicit = (message, name, type = 'string') =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties: { [name]: { type } }, required: [name] } });
const sample = (text, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens });

// Each tool that asks before it answers: called without and with the client's answers.
const ASKING = {
  async elicitation({ answers }) {
    const name = acceptedContent(answers, 'user_name')?.name;
    if (typeof name === 'string') return say(`Hello, ${name}!`);
    return inputRequired({ inputRequests: { user_name: elicit('What is your name?', 'name') } });
  },
  async sampling({ answers }) {
    const answer = answers?.capital_question?.content?.text;
    if (answer !== undefined) return say(answer);
    return inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } });
  },
  async list_roots({ answers }) {
    const roots = answers?.client_roots?.roots;
    if (roots) return say(`Roots: ${roots.map((root) => root.uri).join(', ')}`);
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  },
  async request_state({ answers, state, mint }) {
    if (answers?.confirm && state?.step === 'confirm') return say('state-ok');
    return inputRequired({
      inputRequests: { confirm: elicit('Please confirm', 'ok', 'boolean') },
      requestState: await mint({ step: 'confirm' }),
    });
  },
  async multiple_inputs({ answers, mint }) {
    if (answers?.user_name && answers?.greeting && answers?.client_roots) return say('complete');
    return inputRequired({
      inputRequests: {
        user_name: elicit('What is your name?', 'name'),
        greeting: sample('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await mint({ step: 'all' }),
    });
  },
  async multi_round({ answers, state, mint }) {
    if (state?.step === 2 && answers?.step2) return say(`${state.name} likes ${acceptedContent(answers, 'step2')?.color}`);
    if (state?.step === 1 && answers?.step1) {
      return inputRequired({
        inputRequests: { step2: elicit('Step 2: What is your favorite color?', 'color') },
        requestState: await mint({ step: 2, name: acceptedContent(answers, 'step1')?.name }),
      });
    }
    return inputRequired({
      inputRequests: { step1: elicit('Step 1: What is your name?', 'name') },
      requestState: await mint({ step: 1 }),
    });
  },
  async tampered_state(round) {
    return ASKING.request_state(round);
  },
  async capabilities({ answers, capabilities }) {
    if (answers) return say('complete');
    const inputRequests = {};
    if (capabilities.sampling) inputRequests.greeting = sample('Generate a greeting', 50);
    if (capabilities.elicitation) inputRequests.user_name = elicit('What is your name?', 'name');
    return inputRequired({ inputRequests });
  },
};

let cancelled = 0;
let waiting = 0;

async function callTool(request, ctx, notify) {
  const { name, arguments: args = {} } = request.params;
  if (FIXED[name]) return FIXED[name];
  const progressToken = ctx.mcpReq._meta?.progressToken;
  const progress = (value) =>
    ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: value, total: 100 } });
  const capabilities = ctx.mcpReq.envelope?.[CAPABILITIES] ?? {};
  if (name.startsWith(PREFIX)) {
    const ask = ASKING[name.slice(PREFIX.length)];
    const mint = (payload) => codec.mint(payload);
    if (ask) return ask({ answers: ctx.mcpReq.inputResponses, state: ctx.mcpReq.requestState(), mint, capabilities });
  }
  switch (name) {
    case 'test_tool_with_progress':
      for (const value of [0, 50, 100]) {
        if (progressToken !== undefined) await progress(value);
        if (value < 100) await pause(50);
      }
      return say('done');
    case 'execute_sql':
      return say(JSON.stringify(args));
    case 'test_missing_capability':
      if (!capabilities.sampling) throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
      return say('sampling is declared');
    case 'test_streaming_elicitation':
      if (progressToken !== undefined) await progress(10);
      if (ctx.mcpReq.inputResponses) return say('complete');
      return inputRequired({ inputRequests: { user_name: elicit('What is your name?', 'name') } });
    case 'test_logging_tool':
      await ctx.mcpReq.log('info', 'working');
      return say('logged');
    case 'test_trigger_tool_change':
      notify.toolsChanged();
      return say('told');
    case 'test_trigger_prompt_change':
      notify.promptsChanged();
      return say('told');
    case 'test_hold':
      waiting += 1;
      await new Promise((resolve) => ctx.mcpReq.signal.addEventListener('abort', resolve));
      waiting -= 1;
      cancelled += 1;
      return say('cancelled');
    default:
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name}`);
  }
}

function makeServer(notify) {
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
      requestState: { verify: codec.verify },
    },
  );
  const hold = { name: 'test_hold', description: 'Waits until it is cancelled.', inputSchema: { type: 'object' } };
  server.setRequestHandler('tools/list', () => ({ tools: [...MODERN_TOOLS, hold] }));
  server.setRequestHandler('tools/call', (request, ctx) => callTool(request, ctx, notify));
  server.setRequestHandler('resources/list', () => ({ resources: RESOURCES }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler('resources/read', ({ params }) => {
    const contents = readResource(params.uri);
    if (!contents) throw new ResourceNotFoundError(params.uri);
    return { contents };
  });
  server.setRequestHandler('prompts/list', () => ({ prompts: MODERN_PROMPTS }));
  server.setRequestHandler('prompts/get', ({ params }, ctx) => {
    if (params.name === 'test_input_required_result_prompt') {
      const context = acceptedContent(ctx.mcpReq.inputResponses, 'user_context')?.context;
      if (context !== undefined) return { messages: [{ role: 'user', content: { type: 'text', text: `Context: ${context}` } }] };
      return inputRequired({ inputRequests: { user_context: elicit('What context should the prompt use?', 'context') } });
    }
    const messages = getPrompt(params.name, params.arguments);
    if (!messages) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown prompt');
    return { messages };
  });
  server.setRequestHandler('completion/complete', ({ params }) => complete(params.argument.value));
  return server;
}

export const modernHandler = createMcpHandler(() => makeServer(modernHandler.notify), { legacy: 'reject', keepAliveMs: 500 });
export const modernState = () => ({ waiting, cancelled });
