// An MCP server of both eras on one URL, /mcp, for the official suite; /annotated is annotated.mjs. It prints its port. GET /state tells what the
// protocol does not: calls that wait and calls that were cancelled. Arguments: the port, and "legacy" or "modern"
// for a server of one era.
import { createServer } from 'node:http';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import { isLegacyRequest } from '@modelcontextprotocol/server';
import { annotatedHandler } from './annotated.mjs';
import { handleLegacy, legacyState } from './legacy.mjs';
import { modernHandler, modernState } from './modern.mjs';

const [port = '0', eras = 'both'] = process.argv.slice(2);
const hostIsGood = localhostHostValidation();
const originIsGood = localhostOriginValidation();
const handleModern = toNodeHandler(modernHandler);
const handleAnnotated = toNodeHandler(annotatedHandler);

async function readJson(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    return undefined;
  }
}

const server = createServer(async (request, response) => {
  if (request.url === '/state') return response.end(JSON.stringify({ legacy: legacyState(), modern: modernState() }));
  if (!hostIsGood(request, response) || !originIsGood(request, response)) return undefined;
  const body = request.method === 'POST' ? await readJson(request) : undefined;
  if (request.url === '/annotated') return handleAnnotated(request, response, body);
  const legacy = eras === 'legacy' || (eras === 'both' && (await isLegacyRequest(await toWebRequest(request, body), body)));
  return legacy ? handleLegacy(request, response, body) : handleModern(request, response, body);
});
server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port));
