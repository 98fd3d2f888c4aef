import { MultiServerMCPClient } from '@langchain/mcp-adapters';

export async function open({ url, headers, onProgress }) {
  const client = new MultiServerMCPClient({
    mcpServers: { gateway: { transport: 'http', url: url.href, headers } },
    onProgress: ({ progress }) => onProgress(progress),
  });
  const tools = await client.getTools();
  return {
    names: async () => tools.map(({ name }) => name),
    call: (name, args, signal) => tools.find((tool) => tool.name === name).invoke(args, { signal }),
    close: () => client.close(),
  };
}
