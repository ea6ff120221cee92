import { expect, test } from 'vitest';
import { dataFolder, startServing } from '../../../examples/hosted-server/test/server-process.ts';

test('in production, a request without a key reads no metrics although it looks as if it came from this machine', async () => {
  await using stack = new AsyncDisposableStack();
  const server = await startServing(stack, {
    NODE_ENV: 'production',
    BUSBAR_SECRET: 'd1f8a0c39b5e47262c8eaf0773b91c45',
    BUSBAR_DEMO: 'true',
    BUSBAR_DATA_DIR: await dataFolder(stack),
  });
  // A proxy on this machine that adds no header and sends its own target as Host looks like this.
  const read = async (headers = {}) => await fetch(new URL('/metrics', server.url), { headers });
  expect((await read()).status).toBe(401);
  expect((await read({ authorization: 'Bearer bb_guess' })).status).toBe(401);
  const metrics = await read({ authorization: `Bearer ${server.key}` });
  expect([metrics.status, await metrics.text()]).toEqual([200, expect.stringContaining('mcp_')]);
});
