import { expect, test } from 'vitest';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { checkConnectors } from '../../src/catalog/registration.ts';
import { brokenRules } from '../catalog/vendor-rules.ts';
import { hello, mistaken, plugins } from './types.ts';

test('plugins that compile pass registration together', () => {
  expect(() => checkConnectors([...plugins, hello])).not.toThrow();
});

test('model vendors accept the schemas of these plugins’ tools', () => {
  const { entries } = createCatalog([...plugins, hello]);
  expect(entries).toHaveLength(7);
  for (const { inputSchema, outputSchema } of entries) {
    expect(brokenRules(inputSchema, 'input')).toEqual([]);
    expect(brokenRules(outputSchema ?? {}, 'output')).toEqual([]);
  }
});

test('registration reports a mistake that types cannot catch', () => {
  expect(() => checkConnectors([mistaken])).toThrow(/mistaken: wrong_uses: the name must be mistaken_<verb>_<noun>/);
});
