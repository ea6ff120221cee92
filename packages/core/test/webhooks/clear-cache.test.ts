import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, memoryCache, memoryConnections, type HostOptions } from '../../src/index.ts';
import { recordingLog } from '../mcp/recording-log.ts';

/** A vendor whose number is cached for an hour, and whose webhook says that the number has changed. */
function start(options: Partial<HostOptions> = {}) {
  let reads = 0;
  const counter = defineConnector({
    spec: 'v1',
    id: 'counter',
    connections: 'many',
    config: z.object({}),
    open: () => ({ read: () => (reads += 1) }),
    webhook: {
      log: { name: 'events', entry: z.unknown(), max: 10, whenFull: 'drop-oldest' },
      signature: () => ({ kind: 'hmac-sha256', key: 'secret', header: 'X-Signature', encoding: 'hex', over: ['body'] }),
      events: (body) => [{ id: z.string().parse(body), value: body }],
    },
    tools: (tool) => [
      tool({
        name: 'counter_get_number',
        description: 'Reads the number.',
        effect: 'read',
        cache: { ttlMs: 3_600_000 },
        input: z.object({}),
        output: z.object({ number: z.int().describe('The number') }),
        run: async (_, client) => ({ number: client.read() }),
      }),
    ],
  });
  const host = createHost({
    connectors: [counter],
    connections: memoryConnections([
      { connector: 'counter', name: 'one', isDefault: true, config: {}, hook: 'hook-one' },
      { connector: 'counter', name: 'two', config: {}, hook: 'hook-two' },
    ]),
    ...options,
  });
  onTestFinished(() => host.close());
  return {
    async read() {
      const signal = new AbortController().signal;
      await host.call({ principal: localPrincipal, tool: 'counter_get_number', arguments: {}, signal });
      return reads;
    },
    async deliver(id: string, event: string, key = 'secret') {
      const body = new TextEncoder().encode(JSON.stringify(event));
      const hook = await host.hook(id);
      await hook?.receive(new Headers({ 'x-signature': createHmac('sha256', key).update(body).digest('hex') }), body);
    },
  };
}

test('stored events clear the cached answers of their connection', async () => {
  const { read, deliver } = start();
  expect([await read(), await read()]).toEqual([1, 1]);
  await deliver('hook-one', 'e1');
  expect([await read(), await read()]).toEqual([2, 2]);
});

test('events of another connection, and unsigned events, clear nothing', async () => {
  const { read, deliver } = start();
  await read();
  await deliver('hook-two', 'e1');
  await expect(deliver('hook-one', 'e1', 'guessed')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await read()).toBe(1);
});

test('a cache that is down refuses no delivery, and is logged', async () => {
  const { log, lines } = recordingLog();
  const { deliver } = start({ log, cache: { ...memoryCache(), clear: () => Promise.reject(new Error('down')) } });
  await deliver('hook-one', 'e1');
  expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'the cache failed' }));
});
