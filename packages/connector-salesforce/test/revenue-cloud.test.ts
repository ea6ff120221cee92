import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBundles } from '../src/health/bundles.ts';
import { route, startOrg, type Org } from './start-org.ts';

let org: Org;
beforeEach(async () => {
  org = await startOrg();
});
afterEach(() => org.close());

const examine = (input: object = {}) => org.call('salesforce_revenue_cloud_health_check', input);
const product = (Name: string, Type: string | null = null) => org.sandbox.add('Product2', { Name, Type, IsActive: true }).Id;
const part = (ParentProductId: string, ChildProductId: string) =>
  org.sandbox.add('ProductRelatedComponent', { ParentProductId, ChildProductId });
const bundleOf = (count: number) => {
  const bundle = product('Large', 'Bundle');
  for (let index = 0; index < count; index += 1) part(bundle, product(`Part ${index}`));
};
const chain = (length: number) => {
  let parent = product('Deep', 'Bundle');
  for (let index = 0; index < length; index += 1) {
    const child = product(`Level ${index}`);
    part(parent, child);
    parent = child;
  }
};
const attributes = (count: number) => {
  const bundle = org.sandbox.records('Product2')[0]?.Id;
  for (let index = 0; index < count; index += 1) org.sandbox.add('ProductAttributeDefinition', { Product2Id: bundle });
};
const picklist = (values: number) => {
  const { Id: PicklistId } = org.sandbox.add('AttributePicklist', { Name: 'Sizes' });
  org.sandbox.add('AttributeDefinition', { Name: 'Size', PicklistId });
  for (let index = 0; index < values; index += 1) org.sandbox.add('AttributePicklistValue', { Name: String(index), PicklistId });
};

it('finds no problems in a healthy catalogue, with two API calls', async () => {
  const report = await examine();
  expect(report).toMatchObject({ score: 100, grade: 'A', counts: { pass: 6, warn: 0, fail: 0, unknown: 0 }, apiCalls: 2 });
});

it.each<[check: string, status: string, evidence: string, seed: () => void]>([
  ['bundle_depth', 'fail', 'Of 2 active bundles the largest has 6 levels; more than 5 is too many.', () => chain(6)],
  ['bundle_depth', 'warn', 'Of 2 active bundles the largest has 5 levels; more than 5 is too many.', () => chain(5)],
  ['bundle_size', 'fail', 'Of 2 active bundles the largest has 201 components; more than 200 is too many.', () => bundleOf(201)],
  ['bundle_size', 'warn', 'Of 2 active bundles the largest has 181 components; more than 200 is too many.', () => bundleOf(181)],
  ['bundle_attributes', 'fail', 'Of 1 active bundles the largest has 601 attributes; more than 600 is too many.', () => attributes(600)],
  ['attribute_picklists', 'fail', 'Of 2 picklists 0 belong to no attribute, 1 have no value and 0 have only one.', () => picklist(0)],
  ['attribute_picklists', 'warn', 'Of 2 picklists 0 belong to no attribute, 0 have no value and 1 have only one.', () => picklist(1)],
  [
    'catalogue_sharing',
    'warn',
    '1 of 2 objects of the catalogue are not open to read by default.',
    () =>
      org.sandbox
        .records('EntityDefinition')
        .forEach((record) => record['QualifiedApiName'] === 'Product2' && org.sandbox.change(record, { InternalSharingModel: 'Private' })),
  ],
])('finds a fault only by %s, as %s: %s', async (id, status, evidence, seed) => {
  seed();
  const { checks } = await examine();
  expect(checks.filter((check: { status: string }) => check.status !== 'pass')).toEqual([
    expect.objectContaining({ id, status, evidence }),
  ]);
});

it('finds a bundle that contains itself, and ends', async () => {
  const [bundle, oven] = org.sandbox.records('Product2').map(({ Id }) => Id);
  part(oven ?? '', bundle ?? '');
  const { checks, grade } = await examine({ categories: ['bundles'] });
  expect(checks[0]).toMatchObject({ id: 'bundle_cycles', status: 'fail', details: ['Bakery Starter'] });
  expect(['A', 'B']).not.toContain(grade);
});

it('finds a picklist that no attribute uses', async () => {
  const { Id: PicklistId } = org.sandbox.add('AttributePicklist', { Name: 'Unused' });
  for (const Name of ['a', 'b']) org.sandbox.add('AttributePicklistValue', { Name, PicklistId });
  expect((await examine({ categories: ['picklists'] }))['checks'][0]).toMatchObject({ status: 'warn', details: ['Unused: unused'] });
});

