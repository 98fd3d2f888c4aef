// The official SDK's version 1: sessions of 2025-11-25.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

// What is the same over any transport of this SDK.
export async function over(transport, { onProgress }) {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  return {
    names: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args, signal) => {
      const onprogress = ({ progress }) => onProgress(progress);
      return client.callTool({ name, arguments: args }, undefined, { signal, onprogress });
    },
    close: async () => {
      await transport.terminateSession?.();
      await client.close();
    },
  };
}

export const open = (to) => over(new StreamableHTTPClientTransport(to.url, { requestInit: { headers: to.headers } }), to);
