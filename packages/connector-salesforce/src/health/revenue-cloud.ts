import { query, type OrgCheck, type Row } from './org-check.ts';
import { readBundles } from './bundles.ts';
import { numberAt, rowsOf, textAt } from './read-row.ts';

const permission = 'Read on the Revenue Cloud objects (a Product Catalog Management permission set)';
const sharingObjects = [
  'Product2',
  'ProductCatalog',
  'ProductCategory',
  'AttributeDefinition',
  'AttributeCategory',
  'ProductClassification',
  'ProductSellingModel',
  'Pricebook2',
  'PricebookEntry',
  'ProductQualificationRule',
  'ProductDisqualificationRule',
  'DecisionMatrix',
  'ExpressionSet',
];

const bundles = query("SELECT Id, Name, Type FROM Product2 WHERE Type = 'Bundle' AND IsActive = true", 'all');
const components = query(
  'SELECT Id, ParentProductId, ChildProductId, Sequence, Quantity FROM ProductRelatedComponent WHERE ParentProductId != null AND ChildProductId != null',
  'all',
);
const attributeCounts = query(
  'SELECT Product2Id, COUNT(Id) n FROM ProductAttributeDefinition WHERE Product2Id != null GROUP BY Product2Id ORDER BY COUNT(Id) DESC LIMIT 2000',
);

const named = (rows: readonly Row[]) => {
  const names = new Map(rows.map((row) => [textAt(row, 'Id'), textAt(row, 'Name')]));
  return (id: string): string => names.get(id) ?? id;
};

type Judge = OrgCheck['judge'];

/** Judges one number per bundle: above `fail` it is a failure, above `warn` a warning. A bundle without a number may be above either. */
const perBundle =
  (
    unit: string,
    limits: { warn: number; fail: number },
    measure: (product: string, readings: Parameters<Judge>[0]) => number | undefined,
  ): Judge =>
  (readings) => {
    const rows = rowsOf(readings);
    const measured = rows
      .flatMap((row) => {
        const value = measure(textAt(row, 'Id'), readings);
        return value === undefined ? [] : [{ name: textAt(row, 'Name'), value }];
      })
      .toSorted((a, b) => b.value - a.value);
    const most = measured[0]?.value ?? 0;
    const uncounted = rows.length - measured.length;
    const finding = {
      status: most > limits.fail ? 'fail' : most > limits.warn ? 'warn' : 'pass',
      evidence: `Of ${measured.length} active bundles the largest has ${most} ${unit}; more than ${limits.fail} is too many.`,
      details: measured.filter(({ value }) => value > limits.warn).map(({ name, value }) => `${name}: ${value} ${unit}`),
    } as const;
    if (uncounted === 0) return finding;
    const evidence = `${finding.evidence} ${uncounted} further bundles have too many components in common to be counted.`;
    return finding.status === 'pass' ? { ...finding, evidence, status: 'unknown', unread: true } : { ...finding, evidence };
  };