describe('of answers that only a hostile org gives', () => {
  const list = <T>(length: number, of: (index: number) => T): T[] => Array.from({ length }, (_, index) => of(index));
  /** Examines bundles, with these records as the answers to the first queries: the org, its bundles and their components. */
  const examineAnswers = async (...answers: object[][]) => {
    const parts = answers.map((records, index) => ({
      referenceId: `q${index}`,
      httpStatusCode: 200,
      body: { totalSize: records.length, done: true, records },
    }));
    org.sandbox.misbehave({
      kind: 'status',
      status: 200,
      body: { compositeResponse: parts },
      match: route('POST', '/composite'),
      times: 1,
    });
    const { checks } = await examine({ categories: ['bundles'] });
    return Object.fromEntries(checks.map((check: { id: string }) => [check.id, check]));
  };

  it('looks at the rows that fit on a page of Salesforce', async () => {
    const bundles = list(2_500, (index) => ({ Id: `b${index}`, Name: `Bundle ${index}` }));
    expect((await examineAnswers([], bundles, []))['bundle_size']).toMatchObject({
      status: 'unknown',
      evidence: expect.stringContaining('Of 2000 active bundles the largest has 0 components'),
    });
  });

  it('calls bundles whose parts take too long to count unknown, because they may be too large', async () => {
    const bundles = list(1_800, (index) => ({ Id: `b${index}`, Name: `Bundle ${index}` }));
    const shared = list(169, (index) => ({ ParentProductId: `p${index}`, ChildProductId: `p${index + 1}` }));
    const tops = bundles.map(({ Id }) => ({ ParentProductId: Id, ChildProductId: 'p0' }));
    expect((await examineAnswers([], bundles, [...shared, ...tops]))['bundle_size']).toMatchObject({
      status: 'unknown',
      evidence:
        'Of 1764 active bundles the largest has 170 components; more than 200 is too many. 36 further bundles have too many components in common to be counted.',
    });
  });
});

it('reports an org without Revenue Cloud as unknown', async () => {
  await org.close();
  org = await startOrg({ revenueCloud: false });
  const report = await examine();
  expect(report).toMatchObject({
    counts: { pass: 0, warn: 0, fail: 0, unknown: 6 },
    summary: expect.stringContaining('Example Org has no grade: “Bundles that contain themselves” is unknown, and it decides the grade.'),
  });
  expect(report).not.toHaveProperty('score');
});

describe('bundles', () => {
  const rows = (...pairs: string[]) => pairs.map((pair) => ({ ParentProductId: pair[0], ChildProductId: pair[1] }));

  it('are as deep as their deepest part, even if two paths lead to it', () => {
    const { depth, parts, cycles } = readBundles(rows('ab', 'ac', 'bc', 'cd'));
    expect([depth('a'), depth('b'), depth('d'), [...(parts('a') ?? [])].toSorted(), cycles]).toEqual([3, 2, 0, ['b', 'c', 'd'], []]);
  });

  it.each([[rows('aa')], [rows('ab', 'ba')], [rows('ab', 'bc', 'ca', 'xa')]])('that contain themselves are found once: %j', (list) => {
    expect(readBundles(list).cycles).toHaveLength(1);
  });

  it('may have any number of parts', () => {
    const parts = Array.from({ length: 200_000 }, (_, index) => ({ ParentProductId: 'a', ChildProductId: `p${index}` }));
    const bundles = readBundles(parts);
    expect([bundles.depth('a'), bundles.parts('a')?.size]).toEqual([1, 200_000]);
  });

  it('are not counted if that would take too long, and the others still are', () => {
    const chained = Array.from({ length: 1_000 }, (_, index) => ({ ParentProductId: `p${index}`, ChildProductId: `p${index + 1}` }));
    const { parts } = readBundles(chained);
    const sizes = chained.map(({ ParentProductId }) => parts(ParentProductId)?.size);
    expect([sizes[0], sizes[100], sizes.at(-1)]).toEqual([1_000, 900, undefined]);
  });

  it('may be chains of any length', () => {
    const chained = Array.from({ length: 50_000 }, (_, index) => ({ ParentProductId: `p${index}`, ChildProductId: `p${index + 1}` }));
    expect(readBundles(chained).depth('p0')).toBe(50_000);
  });
});
