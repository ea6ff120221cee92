import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { startZendeskSandbox, type ZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startAdminServer } from './admin/admin-server.ts';
import { callTool, post, type Called } from './mcp-requests.ts';
import { startProcess, startServing, dataFolder } from './server-process.ts';

let stack = new AsyncDisposableStack();
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

/** Returns settings for a server that uses a sandbox of the test as if it were a real account. */
async function settingsFor(sandbox: ZendeskSandbox): Promise<Record<string, string>> {
  const [[origin, target] = ['', '']] = Object.entries(sandbox.remapOrigins);
  return {
    BUSBAR_DATA_DIR: await dataFolder(stack),
    BUSBAR_REMAP_ORIGINS: `${origin}=${target}`,
    BUSBAR_CALLS_PER_MINUTE: '1000',
    BUSBAR_TENANT_CALLS_PER_MINUTE: '10000',
    ZENDESK_SUBDOMAIN: sandbox.config.subdomain,
    ZENDESK_CLIENT_ID: sandbox.config.clientId,
    ZENDESK_CLIENT_SECRET: sandbox.config.clientSecret,
  };
}

async function startSandbox(): Promise<ZendeskSandbox> {
  const sandbox = await startZendeskSandbox({ clientSecret: 'hush-hush-hush' });
  stack.defer(() => sandbox.close());
  return sandbox;
}

const ticket = { subject: 'Slow', body: 'Very.' };
const creates = 'POST /api/v2/tickets';

describe('SIGTERM with 50 calls in flight', () => {
  /** Starts 50 calls that hang: 20 at the vendor, the others in the queue for it. */
  async function hang(server: Called, sandbox: ZendeskSandbox) {
    sandbox.misbehave({ kind: 'hang', match: creates, times: 50 });
    const calls = Array.from({ length: 50 }, () => callTool(server, 'zendesk_create_ticket', ticket));
    await sandbox.received(creates, 20);
    // The rate limit of the key counts every request that has arrived, and these requests too.
    let requests = 0;
    const arrived = async () => {
      const { headers } = await post(server.url, { authorization: `Bearer ${server.key}` });
      requests += 1;
      return 1_000 - Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]) - requests;
    };
    await expect.poll(arrived, { interval: 20, timeout: 10_000 }).toBe(50);
    return calls;
  }

  test('lets them finish: all are answered, the exit code is 0, and no new call is accepted', async () => {
    const sandbox = await startSandbox();
    const server = await startServing(stack, await settingsFor(sandbox));
    const calls = await hang(server, sandbox);
    server.kill('SIGTERM');
    await server.logged(/"Stopping/);
    await expect(post(server.url, { authorization: `Bearer ${server.key}` })).rejects.toThrow(/fetch failed/);
    sandbox.recover();
    const answers = await Promise.all(calls);
    expect(answers.filter(({ isError }) => isError)).toEqual([]);
    expect(sandbox.requests.filter(({ route }) => route === creates)).toHaveLength(50);
    expect(await server.ended).toBe(0);
  });

  test('that never end: the server refuses all of them within the drain time, and the exit code is 0', async () => {
    const sandbox = await startSandbox();
    const server = await startServing(stack, { ...(await settingsFor(sandbox)), BUSBAR_DRAIN_MS: '8000' });
    const calls = await hang(server, sandbox);
    server.kill('SIGTERM');
    const answers = await Promise.all(calls);
    // The calls would continue for 30 seconds, and a server that takes longer than the limit exits with 1.
    expect(await server.ended).toBe(0);
    const codes = answers.map(({ isError, text }) => (isError ? /^[A-Z_]+/.exec(text)?.[0] : 'no error'));
    // Calls that had reached the vendor may have written; calls in the queue had not.
    expect(new Set(codes)).toEqual(new Set(['OUTCOME_UNKNOWN', 'UNAVAILABLE']));
    const sent = sandbox.requests.filter(({ route }) => route === creates);
    expect(codes.filter((code) => code === 'OUTCOME_UNKNOWN')).toHaveLength(sent.length);
  });

  test('twice: the second signal ends the process at once', async () => {
    const sandbox = await startSandbox();
    const server = await startServing(stack, await settingsFor(sandbox));
    const calls = await hang(server, sandbox);
    server.kill('SIGTERM');
    await server.logged(/"Stopping/);
    const again = setInterval(() => server.kill('SIGTERM'), 100);
    stack.defer(async () => clearInterval(again));
    await Promise.allSettled(calls);
    expect(await server.ended).toBe(1);
    expect(server.stderr).toContain('A second signal');
  });
});

