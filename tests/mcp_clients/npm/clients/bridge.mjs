// The programs that bring a remote server to desktop clients: they speak to us over standard input and output.
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { over } from './sdk1.mjs';

const PROGRAMS = {
  'mcp-remote': ['mcp-remote/dist/proxy.js', (url, bearer) => [url, '--header', `Authorization:${bearer}`, '--transport', 'http-only']],
  supergateway: ['supergateway/dist/index.js', (url, bearer) => ['--streamableHttp', url, '--oauth2Bearer', bearer.slice('Bearer '.length), '--logLevel', 'none']],
};

export function open(to) {
  const [script, args] = PROGRAMS[to.option];
  const program = [`${process.env.MCP_CLIENTS}/node_modules/${script}`, ...args(to.url.href, to.headers.Authorization)];
  return over(new StdioClientTransport({ command: process.execPath, args: program, env: process.env, stderr: 'ignore' }), to);
}
