import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { overBudget, packageBudgets } from '../scripts/package-budgets.ts';

const root = join(import.meta.dirname, '..');

test('every package has a budget, and nothing else has a budget', () => {
  const names = readdirSync(join(root, 'packages')).map(
    (folder) => (JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')) as { name: string }).name,
  );
  expect(Object.keys(packageBudgets).sort()).toEqual(names.sort());
});

test('a figure over its budget is reported with the budget, and a figure at its budget is not', () => {
  const budget = { packedKb: 10, unpackedKb: 100 };
  expect(overBudget('a', { packedKb: 10, unpackedKb: 100 }, budget)).toEqual([]);
  expect(overBudget('a', { packedKb: 9, unpackedKb: 101 }, budget)).toEqual([
    'a: unpackedKb is 101, and its budget in scripts/package-budgets.ts is 100.',
  ]);
});

test('a package without a budget is over it', () => {
  expect(overBudget('a', { packedKb: 1, unpackedKb: 1 }, undefined)).toEqual([
    'a has no budget: give it a row in scripts/package-budgets.ts.',
  ]);
});
