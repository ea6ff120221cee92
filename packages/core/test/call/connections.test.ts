import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import {
  createHost,
  defineConnector,
  memoryConnections,
  memoryMetering,
  type Connections,
  type Host,
  type HostOptions,
} from '../../src/index.ts';
import { codeOf, textOf } from '../support/acme.ts';
import { recordingLog } from '../mcp/recording-log.ts';

/** A connector that says which connection it uses. Without `key`, its settings may be left out. */
function whereabouts(id: string, config: z.ZodObject) {
  return defineConnector({
    spec: 'v1',
    id,
    connections: 'many',
    config,
    open: () => ({}),
    check: async (_client, context) => ({ account: context.connection }),
    tools: (tool) => [
      tool({
        name: `${id}_read_name`,
        description: 'Reads the name of the connection.',
        effect: 'read',
        input: z.object({}),
        output: z.object({ connection: z.string().describe('The connection') }),
        run: async (_input, _client, { connection }) => ({ connection }),
      }),
      tool({
        name: `${id}_write_name`,
        description: 'Writes the name of the connection.',
        effect: 'write',
        input: z.object({}),
        output: z.object({ connection: z.string().describe('The connection') }),
        run: async (_input, _client, { connection }) => ({ connection }),
      }),
    ],
  });
}

const free = whereabouts('free', z.object({ greeting: z.string().default('Hello') }));
const keyed = whereabouts('keyed', z.object({ key: z.string() }));

function hostOf(options: Partial<HostOptions>) {
  const { log, lines } = recordingLog();
  const host = createHost({ connectors: [free, keyed], log, ...options });
  onTestFinished(() => host.close());
  return { host, lines };
}

async function callAs(host: Host, tenant: string, tool: string, args: object = {}) {
  const { signal } = new AbortController();
  const called = await host.call({ principal: { tenant, id: 'key-1', roles: [] }, tool, arguments: args, signal });
  if (called.kind === 'ask') throw new Error('It asks for nothing.');
  return called.answer;
}

const connectionOf = async (...call: Parameters<typeof callAs>) =>
  ((await callAs(...call)).structuredContent as { connection: string } | undefined)?.connection;

test('every tenant has a connection of its own to a connector that needs no settings', async () => {
  for (const connections of [undefined, memoryConnections([])]) {
    const { host } = hostOf({ connections });
    const [one, two] = [await connectionOf(host, 'acme', 'free_read_name'), await connectionOf(host, 'umbrella.corp', 'free_read_name')];
    expect(one).toBeTypeOf('string');
    expect(two).not.toBe(one);
    expect(await connectionOf(host, 'acme', 'free_read_name', { connection: 'default' })).toBe(one);
    expect(await host.check(one ?? '')).toEqual({ account: one });
    expect(await host.check(two ?? '')).toEqual({ account: two });
  }
});

test('a tenant’s own connections to such a connector come instead of its default connection', async () => {
  const { host } = hostOf({ connections: memoryConnections([{ connector: 'free', tenant: 'acme', id: 'own', config: {} }]) });
  expect(await connectionOf(host, 'acme', 'free_read_name')).toBe('own');
});

test('no tenant has a connection to a connector that needs settings, until someone adds one', async () => {
  const { host } = hostOf({ connections: memoryConnections([]) });
  const answer = await callAs(host, 'acme', 'keyed_read_name');
  expect(codeOf(answer)).toBe('CONNECTION_NOT_FOUND');
  expect(textOf(answer)).toContain('Someone must add one');
  await expect(host.check('default.keyed.acme')).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
});

test('a store of connections that throws makes calls, checks and hooks fail for now, and the log has the cause', async () => {
  const fail = () => Promise.reject(new Error('canary: no route to the database'));
  const connections: Connections = { list: fail, get: fail, byHook: fail, page: fail };
  const { host, lines } = hostOf({ connections });
  const answer = await callAs(host, 'acme', 'keyed_read_name');
  expect(codeOf(answer)).toBe('UNAVAILABLE');
  expect(textOf(answer)).toContain('Try again shortly');
  expect(JSON.stringify(answer)).not.toContain('canary');
  await expect(host.check('any')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(host.hook('any')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(lines.filter(({ message }) => message === 'the connections could not be read')).toHaveLength(3);
});

test('a metering that throws at the admission makes a call fail for now, before it runs', async () => {
  const metering = { ...memoryMetering(), admit: () => Promise.reject(new Error('canary: no route to the database')) };
  const { host } = hostOf({ metering });
  const answer = await callAs(host, 'acme', 'free_write_name');
  expect(codeOf(answer)).toBe('UNAVAILABLE');
  expect(textOf(answer)).toContain('it did not run');
});
