import { expect, test } from 'vitest';
import { z } from 'zod';
import { z as z3 } from 'zod/v3';
import { createHost, defineConnector, type AnyTool, type Connector, type HostOptions } from '../../src/index.ts';
import { checkConnectors } from '../../src/catalog/registration.ts';

const tool = {
  name: 'acme_get_item',
  description: 'Reads an item.',
  effect: 'read',
  input: z.object({ id: z.string().describe('Which item') }),
  output: z.object({ id: z.string() }),
  run: () => ({ id: '1' }),
} satisfies AnyTool<unknown>;

const valid = { spec: 'v1', id: 'acme', config: z.object({}), open: () => ({}), tools: [tool] } satisfies Connector;

/** Returns the problems that the host finds, as an author of plain JavaScript reads them. */
function problemsOf(...connectors: readonly unknown[]): string[] {
  try {
    checkConnectors(connectors as readonly Connector[]);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message.split('\n- ').slice(1);
  }
  return [];
}

const without = (definition: object, name: string) => Object.fromEntries(Object.entries(definition).filter(([key]) => key !== name));
const inTool = (changed: object) => problemsOf({ ...valid, tools: [changed] });

test.each([
  ['a raw shape', { id: z.string() }, 'is an object of schemas. Write z.object({ … }) around it'],
  ['a schema of zod 3', z3.object({ id: z3.string() }), 'is a schema of zod 3. Install zod 4, and import z from it'],
  ['a raw shape of zod 3', { id: z3.string() }, 'is an object of schemas. Write z.object({ … }) around it'],
  [
    'a JSON Schema without a parser',
    { type: 'object' },
    'is not a schema. Write z.object({ … }), or { jsonSchema, parse } with a JSON Schema and its parser',
  ],
  ['a text', 'string', 'is not a schema. Write z.object({ … })'],
  ['nothing', null, 'is missing. Write z.object({ … }), or z.object({}) if it has no properties'],
])('%s in place of a schema is reported with its connector, its tool and what to write', (_what, schema, mistake) => {
  expect(inTool({ ...tool, input: schema })).toEqual([`acme: acme_get_item: input ${mistake}`]);
  expect(inTool({ ...tool, output: schema })).toEqual([`acme: acme_get_item: output ${mistake}`]);
  expect(problemsOf({ ...valid, config: schema })).toEqual([`acme: config ${mistake}`]);
});

test.each([
  ['input', 'input is missing. Write z.object({ … }), or z.object({}) if it has no properties'],
  ['run', 'has no run. Write run: (input, client, context) => …, which returns the output or a promise of it'],
  ['description', 'has no description. Say what it does and when to use it'],
  ['effect', 'effect must be "read", "write" or "destructive"'],
])('a tool without its %s is reported', (name, problem) => {
  expect(inTool(without(tool, name))).toEqual([`acme: acme_get_item: ${problem}`]);
});

test.each([
  ['config', 'config is missing. Write z.object({ … }), or z.object({}) if it has no properties'],
  ['open', 'has no open. Write open: ({ config, http }) => …, which returns the client'],
  ['tools', 'has no list of tools. Write tools: (tool) => [tool({ … })] in defineConnector'],
])('a connector without its %s is reported', (name, problem) => {
  expect(problemsOf(without(valid, name))).toEqual([`acme: ${problem}`]);
});

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['a plain object', { name: z.string() }],
  ['a schema of zod 3', z3.string()],
  ['a list of nothing', z.array(undefined as never)],
])('%s within a schema is reported with its tool and its path', (_what, part) => {
  const mistake = 'is or contains something that zod 4 cannot read, such as undefined, a plain object or a schema of zod 3.';
  const schema = z.object({ id: tool.input, item: z.object({ part: part as z.ZodType }).describe('Item') });
  expect(inTool({ ...tool, input: schema })).toEqual([`acme: acme_get_item: input: item.part ${mistake}`]);
  expect(inTool({ ...tool, output: schema })).toEqual([`acme: acme_get_item: output: item.part ${mistake}`]);
});

test('a misspelt property is reported with the known one, and a property of the author’s own is not', () => {
  expect(inTool({ ...tool, toolset: ['items'], ouput: 1 })).toEqual([
    'acme: acme_get_item: "toolset" is not a known property. Did you mean "toolsets"?',
    'acme: acme_get_item: "ouput" is not a known property. Did you mean "output"?',
  ]);
  expect(problemsOf({ ...valid, origin: () => [] })).toEqual(['acme: "origin" is not a known property. Did you mean "origins"?']);
  expect(problemsOf({ ...valid, helpfulLinks: [] })).toEqual([]);
});

test('something else than a connector or a tool is reported by its place', () => {
  expect(() => checkConnectors([valid, undefined as unknown as Connector])).toThrow(
    'connectors[1] is not a connector. Pass what defineConnector returns.',
  );
  expect(problemsOf({ ...valid, tools: [undefined] })).toEqual(['acme: has a tool that is not an object. Wrap each tool as tool({ … })']);
});

test('defineConnector says that tools must be a function', () => {
  const definition = { ...valid, tools: [tool] } as unknown as Parameters<typeof defineConnector>[0];
  expect(() => defineConnector(definition)).toThrow('acme: tools must be a function. Write tools: (tool) => [tool({ … })].');
});

test('createHost without connectors, or with a misspelt option, says what to write', () => {
  expect(() => createHost({} as HostOptions)).toThrow(
    'createHost cannot start:\n- connectors is missing. Write createHost({ connectors: [ … ] })',
  );
  const misspelt = { connectors: [], conections: undefined, ratelimits: undefined } as HostOptions;
  expect(() => createHost(misspelt)).toThrow(
    /"conections" is not a known property. Did you mean "connections"\?\n- "ratelimits" .*"rateLimit"\?/,
  );
  expect(() => createHost({ connectors: [undefined as unknown as Connector] })).toThrow('connectors[0] is not a connector');
});
