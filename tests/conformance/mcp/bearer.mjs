// Loaded before the official suite, which knows no bearer tokens: puts one on every request to BEARER_ORIGIN, whatever
// HTTP client the suite sends it with, and never a second one.
import http from 'node:http';
import { createRequire } from 'node:module';

const { BEARER_ORIGIN: origin, BEARER_TOKEN: token } = process.env;
const value = `Bearer ${token}`;

function withBearer(headers) {
  if (Array.isArray(headers)) {
    const named = headers.some((name, i) => i % 2 === 0 && String(name).toLowerCase() === 'authorization');
    return named ? headers : [...headers, 'authorization', value];
  }
  const entries = typeof headers?.[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers ?? {});
  if (entries.some(([name]) => name.toLowerCase() === 'authorization')) return headers;
  return Object.fromEntries([...entries, ['authorization', value]]);
}

if (origin && token) {
  // Node's own fetch and the suite's undici share this dispatcher.
  const { Agent, setGlobalDispatcher } = createRequire(process.argv[1])('undici');
  const add = (dispatch) => (options, handler) =>
    dispatch(String(options.origin) === origin ? { ...options, headers: withBearer(options.headers) } : options, handler);
  setGlobalDispatcher(new Agent().compose(add));

  const send = http.request;
  http.request = (options, ...rest) => {
    const plain = options !== null && typeof options === 'object' && !(options instanceof URL);
    if (!plain || `http://${options.hostname ?? options.host}:${options.port ?? 80}` !== origin) return send(options, ...rest);
    return send({ ...options, headers: withBearer(options.headers ?? {}) }, ...rest);
  };
}
