import { once } from 'node:events';
import { connect } from 'node:net';
import type { ZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { startProxy } from '../../../packages/postgres/test/support/proxy.ts';
import { callTool, post, type Called } from './mcp-requests.ts';
import { dataFolder, startServing } from './server-process.ts';
import { creates, startZendeskAccount, ticket } from './zendesk-account.ts';

let stack = new AsyncDisposableStack();
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

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
    const { sandbox, settings } = await startZendeskAccount(stack);
    const server = await startServing(stack, settings);
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
    const { sandbox, settings } = await startZendeskAccount(stack);
    const server = await startServing(stack, { ...settings, BUSBAR_DRAIN_MS: '8000' });
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
    const { sandbox, settings } = await startZendeskAccount(stack);
    const server = await startServing(stack, settings);
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
  const { sandbox, settings } = await startZendeskAccount(stack);
  const server = await startServing(stack, settings);
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

test.runIf(postgresql)('SIGTERM while the database does not answer: the server exits with 1 after BUSBAR_DRAIN_MS', async () => {
  const place = await postgresql?.place();
  if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
  stack.defer(() => place.remove());
  const proxy = await startProxy(place.options.url);
  stack.defer(() => proxy.close());
  const server = await startServing(stack, {
    DATABASE_URL: proxy.url,
    BUSBAR_SECRET: 'a secret of just 32 characters..',
    BUSBAR_DRAIN_MS: '1000',
  });
  expect(await callTool(server, 'zendesk_search_tickets', {})).toMatchObject({ isError: false });
  proxy.mute();
  server.kill('SIGTERM');
  expect(await server.ended).toBe(1);
  expect(server.stderr).toContain('Stopping took too long');
});
