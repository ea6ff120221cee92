import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startAdminServer } from './admin/admin-server.ts';
import { callTool, post } from './mcp-requests.ts';
import { dataFolder, startProcess, startServing } from './server-process.ts';
import { creates, startZendeskAccount, ticket } from './zendesk-account.ts';

let stack = new AsyncDisposableStack();
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

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
  const { sandbox, settings } = await startZendeskAccount(stack);
  const server = await startServing(stack, { ...settings, LOG_LEVEL: 'debug' });
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
