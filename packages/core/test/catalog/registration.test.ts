import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineConnector, type AnyTool, type Connector } from '../../src/index.ts';
import { checkConnector, checkConnectors } from '../../src/catalog/registration.ts';

const tool: AnyTool<unknown> = {
  name: 'acme_get_item',
  description: 'Reads an item.',
  effect: 'read',
  input: z.object({ id: z.string().describe('Which item') }),
  output: z.object({ id: z.string() }),
  run: async () => ({ id: '1' }),
};

const valid: Connector = { spec: 'v1', id: 'acme', config: z.object({}), open: () => ({}), tools: [tool] };

/** Returns the error for a valid connector with these changes. */
function errorFor(changes: object): string {
  try {
    checkConnector({ ...valid, ...changes });
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
}
const errorForTool = (changes: Partial<AnyTool<unknown>>): string => errorFor({ tools: [{ ...tool, ...changes }] });

test('a connector that uses every feature is accepted', () => {
  const everything = defineConnector({
    spec: 'v1',
    id: 'acme-2',
    connections: 'many',
    config: z.object({ token: z.string() }),
    origins: () => ['https://api.acme.example'],
    authorization: ({ token }) => ({ kind: 'bearer', token }),
    limits: { default: { requests: 10, windowMs: 1_000 }, reports: { concurrent: 2 } },
    open: () => ({ flush: async () => {} }),
    jobs: [
      { name: 'flush', everyMs: 60_000, run: (client) => client.flush() },
      { name: 'poll-state', run: (client) => client.flush() },
    ],
    webhook: {
      log: { name: 'events', entry: z.unknown(), max: 10, whenFull: 'drop-oldest' },
      signature: ({ token }) => ({ kind: 'hmac-sha256', key: token, header: 'X', encoding: 'hex', over: ['body'] }),
      events: () => [],
    },
    tools: () => [{ ...tool, name: 'acme_2_get_item', toolsets: ['items', 'default'], cache: { ttlMs: 1_000 } }],
  });
  expect(() => checkConnectors([valid, everything])).not.toThrow();
});

test('the error for another contract names both versions', () => {
  expect(errorFor({ spec: 'v2' })).toContain('acme: is written for contract v2, and this is contract v1');
});

test.each(['Acme', 'acme_desk', '-acme', 'acme--desk', '2acme', ''])('the id “%s” is refused', (id) => {
  expect(errorFor({ id })).toContain('the id must be kebab-case');
});

test.each([
  [{ authorization: () => ({ kind: 'bearer', token: 'x' }) }, 'has authorization but no origins'],
  [{ connections: 'some' }, 'connections must be "one" or "many"'],
  [{ config: z.string() }, 'config must be a zod object'],
  [{ limits: { default: { requests: 5 } } }, 'limit default: requests and windowMs go together'],
  [{ limits: { default: {} } }, 'limit default: limits nothing'],
  [{ limits: { default: { concurrent: 0 } } }, 'limit default: 0 is not a positive whole number'],
  [
    {
      jobs: [
        { name: 'flush', run: async () => {} },
        { name: 'flush', run: async () => {} },
      ],
    },
    'job flush: two jobs have this name',
  ],
  [{ jobs: [{ name: 'Flush it', run: async () => {} }] }, 'job Flush it: the name must be kebab-case'],
  [{ jobs: [{ name: 'flush', everyMs: 10, run: async () => {} }] }, 'job flush: everyMs must be at least 1000'],
  [{ webhook: { log: { name: '', entry: z.unknown(), max: 0, whenFull: 'wait' } } }, 'webhook: the log needs a name'],
  [{ webhook: { log: { name: 'l', entry: z.unknown(), max: 0, whenFull: 'wait' } } }, 'webhook: the log needs a max of at least 1'],
  [{ webhook: { log: { name: 'l', entry: z.unknown(), max: 1, whenFull: 'wait' } } }, 'webhook: whenFull must be'],
])('connector %# is refused: %s', (changes, problem) => {
  expect(errorFor(changes)).toContain(problem);
});

test.each<[Partial<AnyTool<unknown>>, string]>([
  [{ name: 'get_item' }, 'the name must be acme_<verb>_<noun>'],
  [{ name: 'acme_getItem' }, 'the name must be acme_<verb>_<noun>'],
  [{ name: 'acme__get' }, 'the name must be acme_<verb>_<noun>'],
  [{ name: `acme_get_${'x'.repeat(40)}` }, 'the name has 49 characters; the limit is 48'],
  [{ description: ' ' }, 'has no description'],
  [{ description: 'x'.repeat(1_025) }, 'the description has 1025 characters; the limit is 1024'],
  [{ effect: 'append' as 'write' }, 'effect must be'],
  [{ effect: 'write', cache: { ttlMs: 1 } }, 'only reads may be cached'],
  [{ cache: { ttlMs: 0 } }, 'cache.ttlMs must be more than 0'],
  [{ toolsets: [] }, 'is in no toolset'],
  [{ toolsets: ['a', 'a'] }, 'is listed twice in toolset a'],
  [{ toolsets: [''] }, 'the name of a toolset must have 1 to 64 characters'],
  [{ input: z.object({ connection: z.string().describe('Which') }) }, 'input: connection is a reserved name'],
  [{ input: z.object({ id: z.string() }) }, 'input: id has no description'],
  [{ output: z.object({ at: z.bigint() }) }, 'output: at has a type that JSON does not have'],
])('tool %# is refused: %s', (changes, problem) => {
  expect(errorForTool(changes)).toContain(problem);
});

test('the prefix of a tool is the id in snake_case', () => {
  const id = 'acme-desk';
  expect(errorFor({ id })).toContain('acme_desk_<verb>_<noun>');
  expect(errorFor({ id, tools: [{ ...tool, name: 'acme_desk_get_item' }] })).toBe('');
});

test('two connectors with the same id, and two tools with the same name, are refused', () => {
  expect(() => checkConnectors([valid, valid])).toThrow(/acme: two connectors have this id\n- acme_get_item: two tools have this name/);
  expect(errorFor({ tools: [tool, tool] })).toContain('acme_get_item: two tools have this name');
});

test('the error lists every problem of all connectors, each with its connector and tool', () => {
  const bad = { ...valid, id: 'other', tools: [{ ...tool, name: 'nope', description: '' }] };
  const attempt = () => checkConnectors([{ ...valid, spec: 'v9' as 'v1' }, bad]);
  expect(attempt).toThrow('3 problems with the connectors:');
  expect(attempt).toThrow('- acme: is written for contract v9');
  expect(attempt).toThrow('- other: nope: the name must be');
  expect(attempt).toThrow('- other: nope: has no description');
});
