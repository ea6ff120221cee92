import { expect, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, memoryConnections, type Effect, type HostOptions } from '../../src/index.ts';
import { tokenCounter } from '../../src/testing/connector-checks/token-counter.ts';
import { recordingLog } from '../mcp/recording-log.ts';

/** A connector with one tool of each effect, each in the toolset of its name. */
const vendor = (id: string, connections: 'one' | 'many' = 'many', effects: readonly Effect[] = ['read', 'write']) =>
  defineConnector({
    spec: 'v1',
    id,
    config: z.object({}),
    connections,
    open: () => ({}),
    tools: (tool) =>
      effects.map((effect) =>
        tool({
          name: `${id}_${effect}_thing`,
          description: 'Does something.',
          effect,
          toolsets: [`${id}-${effect}`],
          input: z.object({}),
          output: z.object({}),
          run: async () => ({}),
        }),
      ),
  });

const of = (id: string, ...names: readonly string[]) => names.map((name) => ({ connector: id, name, config: {} }));

const host = (options: Partial<HostOptions> = {}) =>
  createHost({ connectors: [vendor('acme'), vendor('globex', 'one')], connections: memoryConnections(of('acme', 'eu', 'us')), ...options });

const aboutWrites = / A write that ends as OUTCOME_UNKNOWN may have happened: .*_meta\["busbar\/idempotencyKey"\].*\.$/;

test('the instructions name the connectors, the accounts to choose from, and how to repeat a write', async () => {
  const text = await host().instructions(localPrincipal);
  expect(text).toMatch(
    /^Tools for acme, globex\. Choose an account of acme with "connection": "eu", "us"; there is no default\. A write that ends/,
  );
  expect(text).toMatch(aboutWrites);
});

test('a principal reads only of the connectors and the effects of its tools', async () => {
  const about = (...toolsets: readonly string[]) => host().instructions({ ...localPrincipal, toolsets });
  expect(await about('globex-read')).toBe('Tools for globex.');
  expect(await about('globex-write')).toMatch(/^Tools for globex\. A write/);
  expect(await about('acme-read')).toMatch(/^Tools for acme\. Choose an account of acme .*; there is no default\.$/);
  expect(await about()).toBe('');
});

test('a principal reads only the names of connections that it may use, and which is the default', async () => {
  const connections = memoryConnections([
    { connector: 'acme', name: 'team', isDefault: true, config: {} },
    { connector: 'acme', name: 'own', user: 'ada', config: {} },
    { connector: 'acme', name: 'hers', user: 'bob', config: {} },
    { connector: 'acme', name: 'foreign', tenant: 'other', config: {} },
    { connector: 'acme', name: 'foreign too', tenant: 'other', config: {} },
  ]);
  // A store that returns too much.
  const leaky = { ...connections, list: async () => (await connections.page('acme', { limit: 100 })).connections };
  const read = (change: object) => host({ connections: leaky }).instructions({ ...localPrincipal, toolsets: ['acme-read'], ...change });
  const adas = await read({ id: 'ada' });
  expect(adas).toMatch(
    /^Tools for acme\. Choose an account of acme with "connection": ("own", "team"|"team", "own"); the default is "own"\.$/,
  );
  expect(await read({ id: 'eve' })).toBe('Tools for acme.');
  expect(await read({ id: 'eve', tenant: 'other' })).toContain('"foreign too"');
});

test('the instructions stay short, however many connections there are and however long their names', async () => {
  const countTokens = await tokenCounter();
  const many = [...Array.from({ length: 98 }, (_, i) => `account ${i}`), 'x'.repeat(5_000), '"\n'];
  const text = await host({ connections: memoryConnections([...of('acme', ...many)]) }).instructions(localPrincipal);
  expect(text).toMatch(/and 90 more; there is no default/);
  expect(text).not.toContain('xxxx');
  expect(text).not.toContain('\n');
  expect(countTokens(text)).toBeLessThan(200);
  expect(countTokens(await host().instructions(localPrincipal))).toBeLessThan(130);
});

test('if the connections cannot be read, the instructions go without them, and the log says so', async () => {
  const { log, lines } = recordingLog();
  const connections = { ...memoryConnections([]), list: () => Promise.reject(new Error('down')) };
  expect(await host({ connections, log }).instructions(localPrincipal)).toMatch(/^Tools for acme, globex\. A write/);
  expect(lines).toMatchObject([{ level: 'warn', fields: { err: { message: 'down' } } }]);
});

test('the author of a host adds to the instructions, or replaces them', async () => {
  const connectors = [vendor('acme', 'one', ['read'])];
  const read = (instructions: string | ((own: string) => string)) =>
    host({ connectors, info: { name: 'own', version: '1', instructions } }).instructions(localPrincipal);
  expect(await read('Ask for little.')).toBe('Tools for acme.\n\nAsk for little.');
  expect(await read('')).toBe('Tools for acme.');
  expect(await read((own) => `${own} Be kind.`)).toBe('Tools for acme. Be kind.');
  expect(await read(() => '')).toBe('');
});
