// Starts the built collector with streams that are managed, and a stand-in for Datadog.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { until } from './browser.mjs';

export const project = 'project-test-11111111-1111-4111-8111-111111111111';
export const key = { id: 'workspace-key-test-1', secret: 'a-secret-of-32-characters-or-more' };

// datadog takes events with one of its keys, and tells which arrived.
async function datadog(keys) {
  const arrived = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      if (!keys.includes(request.headers['dd-api-key'])) {
        response.writeHead(403, { 'Content-Type': 'application/json' }).end('{"errors":["Forbidden"]}');
        return;
      }
      if (request.url.startsWith('/api/v2/logs')) {
        let body = Buffer.concat(parts);
        if (request.headers['content-encoding'] === 'gzip') body = gunzipSync(body);
        for (const item of JSON.parse(body)) arrived.push({ ...item, key: request.headers['dd-api-key'] });
        response.writeHead(202, { 'Content-Type': 'application/json' }).end('{}');
        return;
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"valid":true}');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { arrived, address: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// gateway starts the collector. Keys are those that Datadog takes.
export async function gateway(keys) {
  const dir = mkdtempSync(join(tmpdir(), 'page-gateway-'));
  const destination = await datadog(keys);
  const [page, receiver] = [await freePort(), await freePort()];
  writeFileSync(join(dir, 'collector.yaml'), `
extensions:
  file_storage/management: {directory: ${dir}/management, create_directory: true, fsync: true}
  stytch_management:
    http: {endpoint: "localhost:${page}"}
    workspace_keys: [{id: ${key.id}, secret: ${key.secret}}]
    storage: file_storage/management
    encryption_keys: ["${randomBytes(32).toString('base64')}"]
    environments: [{project_slug: acme, environment_slug: test, project_id: ${project}}]
    activity: {enabled: true}
receivers:
  stytch: {http: {endpoint: "localhost:${receiver}"}}
processors:
  stytch: {management: {extension: stytch_management, destination: DATADOG}}
exporters:
  datadog_logs: {management: stytch_management, endpoint: "${destination.address}", api: {endpoint: "${destination.address}"}}
service:
  telemetry: {metrics: {level: none}}
  extensions: [file_storage/management, stytch_management]
  pipelines:
    logs: {receivers: [stytch], processors: [stytch], exporters: [datadog_logs]}
`);
  let log = '';
  const child = spawn(process.env.COLLECTOR || '../../build/otelcol-stytch', ['--config', join(dir, 'collector.yaml')], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => { log += part; });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const gone = () => child.exitCode !== null;
  await until('the collector serves', async () => {
    if (gone()) throw new Error(log);
    return fetch(`http://localhost:${page}/sign-in`).then((answer) => answer.ok, () => false);
  });
  return {
    address: `http://localhost:${page}`,
    arrived: destination.arrived,
    log: () => log,
    // send sends one event of the project, and returns the answer's status.
    async send(action) {
      const event = { event_id: 'event-test-' + action, project_id: project, action, status: 'Success', email_address: 'jane@corp.example.com', _timestamp: Date.now() * 1000 };
      const answer = await fetch(`http://localhost:${receiver}/v1/events`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(event) });
      return answer.status;
    },
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(timer);
      destination.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
