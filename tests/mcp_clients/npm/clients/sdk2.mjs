// The official SDK's version 2, which negotiates the era as its option says: "legacy", "auto" or a pinned revision.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

export async function open({ url, headers, onProgress, option }) {
  const mode = option === 'pin' ? { pin: '2026-07-28' } : option;
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  return {
    names: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args, signal) => {
      const onprogress = ({ progress }) => onProgress(progress);
      return client.callTool({ name, arguments: args }, { signal, onprogress });
    },
    close: () => client.close(),
  };
}
