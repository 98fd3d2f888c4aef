// A server of the revision 2026-07-28 whose SDK itself compares Mcp-Param headers with the arguments: the fixture for
// the suite's custom-header scenario.
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { say } from './surface.mjs';

function makeServer() {
  const server = new McpServer({ name: 'annotated', version: '1.0.0' });
  server.registerTool(
    'execute_sql',
    {
      description: 'Has a parameter that is repeated in a header.',
      inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }), query: z.string() }),
    },
    async (args) => say(JSON.stringify(args)),
  );
  return server;
}

export const annotatedHandler = createMcpHandler(makeServer, { legacy: 'reject' });
