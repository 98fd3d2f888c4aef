// Runs the official suite against the fixture directly and through the gateway, and counts scenarios. Arguments: the
// gateway's binary, a folder for the results, and "short" for a selection of scenarios through the gateway alone.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const [binary, results, how = 'whole'] = process.argv.slice(2).map((argument, i) => (i < 2 ? path.resolve(argument) : argument));
const here = path.dirname(fileURLToPath(import.meta.url));
const suite = path.join(here, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const children = [];

// Scenarios beyond the frozen sets that must pass as well.
const UNSCORED = {
  '2025-11-25': ['server-session-lifecycle', 'server-sse-polling', 'json-schema-2020-12'],
  '2026-07-28': ['json-schema-2020-12', 'http-header-validation'],
};
// Scenarios of an extension that the fixture does not have.
const OUTSIDE = /^tasks-|^http-custom-header-server-validation$/;

// Starts a program and resolves with the first match in what it prints.
function start(command, args, pattern, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  children.push(child);
  return new Promise((resolve, reject) => {
    let seen = '';
    const look = (line) => {
      seen += `${line}\n`;
      const match = pattern.exec(line);
      if (match) resolve(match[1]);
    };
    createInterface({ input: child.stdout }).on('line', look);
    createInterface({ input: child.stderr }).on('line', look);
    child.on('exit', (code) => reject(new Error(`${command} ended with ${code}:\n${seen}`)));
  });
}

function startFixture() {
  return start(process.execPath, [path.join(here, 'upstream.mjs')], /^(\d+)$/);
}

async function startGateway(name, upstream) {
  const folder = path.join(results, name);
  mkdirSync(folder, { recursive: true });
  const run = (...args) => {
    const done = spawnSync(binary, args, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim();
  };
  rmSync(path.join(folder, 'keys'), { force: true });
  run('keygen', '--out', path.join(folder, 'keys'));
  writeFileSync(path.join(folder, 'policy.rego'), 'package intentgate.policy\nimport rego.v1\ndecision := {"allow": true, "reason": "conformance"}\n');
  writeFileSync(
    path.join(folder, 'intentgate.yaml'),
    `listen: {address: "127.0.0.1:0"}\nupstream: {url: "${upstream}"}\nkeys: {file: keys}\nstore: {kind: memory}\npolicy: {files: [policy.rego]}\n`,
  );
  const environment = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('INTENTGATE_')));
  const port = await start(binary, ['serve', '--config', path.join(folder, 'intentgate.yaml')], /listens at .*127\.0\.0\.1:(\d+)/, { env: environment });
  const token = run('mint', '--keys', path.join(folder, 'keys'), '--subject', 'conformance');
  return { origin: `http://localhost:${port}`, path: '/v1/mcp', token };
}

// The results of one run: by scenario the number of passed and failed checks.
function runSuite(target, folder, ...which) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const preload = target.token ? ['--import', path.join(here, 'bearer.mjs')] : [];
  spawnSync(process.execPath, [...preload, suite, 'server', '--url', target.origin + target.path, '-o', folder, ...which], {
    env: { ...process.env, BEARER_ORIGIN: target.origin, BEARER_TOKEN: target.token ?? '' },
    encoding: 'utf8',
    timeout: 300_000,
  });
  const scenarios = {};
  for (const entry of existsSync(folder) ? readdirSync(folder) : []) {
    const name = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(entry)?.[1];
    if (name === undefined) continue;
    const file = path.join(folder, entry, 'checks.json');
    if (!existsSync(file)) continue;
    const checks = JSON.parse(readFileSync(file, 'utf8'));
    scenarios[name] = { passed: checks.filter((check) => check.status === 'SUCCESS').length, failed: checks.filter((check) => check.status === 'FAILURE') };
  }
  return scenarios;
}

let passed = 0;
let failed = 0;

function report(title, scenarios, expected) {
  let good = 0;
  for (const name of expected) {
    const { passed: checks = 0, failed: broken = [] } = scenarios[name] ?? {};
    if (scenarios[name] && checks > 0 && broken.length === 0) {
      good += 1;
      continue;
    }
    console.log(`not ok ${title}: ${name}${scenarios[name] ? '' : ' (did not run)'}`);
    for (const check of broken) console.log(`    ${check.id}: ${check.errorMessage}`);
  }
  console.log(`${title}: ${good} of ${expected.length} scenarios`);
  passed += good;
  failed += expected.length - good;
}

// The names of a frozen set, from the suite itself.
function scored(revision) {
  const lines = spawnSync(process.execPath, [suite, 'list', '--server', '--requirements', revision], { encoding: 'utf8' }).stdout.split('\n');
  const from = lines.findIndex((line) => line.startsWith('Server scenarios'));
  const to = lines.findIndex((line, i) => i > from && line.trim() === '');
  return lines.slice(from + 1, to).map((line) => line.trim().replace(/^- /, ''));
}

function runSet(target, title, revision) {
  const expected = [...scored(revision), ...UNSCORED[revision]].filter((name) => !OUTSIDE.test(name));
  const scenarios = runSuite(target, path.join(results, title.replaceAll(' ', '-'), revision), '--requirements', revision);
  report(`${title} ${revision}`, scenarios, expected);
}

function runCustomHeaders(target, title) {
  const scenario = 'http-custom-header-server-validation';
  const folder = path.join(results, title.replaceAll(' ', '-'), scenario);
  report(`${title} custom headers`, runSuite(target, folder, '--scenario', scenario, '--spec-version', '2026-07-28'), [scenario]);
}

try {
  const port = await startFixture();
  const direct = { origin: `http://localhost:${port}`, path: '/mcp' };
  const gateway = await startGateway('gateway', `http://127.0.0.1:${port}/mcp`);
  const annotated = await startGateway('gateway-annotated', `http://127.0.0.1:${port}/annotated`);
  if (how === 'whole') {
    for (const revision of Object.keys(UNSCORED)) runSet(direct, 'direct', revision);
    runCustomHeaders({ ...direct, path: '/annotated' }, 'direct');
  }
  for (const revision of Object.keys(UNSCORED)) runSet(gateway, 'through the gateway', revision);
  runCustomHeaders(annotated, 'through the gateway');
} finally {
  for (const child of children) child.removeAllListeners('exit').kill();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
