import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, type Transport } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { stdioTransport } from '../../src/mcp/stdio.ts';
import { manualClock } from '../../src/testing/index.ts';

test.each([
  ['HTTP', () => httpTransport({ port: 0 })],
  ['stdio', () => stdioTransport({ input: new PassThrough(), output: new PassThrough() })],
] satisfies [string, () => Transport][])('a host that is served over %s runs its connectors’ jobs', async (_, transport) => {
  const clock = manualClock();
  let runs = 0;
  const ticking = defineConnector({
    spec: 'v1',
    id: 'ticking',
    config: z.object({}),
    open: () => ({ tick: () => (runs += 1) }),
    jobs: [{ name: 'tick', everyMs: 1_000, run: async (client) => void client.tick() }],
    tools: () => [],
  });
  const host = createHost({ connectors: [ticking], clock });
  const listener = await transport().listen(host);
  await clock.advance(1_000);
  expect(runs).toBe(1);
  await listener.close();
  await host.close(0);
});
