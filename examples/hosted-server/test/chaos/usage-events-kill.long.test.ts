import { expect, test } from 'vitest';
import { callTool } from '../mcp-requests.ts';
import { dataFolder, startServing } from '../server-process.ts';
import { startUsageReceiver } from '../usage/usage-receiver.ts';

const token = 'hush-hush-hush';

test('events that a server could not deliver before kill -9 are delivered by the next server', async () => {
  await using stack = new AsyncDisposableStack();
  let away = true;
  const receiver = await startUsageReceiver(stack, (_, response) => {
    if (away) response.writeHead(503).end();
    return away;
  });
  const settings = {
    BUSBAR_DATA_DIR: await dataFolder(stack),
    BUSBAR_USAGE_EVENTS_URL: receiver.url,
    BUSBAR_USAGE_EVENTS_TOKEN: token,
  };
  const first = await startServing(stack, settings);
  for (let calls = 0; calls < 3; calls += 1)
    expect(await callTool(first, 'zendesk_create_ticket', { subject: `Ticket ${calls}`, body: 'Text' })).toMatchObject({ isError: false });
  await first.logged(/Usage events were not delivered/);
  first.kill('SIGKILL');
  await first.ended;
  expect(receiver.counted.size).toBe(0);

  away = false;
  const second = await startServing(stack, settings);
  await expect.poll(() => receiver.counted.size, { timeout: 15_000 }).toBe(3);
  second.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect([...receiver.counted.values()]).toEqual([1, 1, 1]);
  expect(first.stderr + second.stderr).not.toContain(token);
});
