// The inspector's command line: one process a request.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const PROGRAM = `${process.env.MCP_CLIENTS}/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js`;

export async function open({ url, headers }) {
  const run = async (...request) => {
    const common = [PROGRAM, '--cli', url.href, '--transport', 'http', '--header', `Authorization: ${headers.Authorization}`];
    const { stdout } = await promisify(execFile)(process.execPath, [...common, '--method', ...request]);
    return JSON.parse(stdout);
  };
  return {
    names: async () => (await run('tools/list')).tools.map(({ name }) => name),
    call: (name, args) => {
      const given = Object.entries(args).flatMap(([key, value]) => ['--tool-arg', `${key}=${value}`]);
      return run('tools/call', '--tool-name', name, ...given);
    },
    close: async () => {},
  };
}
