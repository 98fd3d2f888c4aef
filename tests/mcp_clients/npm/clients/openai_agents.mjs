import { MCPServerStreamableHttp } from '@openai/agents';

export async function open({ url, headers }) {
  const server = new MCPServerStreamableHttp({ url: url.href, name: 'gateway', requestInit: { headers } });
  await server.connect();
  return {
    names: async () => (await server.listTools()).map(({ name }) => name),
    call: (name, args, signal) => server.callTool(name, args, null, { signal }),
    close: () => server.close(),
  };
}
