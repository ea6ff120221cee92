import { expect, test } from 'vitest';
import { callTool, post } from './mcp-requests.ts';
import { dataFolder, startProcess, startServing } from './server-process.ts';
import { ticket } from './zendesk-account.ts';

test('the first key is shown once; a later start accepts it, and creates another key on request', async () => {
  await using stack = new AsyncDisposableStack();
  const env = { BUSBAR_DATA_DIR: await dataFolder(stack) };
  const first = await startServing(stack, env);
  first.kill('SIGINT');
  expect(await first.ended).toBe(0);

  const second = await startServing(stack, env);
  expect(second.key).toBe('');
  expect(second.stdout).toContain('npm start -- --new-key');
  expect(second.stdout).not.toContain(first.key);
  expect((await post(second.url, { authorization: `Bearer ${first.key}` })).status).toBe(200);
  second.kill('SIGTERM');
  await second.ended;

  const third = await startServing(stack, env, '--new-key');
  expect(third.key).not.toBe(first.key);
  for (const { key } of [first, third]) expect((await post(third.url, { authorization: `Bearer ${key}` })).status).toBe(200);
});

test('a second server on the folder refuses to start, the first continues, and its data opens again', async () => {
  await using stack = new AsyncDisposableStack();
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