test('two signals within half a second count as one, because npm and the server both get Ctrl-C: running calls may finish', async () => {
  const sandbox = await startSandbox();
  const server = await startServing(stack, await settingsFor(sandbox));
  sandbox.misbehave({ kind: 'hang', match: creates });
  const call = callTool(server, 'zendesk_create_ticket', ticket);
  await sandbox.received(creates, 1);
  server.kill('SIGINT');
  server.kill('SIGTERM');
  await server.logged(/"Stopping/);
  sandbox.recover();
  expect(await call).toMatchObject({ isError: false });
  expect(await server.ended).toBe(0);
});

test('SIGTERM while a client is slow to send its request: the client is cut off, and the exit code is 0', async () => {
  const server = await startServing(stack, { BUSBAR_DATA_DIR: await dataFolder(stack), BUSBAR_DRAIN_MS: '4000' });
  const { port } = new URL(server.url);
  const client = connect(Number(port), '127.0.0.1');
  const head = ['POST /mcp HTTP/1.1', `Host: 127.0.0.1:${port}`, `Authorization: Bearer ${server.key}`, 'Content-Type: application/json'];
  client.write([...head, 'Content-Length: 100', 'Expect: 100-continue', '', '{'].join('\r\n'));
  // A server that asks for the body has read the head.
  await once(client, 'data');
  server.kill('SIGTERM');
  const [answer] = (await once(client, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 503 /);
  await once(client, 'close');
  expect(await server.ended).toBe(0);
  expect(server.stderr).not.toMatch(/requests unanswered/);
});

test('a second server on the folder refuses to start, the first continues, and its data opens again', async () => {
  const folder = await dataFolder(stack);
  const first = await startServing(stack, { BUSBAR_DATA_DIR: folder });
  const second = await startProcess({ BUSBAR_DATA_DIR: folder });
  expect(await second.ended).toBe(1);
  expect(second.stdout).toBe('');
  expect(second.stderr).toMatch(
    /^The data folder .* is in use by another running process\. .*PostgreSQL server, which many may share\.\n$/,
  );
  expect(await callTool(first, 'zendesk_create_ticket', ticket)).toMatchObject({ isError: false });
  first.kill('SIGKILL');
  await first.ended;
  const third = await startServing(stack, { BUSBAR_DATA_DIR: folder });
  expect(await callTool({ url: third.url, key: first.key }, 'zendesk_create_ticket', ticket)).toMatchObject({ isError: false });
});

test('a port in use is reported, and the folder and the first key remain for the next start', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  stack.defer(async () => void other.close());
  const { port } = other.address() as AddressInfo;
  const folder = await dataFolder(stack);
  const refused = await startProcess({ BUSBAR_DATA_DIR: folder, PORT: String(port) });
  expect(await refused.ended).toBe(1);
  expect(refused.stderr).toBe(
    `Port ${port} on 127.0.0.1 is in use. Stop the program that listens there, or set PORT to another port (0 takes any free port).\n`,
  );
  expect((await startServing(stack, { BUSBAR_DATA_DIR: folder })).key).toMatch(/^bb_/);
});

test('invalid settings are all listed, and nothing is started', async () => {
  const refused = await startProcess({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: 'x' });
  expect(await refused.ended).toBe(1);
  expect(refused.stdout).toBe('');
  expect(refused.stderr).toMatch(/^The server cannot start with these settings:\n( {2}- .*\n){4}$/);
});

test('a key that has used up its limit gets 429 with the time to wait, and the refusal is counted', async () => {
  const server = await startAdminServer(stack, { BUSBAR_CALLS_PER_MINUTE: '3' });
  const ask = () => post(server.url, { authorization: `Bearer ${server.key}` });
  for (let left = 2; left >= 0; left--) {
    const { status, headers } = await ask();
    expect([status, headers.get('ratelimit')]).toEqual([200, expect.stringMatching(`"default";r=${left};t=\\d+`)]);
  }
  const { status, headers, body } = await ask();
  expect(status).toBe(429);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(headers.get('x-ratelimit-limit')).toBe('3');
  expect(body).toMatch(/Rate limit of 3 requests per minute reached\. Wait \d+ s, then call again/);
  const metrics = await (await fetch(new URL('/metrics', server.url))).text();
  expect(metrics).toContain('\nmcp_rate_limit_exceeded_total 1\n');
});

test('the secrets of the account are in no log line and no answer, even if the vendor echoes them', async () => {
  const sandbox = await startSandbox();
  const server = await startServing(stack, { ...(await settingsFor(sandbox)), LOG_LEVEL: 'debug' });
  sandbox.misbehave({
    kind: 'status',
    status: 422,
    match: creates,
    body: { error: 'RecordInvalid', description: 'secret hush-hush-hush is bad' },
  });
  sandbox.misbehave({ kind: 'html', match: creates, times: 1 });
  const answers = [await callTool(server, 'zendesk_create_ticket', ticket), await callTool(server, 'zendesk_create_ticket', ticket)];
  expect(answers.every(({ isError }) => isError)).toBe(false);
  expect(JSON.stringify(answers)).not.toContain('hush-hush-hush');
  server.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(server.stderr).toContain('"code":"UPSTREAM_REJECTED"');
  expect(server.stderr).not.toContain('hush-hush-hush');
  expect(server.stderr).not.toMatch(/Bearer [0-9a-f]/);
});
