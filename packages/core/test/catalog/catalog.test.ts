import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { defineConnector, localPrincipal, type Connector } from '../../src/index.ts';
import { brokenRules } from './vendor-rules.ts';

function connector(id: string, tools: Record<string, readonly string[] | undefined>, connections?: 'many'): Connector {
  return defineConnector({
    spec: 'v1',
    id,
    config: z.object({}),
    ...(connections && { connections }),
    open: () => ({}),
    tools: (tool) =>
      Object.entries(tools).map(([name, toolsets]) =>
        tool({
          name: `${id}_${name}`,
          description: name,
          effect: 'read',
          ...(toolsets && { toolsets }),
          input: z.object({ id: z.string().describe('Which') }),
          output: z.object({ id: z.string() }),
          run: async (input) => input,
        }),
      ),
  });
}

const two = [
  connector('zeta', { get_b: undefined, get_a: ['admin'], get_c: ['admin', 'default'] }, 'many'),
  connector('alpha', { get_x: ['reports'] }),
];
const names = (entries: readonly { name: string }[]) => entries.map(({ name }) => name);
const withToolsets = (...toolsets: string[]) => ({ ...localPrincipal, toolsets });

test('the catalog keeps the order of connectors and of their tools', () => {
  expect(names(createCatalog(two).entries)).toEqual(['zeta_get_b', 'zeta_get_a', 'zeta_get_c', 'alpha_get_x']);
});

test('two catalogs of the same connectors have the same bytes', () => {
  const bytes = () => JSON.stringify(createCatalog(two).entries.map(({ tool: _, ...entry }) => entry));
  expect(bytes()).toBe(bytes());
});

test('the catalog adds the argument `connection` if a tenant may have many connections, and only then', () => {
  const [many, , , one] = createCatalog(two).entries;
  expect(many?.inputSchema['properties']).toMatchObject({
    id: {},
    connection: { type: 'string', description: expect.any(String) as string },
  });
  expect(many?.inputSchema['required']).toEqual(['id']);
  expect(one?.inputSchema['properties']).toEqual({ id: { type: 'string', description: 'Which' } });
  for (const entry of [many, one]) expect(brokenRules(entry?.inputSchema ?? {}, 'input')).toEqual([]);
});

test('the catalog lists and finds the same tools for a principal', () => {
  const catalog = createCatalog(two);
  for (const principal of [
    localPrincipal,
    withToolsets('default'),
    withToolsets('admin', 'reports'),
    withToolsets('unknown'),
    withToolsets(),
  ]) {
    const listed = names(catalog.forPrincipal(principal));
    const found = catalog.entries.filter(({ name }) => catalog.find(name, principal)).map(({ name }) => name);
    expect(found).toEqual(listed);
  }
  expect(names(catalog.forPrincipal(localPrincipal))).toHaveLength(4);
  expect(names(catalog.forPrincipal(withToolsets('default')))).toEqual(['zeta_get_b', 'zeta_get_c']);
  expect(names(catalog.forPrincipal(withToolsets('reports', 'admin')))).toEqual(['zeta_get_a', 'zeta_get_c', 'alpha_get_x']);
  expect(catalog.forPrincipal(withToolsets('unknown'))).toEqual([]);
});

test('the catalog finds no unknown tool', () => {
  const catalog = createCatalog(two);
  for (const name of ['zeta_get', '', '__proto__', 'constructor']) expect(catalog.find(name, localPrincipal)).toBeUndefined();
});

test('the catalog keeps one list for a combination of toolsets, in any order and with unknown toolsets beside them', () => {
  const catalog = createCatalog(two);
  const list = catalog.forPrincipal(withToolsets('admin', 'reports'));
  expect(catalog.forPrincipal(withToolsets('reports', 'made up', 'admin', 'admin'))).toBe(list);
});

test('the catalog keeps the lists of at most 1,000 combinations', () => {
  const sets = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`get_${n}`, [`set-${n}`]]));
  const catalog = createCatalog([connector('acme', sets)]);
  const combination = (bits: number) => withToolsets(...Object.values(sets).flatMap((set, n) => (bits & (1 << n) ? set : [])));
  const first = catalog.forPrincipal(combination(1));
  for (let bits = 2; bits <= 1_000; bits += 1) catalog.forPrincipal(combination(bits));
  expect(catalog.forPrincipal(combination(1))).toBe(first);
  catalog.forPrincipal(combination(1_001));
  expect(catalog.forPrincipal(combination(1))).not.toBe(first);
  expect(catalog.forPrincipal(combination(1))).toEqual(first);
});

test('the catalog refuses invalid connectors', () => {
  expect(() => createCatalog([{ ...two[0], id: 'other' } as Connector])).toThrow(TypeError);
});

test('an entry names its connector and cannot be changed', () => {
  const [entry] = createCatalog(two).entries;
  expect(entry).toMatchObject({ connector: 'zeta', effect: 'read', toolsets: ['default'], description: 'get_b' });
  expect(entry?.outputSchema).toEqual({ type: 'object', properties: { id: { type: 'string' } }, required: ['id'] });
  expect(() => Object.assign(entry ?? {}, { name: 'x' })).toThrow(TypeError);
});
