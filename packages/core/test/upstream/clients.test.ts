import { expect, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, type Connection, type Connections } from '../../src/index.ts';

/** A host with one connection, whose settings the test changes, and a connector that keeps a diary. */
function changing() {
  const diary: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  let current: Connection = { id: 'C', tenant: 'local', connector: 'door', name: 'default', config: { key: 'old' }, version: 'old' };
  const diarist = defineConnector({
    spec: 'v1',
    id: 'door',
    config: z.object({ key: z.string() }),
    open: ({ config }) => {
      diary.push(`open ${config.key}`);
      return config.key;
    },
    tools: (tool) => [
      tool({
        name: 'door_name_key',
        description: 'Says which key opens it.',
        effect: 'read',
        cache: { ttlMs: 60_000 },
        input: z.object({ wait: z.string().default('').describe('A gate to wait at') }),
        output: z.object({ key: z.string() }),
        run: async ({ wait }, key) => {
          await gates.get(wait)?.promise;
          return { key };
        },
      }),
    ],
    close: async (key) => void diary.push(`close ${key}`),
  });
  const connections: Connections = {
    list: async () => [current],
    get: async () => current,
    byHook: async () => undefined,
    page: async () => ({ connections: [current] }),
  };
  const host = createHost({ connectors: [diarist], connections });
  return {
    diary,
    host,
    gate: (name: string) => {
      const gate = Promise.withResolvers<void>();
      gates.set(name, gate);
      return gate.resolve;
    },
    change: (key: string) => {
      current = { ...current, config: { key }, version: key };
    },
    moveTo: (id: string) => {
      current = { ...current, id };
    },
    async call(wait = '') {
      const result = await host.call({
        principal: localPrincipal,
        tool: 'door_name_key',
        arguments: { wait },
        signal: new AbortController().signal,
      });
      return result.kind === 'answer' ? (result.answer.structuredContent as { key: string }).key : undefined;
    },
  };
}

test('opens a connection once, and closes it when the host closes', async () => {
  const { host, diary, call } = changing();
  await call('a');
  await call('b');
  expect(diary).toEqual(['open old']);
  await host.close(0);
  expect(diary).toEqual(['open old', 'close old']);
});

test('new settings open a new client and serve no cached answer, and the old client is closed when its last call has ended', async () => {
  const { host, diary, call, change, gate } = changing();
  expect(await call('x')).toBe('old');
  const open = gate('slow');
  const running = call('slow');
  await Promise.resolve();
  change('new');
  expect(await call('x')).toBe('new');
  expect(diary).toEqual(['open old', 'open new']);
  open();
  expect(await running).toBe('old');
  expect(diary).toEqual(['open old', 'open new', 'close old']);
  await host.close(0);
  expect(diary.at(-1)).toBe('close new');
});

test('keeps at most 1,000 clients, closes the longest unused first, and closes no client in use', async () => {
  const { host, diary, call, moveTo, gate } = changing();
  const open = gate('slow');
  const running = call('slow');
  for (let i = 0; i < 1_001; i += 1) {
    moveTo(`C${i}`);
    await call('x');
  }
  expect(diary.filter((entry) => entry === 'close old')).toHaveLength(2);
  open();
  await running;
  expect(diary.filter((entry) => entry === 'close old')).toHaveLength(2);
  await host.close(0);
  expect(diary.filter((entry) => entry === 'close old')).toHaveLength(1_002);
});
