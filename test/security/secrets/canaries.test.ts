import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFailure } from '../../../examples/hosted-server/src/process/start-failure.ts';
import { ConfigError, readConfig } from '../../../examples/hosted-server/src/settings/config.ts';
import { startTraceCollector, type TraceCollector } from '../../../examples/hosted-server/test/process/trace-collector.ts';
import { startProcess, startServing, dataFolder, type ServerProcess } from '../../../examples/hosted-server/test/server-process.ts';
import { startUsageReceiver, type UsageReceiver } from '../../../examples/hosted-server/test/usage/usage-receiver.ts';
import { startSalesforceSandbox } from '../../../packages/connector-salesforce/src/sandbox.ts';
import { startSendGridSandbox } from '../../../packages/connector-sendgrid/src/sandbox.ts';
import { startZendeskSandbox } from '../../../packages/connector-zendesk/src/sandbox.ts';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { leaks } from '../../../packages/postgres/test/support/leaks.ts';
import { startProxy, type Proxy } from '../../../packages/postgres/test/support/proxy.ts';
import { call } from '../call-tool.ts';

/** A secret of each kind that the server is given. */
const canary = {
  zendesk: 'canary-zendesk-client-secret',
  zendeskHook: 'canary-zendesk-webhook-secret',
  sendgrid: 'SG.canary-sendgrid-api-key',
  salesforce: 'canary-salesforce-consumer-secret',
  server: 'canary-server-secret-of-enough-characters',
  database: 'canary-database-password',
  redis: 'canary-redis-password',
  usage: 'canary-usage-events-token',
};

const stack = new AsyncDisposableStack();
let server: ServerProcess;
let database: Proxy | undefined;
let traces: TraceCollector;
let usage: UsageReceiver;
let sandboxes: Awaited<ReturnType<typeof startSandboxes>>;
/** Every answer of the server. */
const answers: string[] = [];

async function startSandboxes() {
  const zendesk = await startZendeskSandbox({ subdomain: 'acme', clientSecret: canary.zendesk, webhookSecret: canary.zendeskHook });
  const sendgrid = await startSendGridSandbox({ apiKey: canary.sendgrid });
  const salesforce = await startSalesforceSandbox({ myDomain: 'acme', clientSecret: canary.salesforce });
  for (const sandbox of [zendesk, sendgrid, salesforce]) stack.defer(() => sandbox.close());
  return { zendesk, sendgrid, salesforce };
}