/** Checks of a Revenue Cloud product catalogue. An org without Revenue Cloud answers INVALID_TYPE, so all checks are `unknown`. */
export const revenueCloudChecks: readonly OrgCheck<'sharing' | 'bundles' | 'attributes' | 'picklists'>[] = [
  {
    id: 'catalogue_sharing',
    title: 'Who may read the catalogue',
    category: 'sharing',
    weight: 1,
    permission: 'View Setup and Configuration',
    advice: 'Set the organization-wide default of these objects to public read-only, or quotes will miss products for some users.',
    alwaysHasRows: true,
    sources: [
      query(
        `SELECT QualifiedApiName, Label, InternalSharingModel, ExternalSharingModel FROM EntityDefinition WHERE QualifiedApiName IN (${sharingObjects.map((name) => `'${name}'`).join(', ')})`,
      ),
    ],
    judge(readings) {
      const rows = rowsOf(readings);
      const closed = rows.filter((row) => !/^(?:Read|ControlledBy)/.test(textAt(row, 'InternalSharingModel')));
      return {
        status: closed.length > 0 ? 'warn' : 'pass',
        evidence: `${closed.length} of ${rows.length} objects of the catalogue are not open to read by default.`,
        details: closed.map((row) => `${textAt(row, 'QualifiedApiName')}: ${textAt(row, 'InternalSharingModel') || 'not set'}`),
      };
    },
  },
  {
    id: 'bundle_depth',
    title: 'Depth of bundles',
    category: 'bundles',
    weight: 2,
    permission,
    advice: 'Flatten these bundles to five levels at most: deep ones are slow to configure and to price.',
    sources: [bundles, components],
    judge: (readings) => {
      const tree = readBundles(rowsOf(readings, 1));
      return perBundle('levels', { warn: 4, fail: 5 }, (product) => tree.depth(product))(readings, 0);
    },
  },
  {
    id: 'bundle_size',
    title: 'Size of bundles',
    category: 'bundles',
    weight: 2,
    permission,
    advice: 'Split these bundles: a bundle should have 200 components at most.',
    sources: [bundles, components],
    judge: (readings) => {
      const tree = readBundles(rowsOf(readings, 1));
      return perBundle('components', { warn: 180, fail: 200 }, (product) => tree.parts(product)?.size)(readings, 0);
    },
  },
  {
    id: 'bundle_cycles',
    title: 'Bundles that contain themselves',
    category: 'bundles',
    weight: 3,
    permission,
    advice: 'Take one component out of each cycle: such a bundle cannot be configured.',
    sources: [bundles, components],
    judge(readings) {
      const { cycles } = readBundles(rowsOf(readings, 1));
      const nameOf = named(rowsOf(readings));
      return {
        status: cycles.length > 0 ? 'fail' : 'pass',
        evidence: `${cycles.length} products are part of themselves.`,
        details: cycles.map(nameOf),
      };
    },
  },
  {
    id: 'bundle_attributes',
    title: 'Attributes of bundles',
    category: 'attributes',
    weight: 2,
    permission,
    advice: 'Remove attributes that no user sets: a bundle with all its components should have 600 at most.',
    sources: [bundles, components, attributeCounts],
    judge: (readings) => {
      const tree = readBundles(rowsOf(readings, 1));
      const counts = new Map(rowsOf(readings, 2).map((row) => [textAt(row, 'Product2Id'), numberAt(row, 'n')]));
      const sum = (product: string): number | undefined => {
        const parts = tree.parts(product);
        return parts && [product, ...parts].reduce((total, part) => total + (counts.get(part) ?? 0), 0);
      };
      return perBundle('attributes', { warn: 480, fail: 600 }, sum)(readings, 0);
    },
  },
  {
    id: 'attribute_picklists',
    title: 'Picklists of attributes',
    category: 'picklists',
    weight: 1,
    permission,
    advice: 'Delete picklists that no attribute uses, and fill those with no value or only one.',
    sources: [
      query('SELECT Id, Name FROM AttributePicklist', 'all'),
      query('SELECT Id, Name, PicklistId FROM AttributeDefinition WHERE PicklistId != null', 'all'),
      query('SELECT PicklistId, COUNT(Id) n FROM AttributePicklistValue GROUP BY PicklistId ORDER BY COUNT(Id) DESC LIMIT 2000'),
    ],
    judge(readings) {
      const lists = rowsOf(readings);
      const used = new Set(rowsOf(readings, 1).map((row) => textAt(row, 'PicklistId')));
      const sizes = new Map(rowsOf(readings, 2).map((row) => [textAt(row, 'PicklistId'), numberAt(row, 'n')]));
      const kinds = lists.map((row) => {
        const id = textAt(row, 'Id');
        const size = sizes.get(id) ?? 0;
        return { name: textAt(row, 'Name'), orphan: !used.has(id), empty: size === 0, single: size === 1 };
      });
      const count = (kind: 'orphan' | 'empty' | 'single'): number => kinds.filter((list) => list[kind]).length;
      return {
        status: count('empty') > 0 ? 'fail' : count('orphan') + count('single') > 0 ? 'warn' : 'pass',
        evidence: `Of ${lists.length} picklists ${count('orphan')} belong to no attribute, ${count('empty')} have no value and ${count('single')} have only one.`,
        details: kinds
          .filter(({ orphan, empty, single }) => orphan || empty || single)
          .map(
            ({ name, orphan, empty, single }) =>
              `${name}: ${[orphan && 'unused', empty && 'empty', single && 'one value'].filter(Boolean).join(', ')}`,
          ),
      };
    },
  },
];

/** The categories of a catalogue's checks. */
export const revenueCloudCategories = ['sharing', 'bundles', 'attributes', 'picklists'] as const;
