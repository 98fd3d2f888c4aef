import { createMCPClient } from '@ai-sdk/mcp';

export async function open({ url, headers }) {
  const client = await createMCPClient({ transport: { type: 'http', url: url.href, headers } });
  const tools = await client.tools();
  return {
    names: async () => Object.keys(tools),
    call: (name, args, abortSignal) => tools[name].execute(args, { toolCallId: 'call', messages: [], abortSignal }),
    close: () => client.close(),
  };
}