beforeAll(async () => {
  sandboxes = await startSandboxes();
  traces = await startTraceCollector(stack);
  usage = await startUsageReceiver(stack);
  const folder = await mkdtemp(join(tmpdir(), 'busbar-canaries-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const accounts = Object.entries(sandboxes).map(([connector, { config }]) => ({ connector, name: 'acme', config }));
  await writeFile(join(folder, 'connections.json'), JSON.stringify(accounts), { mode: 0o600 });
  const place = await postgresql?.place();
  if (place && 'url' in place.options) {
    stack.defer(() => place.remove());
    const url = new URL(place.options.url ?? '');
    url.password = canary.database;
    database = await startProxy(url.href);
    stack.defer(async () => database?.close());
  }
  server = await startServing(stack, {
    ...(database ? { DATABASE_URL: database.url } : { BUSBAR_DATA_DIR: await dataFolder(stack) }),
    // No Redis listens there, so every attempt to connect is logged.
    REDIS_URL: `redis://user:${canary.redis}@127.0.0.1:1`,
    BUSBAR_SECRET: canary.server,
    BUSBAR_CONNECTIONS: join(folder, 'connections.json'),
    BUSBAR_REMAP_ORIGINS: Object.values(sandboxes)
      .flatMap(({ remapOrigins }) => Object.entries(remapOrigins).map((pair) => pair.join('=')))
      .join(','),
    BUSBAR_USAGE_EVENTS_URL: usage.url,
    BUSBAR_USAGE_EVENTS_TOKEN: canary.usage,
    OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
    LOG_LEVEL: 'debug',
  });
});
afterAll(() => stack.disposeAsync());

/** Sends a request and keeps its answer. */
async function ask(path: string, init: RequestInit = {}, key = server.key): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(new URL(path, server.url), { ...init, headers });
  const text = await response.text();
  answers.push(JSON.stringify([...response.headers]), text);
  return { status: response.status, text };
}

async function callTool(tool: string, args: object): Promise<string> {
  const { body, code } = await call({ url: server.url, key: server.key }, tool, args, {
    meta: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
  });
  answers.push(body);
  return code;
}

test('no secret of any kind is in an answer, the log, the metrics, the audit, a dead letter, a trace or a usage event', async () => {
  const { zendesk, sendgrid, salesforce } = sandboxes;
  /** What a vendor knows of its connection: its settings, and the tokens that it has issued. */
  const knownTo = { zendesk: [canary.zendesk, canary.zendeskHook], sendgrid: [canary.sendgrid], salesforce: [canary.salesforce] };
  const secretsOf = (vendor: keyof typeof knownTo) => {
    const sent = sandboxes[vendor].requests.map(({ headers }) => headers['authorization']?.split(' ')[1] ?? '');
    return [...new Set([...knownTo[vendor], ...sent])].filter((secret) => secret !== '');
  };
  const textOf = (vendor: keyof typeof knownTo) => secretsOf(vendor).join(' ');
  const calls = [
    () => callTool('zendesk_create_ticket', { subject: `With ${textOf('zendesk')}`, body: textOf('zendesk') }),
    () => callTool('zendesk_search_tickets', { text: textOf('zendesk') }),
    () => callTool('sendgrid_list_templates', {}),
    () => callTool('sendgrid_send_email', { to: ['ada@example.com'], subject: 'a', text: textOf('sendgrid') }),
    () => callTool('salesforce_query_records', { soql: 'SELECT Id FROM Account' }),
    () => callTool('salesforce_create_record', { object: 'Account', fields: { Name: textOf('salesforce').slice(0, 250) } }),
  ];
  for (const each of [...calls, ...calls]) await each();
  // Vendors that repeat what they were sent, in every place that an answer has.
  const echo = (vendor: keyof typeof knownTo, status: number) => {
    const text = textOf(vendor);
    const body = { error: text, description: text, message: text, errors: [{ message: text, field: text, help: text }] };
    const headers = { 'x-echo': text, 'retry-after': '0', 'set-cookie': text, location: `https://evil.example.com/${encodeURI(text)}` };
    sandboxes[vendor].misbehave({ kind: 'status', status, headers, body: status === 403 ? [body] : body, times: 100 });
  };
  for (const status of [200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503]) {
    for (const vendor of Object.keys(knownTo) as (keyof typeof knownTo)[]) echo(vendor, status);
    await Promise.all(calls.map((each) => each()));
    for (const sandbox of [zendesk, sendgrid, salesforce]) sandbox.recover();
  }
  await callTool('zendesk_none', { secret: canary.zendesk });
  await callTool('zendesk_create_ticket', { subject: [canary.zendesk], body: 7 });
  const { letters } = JSON.parse((await ask('/admin/v1/dead-letters')).text) as { letters: { id: string }[] };
  expect(letters.length).toBeGreaterThan(0);
  for (const path of [
    'usage?by=key,tool,connector',
    'usage?format=csv',
    'calls',
    'keys',
    'quotas',
    'audit',
    'audit/verify',
    'reconcile',
    'openapi.json',
  ])
    expect((await ask(`/admin/v1/${path}`)).status, path).toBe(200);
  await ask('/admin/v1/dead-letters/replay', { method: 'POST', body: JSON.stringify({ ids: letters.map(({ id }) => id) }) });
  for (const path of ['/health', '/health/detailed', '/metrics', '/nothing', '/hooks/none']) await ask(path);
  for (const key of [canary.server, server.key.slice(0, -1), `${server.key}x`])
    expect((await ask('/mcp', { method: 'POST', body: '{}' }, key)).status).toBe(401);
  if (database) {
    database.cut();
    for (const each of calls) await each();
    for (const path of ['/admin/v1/keys', '/health/detailed', '/admin/v1/usage']) await ask(path);
    database.mend();
    await expect.poll(async () => (await ask('/health')).status).toBe(200);
  }
  await traces.requested;
  server.kill('SIGTERM');
  expect(await server.ended).toBe(0);

  // Each place has something that would not be there if the calls had not come so far.
  const log = server.stderr;
  expect(log).toContain('"level":"debug"');
  expect(log).toContain('UPSTREAM_');
  expect(answers.join('\n')).toContain('[redacted]');
  expect(traces.raw).toContain('zendesk_create_ticket');
  await expect.poll(() => usage.received.length).toBeGreaterThan(0);
  const known = (Object.keys(knownTo) as (keyof typeof knownTo)[]).flatMap(secretsOf);
  const words = [...new Set([...known, ...Object.values(canary), server.key, server.key.slice(9)])];
  const events = usage.received.map(({ body }) => body).join('\n');
  const banner = server.stdout.replaceAll(server.key, '');
  const places = { log, answers: answers.join('\n'), traces: traces.raw, events, banner };
  for (const [place, text] of Object.entries(places)) expect(leaks(text, words), place).toEqual([]);
}, 180_000);

const others = {
  BUSBAR_SECRET: canary.server,
  ZENDESK_WEBHOOK_SECRET: canary.zendeskHook,
  SENDGRID_API_KEY: `${canary.sendgrid} with a space`,
};

test.each([
  ['a URL that is none', { DATABASE_URL: `postgre://user:${canary.database}@127.0.0.1:5432/none` }],
  ['a Redis that is none', { REDIS_URL: `http://user:${canary.redis}@127.0.0.1:1` }],
  ['a usage URL with a password', { BUSBAR_USAGE_EVENTS_URL: `https://user:${canary.usage}@example.com` }],
  ['connections that are no JSON', { BUSBAR_CONNECTIONS: '/dev/null' }],
  ['half the settings of a vendor', { ZENDESK_CLIENT_SECRET: canary.zendesk, SALESFORCE_PRIVATE_KEY: canary.salesforce }],
])('a start that is refused for %s shows no secret', (_why, env) => {
  const refused = () => readConfig({ ...others, ...env });
  expect(refused).toThrow(ConfigError);
  try {
    refused();
  } catch (error) {
    expect(leaks(startFailure(error), Object.values(canary))).toEqual([]);
  }
});

test('a start without its database shows no secret', async () => {
  const failed = await Promise.all(
    ['127.0.0.1:1', 'name.invalid'].map((host) =>
      startProcess({ DATABASE_URL: `postgres://user:${canary.database}@${host}/none`, BUSBAR_SECRET: canary.server }),
    ),
  );
  expect(await Promise.all(failed.map(({ ended }) => ended))).toEqual([1, 1]);
  for (const { stdout, stderr } of failed) {
    expect(stderr).toContain('DATABASE_URL');
    expect(leaks(stdout + stderr, Object.values(canary))).toEqual([]);
  }
});
