import { MCPClient } from '@mastra/mcp';

// It puts the server's name before each tool's.
const PREFIX = 'gateway_';

export async function open({ url, headers, onProgress }) {
  const client = new MCPClient({ id: 'test', servers: { gateway: { url, requestInit: { headers }, enableProgressTracking: true } } });
  const tools = await client.listTools();
  await client.progress.onUpdate('gateway', ({ progress }) => onProgress(progress));
  return {
    names: async () => Object.keys(tools).map((name) => name.slice(PREFIX.length)),
    call: (name, args, abortSignal) => tools[PREFIX + name].execute(args, { abortSignal }),
    close: () => client.disconnect(),
  };
}
